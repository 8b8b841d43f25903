import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Clock, sleep, systemClock } from '../clock.js'
import { StreamError } from '../errors.js'

/**
 * The frames of a file that has one JSON object with `topic` and `frame` (base64) a line, such as a
 * recording, in order; those of one topic where it is given. The file is read bit by bit.
 * @throws StreamError `usage` where the file cannot be read or a line is something else
 */
export async function* readFrames(path: string, topic?: string): AsyncGenerator<Uint8Array> {
  const input = createReadStream(path)
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  let number = 0
  try {
    for await (const line of lines) {
      number += 1
      if (line.trim() === '') continue
      const recorded = parseLine(line)
      if (recorded === undefined) {
        throw new StreamError(
          'usage',
          `${path}:${number}: expected a JSON object with "topic" and "frame" (base64)`,
        )
      }
      if (topic === undefined || recorded.topic === topic) yield recorded.frame
    }
  } catch (error) {
    if (error instanceof StreamError) throw error
    throw new StreamError('usage', `${path} cannot be read: ${(error as Error).message}`)
  } finally {
    lines.close()
    input.destroy()
  }
}

function parseLine(line: string): { topic: string; frame: Uint8Array } | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null) return undefined
    if (!('topic' in value) || typeof value.topic !== 'string') return undefined
    if (!('frame' in value) || typeof value.frame !== 'string') return undefined
    return { topic: value.topic, frame: Buffer.from(value.frame, 'base64') }
  } catch {
    return undefined
  }
}

/** How a row of frames is handed on. */
export type Pace = {
  /** Frames a second; 0 or left out: as fast as they are taken. */
  readonly rate?: number
  /** Ends after this many. */
  readonly count?: number
  readonly signal?: AbortSignal
}

/** The same frames at a pace; ends quietly when the signal aborts. */
export async function* paced(
  frames: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { rate = 0, count = Number.POSITIVE_INFINITY, signal }: Pace,
  clock = systemClock,
): AsyncGenerator<Uint8Array> {
  const startedAt = clock.elapsed()
  let sent = 0
  for await (const frame of frames) {
    if (sent >= count || signal?.aborted) return
    const waitMs = rate > 0 ? startedAt + (sent * 1000) / rate - clock.elapsed() : 0
    if (waitMs > 0 && !(await waited(waitMs, signal, clock))) return
    yield frame
    sent += 1
  }
}

/** Frames of a file again and again. A file without frames of the topic ends at once. */
export async function* loopFrames(path: string, topic?: string): AsyncGenerator<Uint8Array> {
  for (let any = true; any; ) {
    any = false
    for await (const frame of readFrames(path, topic)) {
      any = true
      yield frame
    }
  }
}

/** Waits, and tells whether the signal let it. */
export async function waited(
  delayMs: number,
  signal: AbortSignal = new AbortController().signal,
  clock: Clock = systemClock,
): Promise<boolean> {
  try {
    await sleep(delayMs, clock, signal)
    return true
  } catch {
    return false
  }
}
