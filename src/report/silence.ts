import type { Topic } from '../classic/topics.js'
import type { Logger } from '../log.js'
import type { EntrySnapshot, Snapshot } from './snapshot.js'
import { showDuration } from './words.js'

const MINUTE_MS = 60_000

/**
 * How long a topic may be silent before that is worth a warning: three times the cadence that
 * Central documents for monitoring (5 min) and apprf (15 min), five times that of presence (60 s).
 * Audit, security and location speak when something happens and are silent by nature.
 */
export const SILENCE_MS: Readonly<Partial<Record<Topic, number>>> = {
  monitoring: 15 * MINUTE_MS,
  presence: 5 * MINUTE_MS,
  apprf: 45 * MINUTE_MS,
}

/**
 * How long an open entry has been silent, milliseconds, where that is longer than normal for its
 * topic; else undefined. Counts from the last message or from the opening, whichever was later.
 */
export function abnormalSilence(entry: EntrySnapshot, now: number): number | undefined {
  const { topic, status, held } = entry
  const limit = SILENCE_MS[topic]
  if (limit === undefined || status.type !== 'open' || held) return undefined
  const silentMs = now - Math.max(status.since, status.lastFrameAt ?? 0)
  return silentMs >= limit ? silentMs : undefined
}

/**
 * Makes the function that warns of silences, once for each; to be called every few seconds.
 * A silence ends with the next message, not with a new connection.
 */
export function createSilenceWatch(log: Logger): (snapshot: Snapshot, now: number) => void {
  /** By entry: when the last message had come as the warning was given. */
  const warned = new Map<string, number | undefined>()
  return ({ entries }, now) => {
    for (const entry of entries) {
      const { name, topic, status } = entry
      if (warned.has(name)) {
        if (warned.get(name) === status.lastFrameAt) continue
        warned.delete(name)
        log.info('messages come again', { entry: name })
      }
      const silentMs = abnormalSilence(entry, now)
      if (silentMs === undefined) continue
      warned.set(name, status.lastFrameAt)
      log.warn(
        `open, but no message for ${showDuration(silentMs)}, which is not normal for ${topic}: ` +
          'see in Central whether devices are up and the topic is still ticked',
        { entry: name },
      )
    }
    const present = new Set(entries.map(({ name }) => name))
    for (const name of warned.keys()) if (!present.has(name)) warned.delete(name)
  }
}
