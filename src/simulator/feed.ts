import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, sleep } from '../clock.js'
import { type RecordedFrame, readRecording } from '../files/read-recording.js'
import { createLogger, type Logger } from '../log.js'
import { isTopic } from '../newcentral/topics.js'
import type { Central } from './central.js'
import type { CentralSocket } from './socket.js'

/** Makes the next frame of a topic of a customer. */
export type NextFrame = (topic: string, customerId: string) => Uint8Array

type Pace = {
  /** Frames a second; 0: as fast as they are taken. */
  readonly rate: number
  /** Frames for each socket, where sockets share for each topic; undefined: no end. */
  readonly count?: number | undefined
  readonly signal: AbortSignal
  readonly clock: Clock
}

/** After this many frames that were late, the event loop gets a turn. */
const TURN_FRAMES = 256
/** A slow reader delays frames. After this long they are no longer sent faster to catch up. */
const CATCH_UP_MS = 1000
/**
 * Made-up traffic of Classic begins after this long. The first message of `monitoring` has the names of all
 * devices: `check`, which closes its sockets at once, must not take it.
 */
export const START_MS = 200

/** Each call resolves when the next frame is due: with true, or with false once the signal aborted. */
export function pace({ rate, signal, clock }: Omit<Pace, 'count'>): () => Promise<boolean> {
  const intervalMs = rate > 0 ? 1000 / rate : 0
  let dueMs = clock.elapsed()
  let late = 0
  return async () => {
    const nowMs = clock.elapsed()
    const waitMs = dueMs - nowMs
    dueMs = (waitMs < -CATCH_UP_MS ? nowMs : dueMs) + intervalMs
    if (waitMs > 0) return sleep(waitMs, clock, signal)
    late += 1
    if (late % TURN_FRAMES === 0) await nextTurn()
    return !signal.aborted
  }
}

/**
 * Sends made-up traffic at a pace for each topic of a customer, from its first subscriber on that stays.
 * A slow reader delays the topic.
 */
export function feedTraffic(central: Central, nextFrame: NextFrame, options: Pace): void {
  const { count = Number.POSITIVE_INFINITY } = options
  const channels = new Set<string>()
  central.on('opened', async ({ topic, customerId }) => {
    const channel = `${customerId}/${topic}`
    if (channels.has(channel)) return
    channels.add(channel)
    const isShared = isTopic(topic)
    if (!isShared) {
      if (!(await sleep(START_MS, options.clock, options.signal))) return
      if (openOn(central, topic, customerId) === 0) {
        channels.delete(channel)
        return
      }
    }
    const due = pace(options)
    const wantsMore = (socket: CentralSocket) => isShared || socket.sent < count
    for (let made = 0; !isShared || made < count; made += 1) {
      if (!(await due())) return
      await central.broadcast(topic, nextFrame(topic, customerId), customerId, wantsMore)
    }
  })
}

/**
 * Sends the frames of a recording at a pace. Each socket of Classic gets those of its topic, from the first
 * one on. Those who subscribe to a topic of New Central share them: the frames begin when a socket opens
 * while no other one is open. Lines that cannot be read are logged the first time only.
 */
export function feedRecording(
  central: Central,
  path: string,
  options: Pace & { readonly loop: boolean; readonly log: Logger },
): void {
  const { log, rate, signal } = options
  let readLog = log
  const read = () => {
    const frames = readRecording(path, { log: readLog, signal })
    readLog = QUIET
    return frames
  }
  const busy = new Set<string>()
  /** Channels whose only socket has opened since their last frame. */
  const waiting = new Set<string>()
  const share = async ({ topic, customerId }: CentralSocket) => {
    const channel = `${customerId}/${topic}`
    const isOpen = () => openOn(central, topic, customerId) > 0
    if (openOn(central, topic, customerId) > 1) return
    waiting.add(channel)
    if (busy.has(channel)) return
    busy.add(channel)
    // A socket may open after the last frame, and before the end of the recording is noticed.
    while (waiting.delete(channel)) {
      for await (const frame of framesOf(topic, read, options)) {
        // Without a pace, all the rest would wait for the subscriber to come back.
        while (rate === 0 && !isOpen()) await once(central, 'opened', { signal })
        waiting.delete(channel)
        await central.broadcast(topic, frame, customerId)
      }
    }
    busy.delete(channel)
  }
  central.on('opened', (socket) => {
    const sent = isTopic(socket.topic)
      ? share(socket)
      : socket.sendAll(framesOf(socket.topic, read, options))
    sent.catch((error) => {
      if (!signal.aborted) log.error(error.message)
    })
  })
}

function openOn({ sockets }: Central, topic: string, customerId: string): number {
  const isMeant = (each: CentralSocket) => each.topic === topic && each.customerId === customerId
  return sockets.filter((each) => each.open && isMeant(each)).length
}

/** A log that drops all lines: they were logged before. */
export const QUIET = createLogger({ write: () => {} })

async function* framesOf(
  topic: string,
  read: () => AsyncIterable<readonly RecordedFrame[]>,
  options: Pace & { readonly loop: boolean },
): AsyncGenerator<Uint8Array | string> {
  const { loop, count = Number.POSITIVE_INFINITY } = options
  const due = pace(options)
  let sent = 0
  let before: number
  do {
    before = sent
    for await (const frames of read()) {
      for (const frame of frames) {
        if (frame.topic !== topic) continue
        if (sent >= count || !(await due())) return
        yield frame.text ? frame.bytes.toString() : frame.bytes
        sent += 1
      }
    }
  } while (loop && sent > before)
}
