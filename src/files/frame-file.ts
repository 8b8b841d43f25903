import type { Topic } from '../classic/topics.js'
import type { Frame } from '../connection/frame.js'
import type { Logger } from '../log.js'
import { AppendFile } from './append-file.js'

/** A frame and where it came from, as `--record` and `--dead_letter` keep it. */
export type KeptFrame = Frame & {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: Topic
}

export type FrameFileOptions = {
  readonly log: Logger
  /** Aborts when the file must be let go of; lines that wait are lost then, and said so. */
  readonly signal: AbortSignal
}

/** A file of frames, appended to: one JSON object a line. */
export type FrameFile<Line> = {
  /** Lines that could not be written by the end. */
  readonly lost: number
  /** Takes a line over; returns a promise where it wants to be awaited. */
  append(line: Line): void | Promise<void>
  reopen(): Promise<void>
  /** Resolves when all is written, or `signal` has aborted. */
  close(): Promise<void>
}

/** Opens `--record FILE`: every frame as it was received. */
export function openRecording(
  path: string,
  options: FrameFileOptions,
): Promise<FrameFile<KeptFrame>> {
  return openFrameFile(path, `--record ${path}`, keptFields, options)
}

/** A frame that could not be decoded or exported. */
export type DeadLetter = KeptFrame & {
  /** One line of text. */
  readonly reason: string
  /** Name of the exporter that gave it up; undefined where decoding failed. */
  readonly exporter: string | undefined
}

/** Opens `--dead_letter FILE`: what could not be decoded or exported, in the form `replay` reads. */
export function openDeadLetter(
  path: string,
  options: FrameFileOptions,
): Promise<FrameFile<DeadLetter>> {
  const fields = (letter: DeadLetter) => ({
    ...keptFields(letter),
    reason: letter.reason,
    exporter: letter.exporter,
  })
  return openFrameFile(path, `--dead_letter ${path}`, fields, options)
}

/** `text` stands only where it is true: a text frame is none that Central is known to send. */
function keptFields({ receivedAt, customer, topic, bytes, text }: KeptFrame) {
  return {
    received: new Date(receivedAt).toISOString(),
    customer,
    topic,
    frame: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    text: text || undefined,
  }
}

async function openFrameFile<Line>(
  path: string,
  label: string,
  fields: (line: Line) => object,
  { log, signal }: FrameFileOptions,
): Promise<FrameFile<Line>> {
  let lost = 0
  const file = await AppendFile.open<undefined>(path, {
    label,
    log,
    signal,
    settled(items, error) {
      if (error) lost += items.length
    },
  })
  return {
    get lost() {
      return lost
    },
    append: (line) => file.push(Buffer.from(`${JSON.stringify(fields(line))}\n`), undefined),
    reopen: () => file.reopen(),
    async close() {
      await file.close()
      if (lost > 0) log.error(`${label}: ${lost} lines could not be written by the end`)
    },
  }
}
