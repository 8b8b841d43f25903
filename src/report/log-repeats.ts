import { type LogFields, type Logger, type LogLevel, loggerTo } from '../log.js'

export type RepeatsOptions = {
  /** How long repeats of a line are held back at first, milliseconds; a minute unless told. */
  readonly intervalMs?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** A logger that says the same thing once, then how often it happened again. */
export interface QuietLogger extends Logger {
  /** Logs what has been held back for long enough; to be called every few seconds. */
  sumUp(): void
  /** Logs all that was held back; to be called at the end. */
  flush(): void
}

/** What is known of one kind of trouble; `message` and `fields` are those of the last line. */
type Kind = {
  since: number
  intervalMs: number
  lastAt: number
  held: number
  level: LogLevel
  message: string
  fields: LogFields
}

/** A server that is down for a day is worth a line an hour. */
const MAX_INTERVAL_MS = 3_600_000

/**
 * Holds back repeated trouble. Lines with a field `code` are of one kind when level, entry, exporter
 * and code agree: the first is logged, those that follow are counted, and the last of them is logged
 * with the count when the interval is over; the next interval is twice as long, up to an hour. What
 * stayed away for two of the first intervals (longer than any wait between retries) is news again.
 * Lines without a code pass.
 */
export function quietRepeats(log: Logger, options: RepeatsOptions = {}): QuietLogger {
  const { intervalMs = 60_000, now = Date.now } = options
  const kinds = new Map<string, Kind>()

  const logHeld = (kind: Kind) => {
    const { level, message, fields, held, since } = kind
    if (held === 0) return
    const seconds = Math.round((now() - since) / 1000)
    const times = held === 1 ? 'once more' : `${held} times more`
    log[level](`${message} [${times} in the past ${seconds} s]`, { ...fields, repeats: held })
    kind.since = now()
    kind.held = 0
    kind.intervalMs = Math.min(2 * kind.intervalMs, MAX_INTERVAL_MS)
  }
  const isOver = ({ lastAt }: Kind) => now() - lastAt >= 2 * intervalMs
  const isDue = (kind: Kind) => now() - kind.since >= kind.intervalMs

  const quiet = loggerTo((level, message, fields) => {
    if (fields.code === undefined) return log[level](message, fields)
    const key = JSON.stringify([level, fields.entry, fields.exporter, fields.code])
    const kind = kinds.get(key)
    if (kind && !isOver(kind)) {
      Object.assign(kind, { message, fields, lastAt: now(), held: kind.held + 1 })
      if (isDue(kind)) logHeld(kind)
      return
    }
    if (kind) logHeld(kind)
    log[level](message, fields)
    kinds.set(key, { since: now(), intervalMs, lastAt: now(), held: 0, level, message, fields })
  })

  return {
    ...quiet,
    sumUp() {
      for (const [key, kind] of kinds) {
        if (isDue(kind) || isOver(kind)) logHeld(kind)
        if (isOver(kind)) kinds.delete(key)
      }
    },
    flush() {
      for (const kind of kinds.values()) logHeld(kind)
    },
  }
}
