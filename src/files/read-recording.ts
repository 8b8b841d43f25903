import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { addAbortSignal, pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { isTopic, TOPICS, type Topic } from '../classic/topics.js'
import type { Frame } from '../connection/frame.js'
import { errorText, StreamError } from '../errors.js'
import { readPipe } from '../input/read-pipe.js'
import type { Logger } from '../log.js'
import { printable } from '../text.js'
import { splitLines } from './split-lines.js'

/** A frame of a recording or a dead letter. */
export type RecordedFrame = Frame & {
  /** Name of the entry that received it. */
  readonly customer: string
  /** That entry's topic. */
  readonly topic: Topic
  /** Its line in the file, from 1. */
  readonly lineNumber: number
}

// A frame has up to 64 MiB; base64 makes 4 bytes of 3, and the names beside it are small.
const MAX_LINE_BYTES = 90 * 1024 * 1024
// A file that is no recording at all must not fill the log.
const MAX_WARNINGS = 10

export type ReadOptions = {
  readonly log: Logger
  /** Ends the reading, also of a stdin that stays open and silent. */
  readonly signal?: AbortSignal
}

/**
 * Reads what `--record` or `--dead_letter` wrote, holding one line at a time. A line that is wrong, or
 * torn by a crash, is skipped with a warning that has its number.
 * @param source path of a file (`.gz`: compressed), or a stream such as stdin
 * @throws StreamError `input-invalid` where the source cannot be read to its end, or is no recording: where
 *   it has lines, and none of them is a frame
 */
export async function* readRecording(
  source: string | Readable,
  { log, signal }: ReadOptions,
): AsyncGenerator<RecordedFrame> {
  const name = typeof source === 'string' ? source : 'stdin'
  let wrong = 0
  let frames = 0
  let torn = false
  const warn = (lineNumber: number, reason: string) => {
    wrong++
    if (wrong <= MAX_WARNINGS) log.warn(`${name}, line ${lineNumber}: ${reason}; skipped`)
  }

  const chunks = readChunks(source, name, signal)
  for await (const line of splitLines(chunks, MAX_LINE_BYTES)) {
    // What is torn now, we tore.
    if (signal?.aborted) return
    if (!line.bytes) {
      warn(line.number, `longer than ${MAX_LINE_BYTES} bytes`)
      continue
    }
    const text = line.bytes.toString().trim()
    if (text === '') continue
    const frame = parseLine(text)
    if (typeof frame !== 'string') {
      frames++
      yield { ...frame, lineNumber: line.number }
    } else {
      torn = !line.whole
      warn(line.number, torn ? `the last line was torn (${frame})` : frame)
    }
  }
  // A crash may tear the first line that was ever written.
  if (frames === 0 && wrong > (torn ? 1 : 0)) {
    throw new StreamError(
      'input-invalid',
      `${name}: expected lines that --record or --dead_letter wrote; got none of them`,
    )
  }
  if (wrong > MAX_WARNINGS) log.warn(`${name}: ${wrong} lines were skipped in all`)
}

/** The frame of a line, or what is wrong with it. */
function parseLine(text: string): Omit<RecordedFrame, 'lineNumber'> | string {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    return 'not JSON'
  }
  if (typeof line !== 'object' || line === null) return 'expected an object'
  const { received, customer, topic, frame, text: isText } = line as Record<string, unknown>
  const receivedAt = typeof received === 'string' ? Date.parse(received) : Number.NaN
  if (Number.isNaN(receivedAt)) return `received: expected a time; got ${show(received)}`
  if (typeof customer !== 'string') return `customer: expected a text; got ${show(customer)}`
  if (typeof topic !== 'string' || !isTopic(topic)) {
    return `topic: expected one of ${TOPICS.join(', ')}; got ${show(topic)}`
  }
  if (typeof frame !== 'string' || !isBase64(frame)) {
    return `frame: expected base64; got ${show(frame)}`
  }
  const bytes = Buffer.from(frame, 'base64')
  return { bytes, receivedAt, text: isText === true, customer, topic }
}

// Buffer.from skips over what is no base64, and would make another frame of it without a word.
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
    const raw = typeof source === 'string' ? await openFile(source, signal) : source
    if (signal) addAbortSignal(signal, raw)
    // The callback form hands a fault of either stream to whoever reads the last one.
    const stream = name.endsWith('.gz') ? pipeline(raw, createGunzip(), () => {}) : raw
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    if (signal?.aborted) return
    if ((error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') {
      const fault = 'the compressed file ends too early; what follows is missing'
      throw new StreamError('input-invalid', `${name}: ${fault}`)
    }
    throw new StreamError('input-invalid', `${name}: cannot be read: ${errorText(error)}`)
  }
}

/** A thread that waits for a silent pipe cannot be called back, so the event loop waits for it. */
async function openFile(path: string, signal: AbortSignal | undefined): Promise<Readable> {
  const isPipe = (await stat(path)).isFIFO()
  return isPipe ? readPipe(path, { signal, silenceMs: 0 }) : createReadStream(path)
}
