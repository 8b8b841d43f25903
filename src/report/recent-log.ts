import { type LogFields, type Logger, type LogLevel, lineText, loggerTo } from '../log.js'

/** A line of the log, for the status page. */
export type LogEvent = {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: LogLevel
  /** What the line says after its time and level. */
  readonly text: string
}

const MOST = 50

/** Keeps the last lines of the log, whatever `--log_level` is. */
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

  #add(level: LogLevel, message: string, { state: _, ...fields }: LogFields): void {
    this.#events.push({ at: Date.now(), level, text: lineText(message, fields) })
    if (this.#events.length > MOST) this.#events.shift()
  }
}
