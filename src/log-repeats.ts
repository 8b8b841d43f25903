import { type LogFields, type Logger, type LogLevel, loggerTo } from './log.js'

export type RepeatsOptions = {
  /** How long repeats of a line are held back, milliseconds; a minute unless told. */
  readonly intervalMs?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** A logger that says the same thing once, then how often it happened again. */
export interface QuietLogger extends Logger {
  /** Logs what was held back for an interval and longer; to be called by a timer. */
  sumUp(): void
  /** Logs all that was held back; to be called at the end. */
  flush(): void
}

/** `message` and `fields` are those of the last line. */
type Kind = { since: number; held: number; level: LogLevel; message: string; fields: LogFields }

/**
 * Holds back repeated trouble. Lines with a field `code` are of one kind when level, entry, exporter
 * and code agree: the first is logged, those that follow within the interval are counted, and the
 * last of them is logged with the count when the interval is over. Lines without a code pass.
 */
export function quietRepeats(log: Logger, options: RepeatsOptions = {}): QuietLogger {
  const { intervalMs = 60_000, now = Date.now } = options
  const kinds = new Map<string, Kind>()

  const logHeld = ({ level, message, fields, held, since }: Kind) => {
    const seconds = Math.round((now() - since) / 1000)
    const times = held === 1 ? 'once more' : `${held} times more`
    log[level](`${message} [${times} in ${seconds} s]`, { ...fields, repeats: held })
  }

  const sumUp = (minAgeMs: number) => {
    for (const [key, kind] of kinds) {
      if (now() - kind.since < minAgeMs) continue
      if (kind.held === 0) {
        kinds.delete(key)
        continue
      }
      logHeld(kind)
      // Still trouble: what comes next is held back too, until an interval stays quiet.
      kind.since = now()
      kind.held = 0
    }
  }

  const quiet = loggerTo((level, message, fields) => {
    if (fields.code === undefined) return log[level](message, fields)
    const key = JSON.stringify([level, fields.entry, fields.exporter, fields.code])
    const kind = kinds.get(key)
    if (kind && now() - kind.since < intervalMs) {
      kind.held += 1
      kind.message = message
      kind.fields = fields
      return
    }
    if (kind && kind.held > 0) logHeld(kind)
    log[level](message, fields)
    kinds.set(key, { since: now(), held: 0, level, message, fields })
  })

  return { ...quiet, sumUp: () => sumUp(intervalMs), flush: () => sumUp(0) }
}
