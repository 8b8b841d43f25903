import { isUtf8 } from 'node:buffer'
import { type BigIntStats, constants, open as openCallback } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Socket } from 'node:net'
import { addAbortSignal, type Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemFault } from '../errors.js'
import { packageFile } from '../packages.js'

/** A file's text, without the byte-order mark. */
type FileText = {
  readonly text: string
  readonly byteOrderMark: boolean
  /** What was read. */
  readonly bytes: Buffer
  /** Undefined for stdin. */
  readonly stats: BigIntStats | undefined
}

export type ReadOptions = {
  /** What is read where the path is `-`. */
  readonly stdin?: (() => Readable) | undefined
  /** Ends the wait for whatever writes into a pipe. */
  readonly signal?: AbortSignal | undefined
}

/** Why a file cannot be used. The message follows the path of the file. */
export class UnreadableFile extends Error {}

/** Far beyond any list of customers. Keeps a wrong path from filling the memory. */
const MAX_BYTES = 64 * 1024 * 1024
/** Long enough to type a pass phrase for the program that writes into the pipe. */
const SILENCE_MS = 30_000
/** The longest delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1

/**
 * Reads a text file, stdin, or what is written into a FIFO (`<(decrypt input.json)`).
 * @throws UnreadableFile: missing, a folder, not readable, empty, not UTF-8, a pipe into which nothing
 *   is written; the signal's reason as soon as it aborts
 */
export async function readText(path: string, options: ReadOptions = {}): Promise<FileText> {
  const { signal } = options
  signal?.throwIfAborted()
  try {
    const { bytes, stats } = await readBytes(path, options)
    const byteOrderMark = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))
    const text = decode(byteOrderMark ? bytes.subarray(3) : bytes)
    if (text.trim() === '') throw new UnreadableFile('it is empty; expected a JSON object')
    return { text, byteOrderMark, bytes, stats }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    const fault = systemFault(error, HINTS)
    if (fault === undefined) throw error
    throw new UnreadableFile(fault)
  }
}

const EXAMPLE = fileURLToPath(packageFile('input.example.json'))

const HINTS: Readonly<Record<string, string>> = {
  ENOENT: `it does not exist; expected the input file, an example is ${EXAMPLE}`,
  ENOTDIR: 'a part of its path is not a folder',
  ENXIO: 'it is not a file',
}

async function readBytes(
  path: string,
  { stdin: openStdin, signal }: ReadOptions,
): Promise<{ readonly bytes: Buffer; readonly stats: BigIntStats | undefined }> {
  if (path === '-' && openStdin) {
    const stdin = openStdin()
    if (signal) addAbortSignal(signal, stdin)
    // A user may take any time to type.
    const typed = 'isTTY' in stdin && stdin.isTTY === true
    return { bytes: await collect(stdin, typed ? 0 : SILENCE_MS), stats: undefined }
  }
  const stats = await stat(path, { bigint: true })
  if (stats.isFIFO()) {
    return { bytes: await collect(await readPipe(path, { signal }), SILENCE_MS), stats }
  }
  const file = await open(path)
  try {
    const opened = await file.stat({ bigint: true })
    return { bytes: await collect(file.createReadStream({ autoClose: false }), 0), stats: opened }
  } finally {
    await file.close()
  }
}

/**
 * Opens a FIFO; it ends when all its writers have closed it. Node opens and reads files in a few
 * threads, and a thread that waits for a writer cannot be interrupted, not even by the exit. So the
 * FIFO does not block, and the event loop waits for it.
 */
export async function readPipe(
  path: string,
  { signal }: Pick<ReadOptions, 'signal'>,
): Promise<Socket> {
  const fd = await promisify(openCallback)(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return new Socket({ fd, readable: true, writable: false, ...(signal && { signal }) })
}

/** @param silenceMs ends the wait for a stream to which nothing comes; 0: never */
async function collect(stream: Readable, silenceMs: number): Promise<Buffer> {
  const silence = `nothing was written into this pipe for ${silenceMs / 1000} s`
  const timer = setTimeout(
    () => stream.destroy(new UnreadableFile(`${silence}; expected the input file`)),
    silenceMs || MAX_TIMER_MS,
  )
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      timer.refresh()
      chunks.push(chunk)
      size += chunk.length
      if (size > MAX_BYTES) throw new UnreadableFile('it is over 64 MiB; expected an input file')
    }
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(chunks)
}

function decode(bytes: Buffer): string {
  const packed = PACKED.get(bytes.subarray(0, 2).toString('hex'))
  if (packed !== undefined) {
    throw new UnreadableFile(`it is a ${packed} file; expected the JSON text: unpack it first`)
  }
  const encoding = encodingOf(bytes)
  if (encoding !== undefined) {
    throw new UnreadableFile(`it is ${encoding}; expected UTF-8: save it with that encoding`)
  }
  if (isUtf8(bytes)) return bytes.toString()
  let line = 1
  // No byte of a longer UTF-8 sequence is a line feed, so each line can be looked at alone.
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start)
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) break
    start = end + 1
  }
  throw new UnreadableFile(`line ${line} is not UTF-8: save the file with that encoding`)
}

/** By their first two bytes. */
const PACKED: ReadonlyMap<string, string> = new Map([
  ['1f8b', 'gzip'],
  ['504b', 'ZIP'],
])

/** What a file is encoded with where that is not UTF-8. JSON begins with an ASCII character. */
function encodingOf(bytes: Buffer): string | undefined {
  const [first, second] = bytes
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') return 'UTF-16'
  if (bytes.length > 1 && (first === 0) !== (second === 0))
    return 'UTF-16 without a byte-order mark'
  return bytes.length > 1 && first === 0 ? 'binary' : undefined
}
