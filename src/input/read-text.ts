import { isUtf8 } from 'node:buffer'
import type { BigIntStats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { readPipe } from './read-pipe.js'
import { UnreadableFile } from './unreadable-file.js'

/** A file's text, as JSON wants it: without the byte-order mark. */
export type FileText = {
  readonly text: string
  readonly byteOrderMark: boolean
  /** Of the moment before it was read. */
  readonly stats: BigIntStats
}

export type ReadOptions = {
  /** Ends the reading of a pipe, which may have to wait for its writer. */
  readonly signal?: AbortSignal | undefined
  /** How long a pipe may be silent, milliseconds; 30 s (default), 0: for any time. */
  readonly silenceMs?: number | undefined
}

/** Far beyond any list of customers; keeps a mistaken path from filling memory. */
const MAX_BYTES = 64 * 1024 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; expected the input file, see input.example.json',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder; expected a file',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
  ELOOP: 'its symbolic links lead in a circle',
}

/**
 * Reads a text file, or what a pipe (`<(decrypt input.json)`) holds.
 * @throws UnreadableFile: missing, a folder, not readable, empty, not UTF-8, a pipe into which nobody
 *   writes; the signal's reason as soon as it aborts
 */
export async function readText(path: string, options: ReadOptions = {}): Promise<FileText> {
  const { signal } = options
  signal?.throwIfAborted()
  let bytes: Buffer
  let stats: BigIntStats
  try {
    stats = await stat(path, { bigint: true })
    if (stats.isFIFO()) {
      bytes = await collect(await readPipe(path, options))
    } else {
      const file = await open(path)
      try {
        stats = await file.stat({ bigint: true })
        bytes = await collect(file.createReadStream({ autoClose: false }))
      } finally {
        await file.close()
      }
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    if (error instanceof UnreadableFile) throw error
    const { code = 'unknown fault' } = error as NodeJS.ErrnoException
    throw new UnreadableFile(`${REASONS[code] ?? 'it cannot be read'} (${code})`)
  }
  const byteOrderMark = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))
  const text = decode(byteOrderMark ? bytes.subarray(3) : bytes)
  if (text.trim() === '') throw new UnreadableFile('it is empty; expected a JSON object')
  return { text, byteOrderMark, stats }
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_BYTES) throw new UnreadableFile('it is over 64 MiB; expected an input file')
  }
  return Buffer.concat(chunks)
}

function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString()
  const mark = bytes.subarray(0, 2).toString('hex')
  if (mark === 'fffe' || mark === 'feff') {
    throw new UnreadableFile('it is UTF-16; expected UTF-8: save it with that encoding')
  }
  let line = 1
  // No byte of a longer UTF-8 sequence is a line feed, so each line can be looked at alone.
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start)
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) break
    start = end + 1
  }
  throw new UnreadableFile(`line ${line} is not UTF-8: save the file with that encoding`)
}
