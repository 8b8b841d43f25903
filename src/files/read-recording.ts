import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errorText, StreamError, systemFault } from '../errors.js'
import { readPipe } from '../input/read-text.js'
import type { Logger } from '../log.js'
import { ALL_TOPICS, type AnyTopic, type Frame, isAnyTopic } from '../service.js'
import { printable } from '../text.js'

/** A frame of a recording or a dead letter. */
export type RecordedFrame = Frame & {
  /** Name of the entry that received it. */
  readonly customer: string
  /** That entry's topic. */
  readonly topic: AnyTopic
  /** Its line in the file, from 1. */
  readonly lineNumber: number
}

// A frame has up to 64 MiB; base64 makes 4 bytes of 3, and the names in the line are short.
const MAX_LINE_BYTES = 90 * 1024 * 1024
// A file that is no recording at all must not fill the log.
const MAX_WARNINGS = 10

type ReadOptions = {
  readonly log: Logger
  /** Ends the reading, also of a stdin that stays open and silent. */
  readonly signal?: AbortSignal
}

/** A line that was read: a frame, or what is wrong with it. */
type Reading =
  | Omit<RecordedFrame, 'lineNumber'>
  | { readonly fault: string; readonly torn: boolean }

/**
 * Reads what `--record` or `--dead_letter` wrote. Each batch holds frames of one entry that follow each
 * other in the file; of a stream, what has arrived is not held back. A line that is wrong, or torn by a
 * crash, is skipped with a warning that has its number.
 * @param source path of a file (`.gz`: compressed), or a stream such as stdin
 * @throws StreamError `input-invalid` where the source cannot be read to its end, or is no recording: where
 *   it has lines, and none of them is a frame
 */
export async function* readRecording(
  source: string | Readable,
  { log, signal }: ReadOptions,
): AsyncGenerator<readonly RecordedFrame[]> {
  const name = typeof source === 'string' ? source : 'stdin'
  let wrong = 0
  let anyFrame = false
  let torn = false
  let firstFault = ''
  /** Warnings of a file wait for its first frame: without one, the error is all there is to say. */
  let held: string[] | undefined = typeof source === 'string' ? [] : undefined
  const warn = (lineNumber: number, reason: string) => {
    wrong++
    const fault = `line ${lineNumber}: ${reason}`
    firstFault ||= fault
    if (wrong > MAX_WARNINGS) return
    const warning = `${name}, ${fault}; skipped`
    if (held) held.push(warning)
    else log.warn(warning)
  }
  const warnOfHeld = () => {
    for (const warning of held ?? []) log.warn(warning)
    held = undefined
  }
  const read = (line: Line): RecordedFrame | undefined => {
    if (!line.bytes) {
      warn(line.number, `longer than ${MAX_LINE_BYTES} bytes`)
      return undefined
    }
    const text = line.bytes.toString().trim()
    if (text === '') return undefined
    const read = parseLine(text)
    if (!('fault' in read)) return { ...read, lineNumber: line.number }
    torn = read.torn && !line.whole
    warn(line.number, torn ? `the last line was torn (${read.fault})` : read.fault)
    return undefined
  }

  for await (const lines of splitLines(readChunks(source, name, signal), MAX_LINE_BYTES)) {
    let batch: RecordedFrame[] = []
    for (const line of lines) {
      // The abort has torn this line, not a crash.
      if (signal?.aborted) return
      const frame = read(line)
      if (!frame) continue
      anyFrame = true
      warnOfHeld()
      const [first] = batch
      if (first && (first.customer !== frame.customer || first.topic !== frame.topic)) {
        yield batch
        batch = []
      }
      batch.push(frame)
    }
    if (batch.length > 0) yield batch
  }
  // A crash may tear the first line that was ever written.
  if (!anyFrame && wrong > (torn ? 1 : 0)) {
    throw new StreamError(
      'input-invalid',
      `${name}: expected lines that --record or --dead_letter wrote; got none of them (${firstFault})`,
    )
  }
  warnOfHeld()
  if (wrong > MAX_WARNINGS) log.warn(`${name}: ${wrong} lines were skipped in all`)
}

