import { Hold } from '../delivery/hold.js'
import type { Logger } from '../log.js'
import type { AnyTopic, Frame } from '../service.js'
import { AppendFile } from './append-file.js'
import type { OpenFiles } from './distinct-files.js'

/** A frame and where it came from, as `--record` and `--dead_letter` keep it. */
export type KeptFrame = Frame & {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: AnyTopic
}

/** A frame that could not be decoded or exported. */
export type DeadLetter = KeptFrame & {
  /** One line of text. */
  readonly reason: string
  /** Name of the output that gave it up; undefined where decoding failed. */
  readonly exporter: string | undefined
  /** Called when the frame is in the file, or will never be. */
  readonly onSettled?: (kept: boolean) => void
}

type FrameFileOptions = {
  readonly log: Logger
  readonly openFiles?: OpenFiles
  /** Aborts when the end begins. */
  readonly stopping?: AbortSignal
  /** Aborts when a file that cannot be written gives up if it has no room, and so holds up all streams. */
  readonly holdOver?: AbortSignal | undefined
  /** Aborts when a write that fails gives up. Waiting lines are then lost, and the log says so. */
  readonly graceOver?: AbortSignal
  /** Aborts when a file gives up that has not written what waited at `graceOver`. */
  readonly overdue?: AbortSignal
  /** Aborts when the file stops at once. */
  readonly forced: AbortSignal
}

/** A file of frames that grows: one JSON object a line. */
export type FrameFile<Line> = {
  /** Lines that could not be written by the end. */
  readonly lost: number
  /** The writes that wait for room. */
  readonly hold: Hold
  /** Accepts frames; resolves when there is room for more. */
  write(frames: readonly Line[]): Promise<void>
  reopen(): Promise<void>
  /** Resolves when all is written or given up. */
  close(): Promise<void>
}

/** Opens `--record FILE`: every frame as it was received. */
export function openRecording(
  path: string,
  options: FrameFileOptions,
): Promise<FrameFile<KeptFrame>> {
  return openFrameFile(path, `--record ${path}`, keptFields, options)
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

/** `text` is written only where it is true: Central is not known to send text frames. */
function keptFields({ receivedAt, customer, topic, bytes, text }: KeptFrame) {
  return {
    received: new Date(receivedAt).toISOString(),
    customer,
    topic,
    frame: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    text: text || undefined,
  }
}

/** Only the line waits. It contains the frame, whose memory can be freed. */
type WaitingLine = {
  readonly line: Uint8Array
  readonly onSettled?: ((kept: boolean) => void) | undefined
}

async function openFrameFile<Line extends KeptFrame & Pick<DeadLetter, 'onSettled'>>(
  path: string,
  label: string,
  fields: (line: Line) => object,
  options: FrameFileOptions,
): Promise<FrameFile<Line>> {
  let lost = 0
  const hold = new Hold(label)
  const file = await AppendFile.open<WaitingLine>(path, {
    ...options,
    lateWork: 'all',
    label,
    encode: ({ line }) => line,
    settled(lines, error) {
      if (error) lost += lines.length
      for (const { onSettled } of lines) onSettled?.(error === undefined)
    },
  })
  return {
    hold,
    get lost() {
      return lost
    },
    write: (frames) =>
      hold.during(
        file.write(
          frames.map((frame) => ({
            line: Buffer.from(`${JSON.stringify(fields(frame))}\n`),
            onSettled: frame.onSettled,
          })),
        ),
      ),
    reopen: () => file.reopen(),
    async close() {
      await file.close()
      if (lost > 0) options.log.error(`${label}: ${lost} lines could not be written by the end`)
    },
  }
}
