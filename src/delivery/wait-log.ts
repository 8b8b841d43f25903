import { type Clock, systemClock } from '../clock.js'
import type { LogFields, Logger } from '../log.js'
import { formatDuration } from '../text.js'

/** What takes less is not worth a line. */
const PATIENCE_MS = 10_000

type Wait = {
  readonly log: Logger
  /** What is waited for: `its close()`. */
  readonly what: string
  readonly fields?: LogFields
  readonly clock?: Clock
}

/** Waits for a promise. Logs a line where that takes long, and another one when it is over. */
export async function logWait<T>(
  work: PromiseLike<T>,
  { log, what, fields, clock = systemClock }: Wait,
): Promise<T> {
  const sinceMs = clock.elapsed()
  let isLong = false
  const timer = clock.setTimeout(() => {
    isLong = true
    const text = `waiting for ${what}, for ${formatDuration(PATIENCE_MS)} now`
    log.warn(text, { ...fields, code: 'waits', kind: what })
  }, PATIENCE_MS)
  try {
    return await work
  } finally {
    clock.clearTimeout(timer)
    if (isLong) {
      const after = formatDuration(clock.elapsed() - sinceMs)
      log.info(`the wait for ${what} is over after ${after}`, {
        ...fields,
        code: 'waited',
        kind: what,
      })
    }
  }
}