function parseLine(text: string): Reading {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    return { fault: 'not JSON', torn: true }
  }
  const wrong = (fault: string) => ({ fault, torn: false })
  if (typeof line !== 'object' || line === null) return wrong('expected an object')
  const { received, customer, topic, frame, text: isText } = line as Record<string, unknown>
  if (frame === undefined && 'data' in line) {
    return wrong('is a record, from which no frame can be made')
  }
  const receivedAt = typeof received === 'string' ? Date.parse(received) : Number.NaN
  if (Number.isNaN(receivedAt)) return wrong(`received: expected a time; got ${show(received)}`)
  if (typeof customer !== 'string') return wrong(`customer: expected a text; got ${show(customer)}`)
  if (typeof topic !== 'string' || !isAnyTopic(topic)) {
    return wrong(`topic: expected one of ${ALL_TOPICS.join(', ')}; got ${show(topic)}`)
  }
  if (typeof frame !== 'string' || !isBase64(frame)) {
    return wrong(`frame: expected base64; got ${show(frame)}`)
  }
  const bytes = Buffer.from(frame, 'base64')
  return { bytes, receivedAt, text: isText === true, customer, topic }
}

// Buffer.from silently skips what is not base64, and would make another frame.
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : printable(JSON.stringify(value), 60)
}

async function* readChunks(
  source: string | Readable,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    const raw = typeof source === 'string' ? await openSource(source, signal) : source
    if (signal) addAbortSignal(signal, raw)
    // With a callback, an error of either stream reaches the reader of the last one.
    const stream = name.endsWith('.gz') ? pipeline(raw, createGunzip(), () => {}) : raw
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    if (signal?.aborted) return
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') {
      const fault = 'the compressed file ends too early; what follows is missing'
      throw new StreamError('input-invalid', `${name}: ${fault}`)
    }
    if ((error as NodeJS.ErrnoException).code === 'Z_DATA_ERROR') {
      const fault = 'is not gzip, or is damaged'
      throw new StreamError(
        'input-invalid',
        `${name}: ${fault}; a name without .gz is read as text`,
      )
    }
    const fault = systemFault(error) ?? errorText(error)
    throw new StreamError('input-invalid', `${name}: cannot be read: ${fault}`)
  }
}

/** A thread that waits for a silent pipe cannot be interrupted, so the event loop waits for it. */
async function openSource(path: string, signal: AbortSignal | undefined): Promise<Readable> {
  const isPipe = (await stat(path)).isFIFO()
  return isPipe ? readPipe(path, { signal }) : createReadStream(path)
}

/** A line without its newline. */
type Line = {
  /** Counted from 1. */
  readonly number: number
  /** Undefined where the line is longer than allowed: it was skipped, not kept. */
  readonly bytes: Buffer | undefined
  /** Whether a newline ended it; only the last line may lack one. */
  readonly whole: boolean
}

const NEWLINE = 0x0a

/**
 * Splits bytes into lines, those of each chunk together, holding at most one line of `maxLength` bytes
 * and one chunk.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  maxLength: number,
): AsyncGenerator<readonly Line[]> {
  let parts: Buffer[] = []
  let length = 0
  let number = 0
  const add = (part: Buffer) => {
    length += part.length
    if (length <= maxLength) parts.push(part)
    else parts = []
  }
  const line = (whole: boolean): Line => {
    const bytes = length <= maxLength ? Buffer.concat(parts) : undefined
    parts = []
    length = 0
    return { number: ++number, bytes, whole }
  }
  for await (const chunk of chunks) {
    const lines: Line[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end))
      lines.push(line(true))
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (length > 0) yield [line(false)]
}
