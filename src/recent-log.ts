import { type LogFields, type Logger, type LogLevel, loggerTo } from './log.js'
import { printable } from './text.js'

/** A line of the log, for the status page. */
export type LogEvent = {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: LogLevel
  /** The entry or output that it is about; empty where it is about neither. */
  readonly where: string
  readonly message: string
}

const MOST = 50

/** Keeps the last lines of the log. */
export class RecentLog {
  #events: LogEvent[] = []

  /** The newest first. */
  get events(): readonly LogEvent[] {
    return this.#events.slice().reverse()
  }

  /** A logger whose lines are kept, but for those of debug. */
  tap(log: Logger): Logger {
    return loggerTo((level, message, fields) => {
      log[level](message, fields)
      if (level !== 'debug') this.#add(level, message, fields)
    })
  }

  #add(level: LogLevel, message: string, { entry, exporter }: LogFields): void {
    const where = [entry, exporter].filter((name) => name !== undefined).join(' ')
    const event = { level, message: printable(message, 500), where: printable(where, 200) }
    this.#events.push({ at: Date.now(), ...event })
    if (this.#events.length > MOST) this.#events.shift()
  }
}
