import { styleText } from 'node:util'
import { printable, printableJson, truncate } from './text.js'

/**
 * Values that a log line carries in addition to its message. `entry` and `exporter` (an output) say where it
 * happened; `host` and `service` do so for lines about a whole cluster. Lines of one `code`, and one
 * `cause` where they have one, count as repeats, see `collapseRepeats`.
 */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>> & {
  /**
   * The line reports the state of its entry or output (`holds`: whether the streams wait for that). Once another
   * line of the same state has come, it is no longer logged as a repeat. The field itself is not written.
   */
  readonly state?: true | 'holds'
  /** Lines count as repeats only where this is the same, too. The field itself is not written. */
  readonly kind?: string | undefined
  /**
   * How long the gap was that the line tells of. The repeats of such lines are told by the number and the sum of
   * their gaps, whatever state has come since. The field itself is not written.
   */
  readonly gapMs?: number | undefined
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

type LogFormat = 'text' | 'json'

/** Stages log through this; none of them writes to stderr itself. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds these fields to each line. */
  child(fields: LogFields): Logger
}

/** Takes one line of a logger. */
type LogSink = (level: LogLevel, message: string, fields: LogFields) => void

export type LoggerOptions = {
  /** Takes one whole line, newline included. Returns false where it dropped the line. */
  readonly write: (text: string) => unknown
  /** `text` for people (default), `json` for log collectors: one object a line. */
  readonly format?: LogFormat
  /** The lowest level that is written, `info` by default. */
  readonly level?: LogLevel
  readonly colour?: boolean
  /** stderr is the journal (see `isJournal`): lines get a priority in place of the time. */
  readonly journal?: boolean
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** In UTF-16 units. A server's error page must not fill the log. */
const MAX_MESSAGE = 2000
const MAX_VALUE = 500

/** The priorities of syslog, see sd-daemon(3). */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 }
const COLOURS = { debug: 'dim', info: 'green', warn: 'yellow', error: 'red' } as const

/**
 * Makes a logger that writes lines. A text line reads `TIME LEVEL entry: message (name=value)`, a JSON
 * line `{"time","level","message",…fields}`; times are UTC. Whatever the values hold, a line stays one
 * line and does not move the cursor.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { write, level: lowest = 'info', format = 'text', now = Date.now } = options
  const render = format === 'json' ? jsonLine : textLine(options)
  const threshold = LOG_LEVELS.indexOf(lowest)
  let dropped = 0
  const put = (level: LogLevel, message: string, fields: LogFields) =>
    write(`${render(new Date(now()).toISOString(), level, message, fields)}\n`) !== false
  return loggerTo((level, message, { state: _state, kind: _kind, gapMs: _gapMs, ...fields }) => {
    if (LOG_LEVELS.indexOf(level) < threshold) return
    const news = { lines: dropped }
    if (dropped > 0 && put('warn', 'log lines were lost: nobody read stderr', news)) dropped = 0
    if (!put(level, message, fields)) dropped += 1
  })
}

/** Makes a logger that hands its lines to a function. */
export function loggerTo(sink: LogSink, own: LogFields = {}): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) =>
    sink(level, message, { ...own, ...fields })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => loggerTo(sink, { ...own, ...fields }),
  }
}

/** A line of the log, for the status page. */
export type LogEvent = {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly level: LogLevel
  /** What the line says after its time and level. */
  readonly text: string
}

/** How many lines are kept for the status page. */
const MOST_EVENTS = 50

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

  #add(level: LogLevel, message: string, given: LogFields): void {
    const { state: _state, kind: _kind, gapMs: _gapMs, ...fields } = given
    this.#events.push({ at: Date.now(), level, text: lineText(message, fields) })
    if (this.#events.length > MOST_EVENTS) this.#events.shift()
  }
}

/**
 * Whether stderr is connected to systemd's journal, see systemd.exec(5). `JOURNAL_STREAM` holds
 * `DEVICE:INODE` of the journal's socket. A child process inherits the variable even where its stderr
 * goes elsewhere, so both numbers are compared with those of stderr.
 */
export function isJournal(
  journalStream: string | undefined,
  stderr: { readonly dev: number | bigint; readonly ino: number | bigint },
): boolean {
  return journalStream === `${stderr.dev}:${stderr.ino}`
}

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const line: Record<string, LogFields[string]> = {
    time,
    level,
    message: truncate(message, MAX_MESSAGE),
  }
  for (const [name, value] of Object.entries(fields)) {
    if (name in line) continue
    line[name] = typeof value === 'string' ? truncate(value, MAX_VALUE) : value
  }
  return printableJson(JSON.stringify(line))
}

type Render = (time: string, level: LogLevel, message: string, fields: LogFields) => string
type Paint = (style: 'bold' | (typeof COLOURS)[LogLevel], text: string) => string

function textLine({ colour = false, journal = false }: LoggerOptions): Render {
  const paint: Paint = (style, text) =>
    colour ? styleText(style, text, { validateStream: false }) : text
  return (time, level, message, fields) => {
    const start = journal ? `<${PRIORITIES[level]}>` : `${paint('dim', `${time.slice(0, 19)}Z`)} `
    const name = paint(COLOURS[level], level.toUpperCase().padEnd(5))
    return `${start}${name} ${lineText(message, fields, paint)}`
  }
}

/** What a text line says after its time and level. */
function lineText(
  message: string,
  { entry, exporter, ...facts }: LogFields,
  paint: Paint = (_, text) => text,
): string {
  const where = [entry, exporter].filter((name) => name !== undefined).map(quoteValue)
  const rest = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${quoteValue(value)}`)
  return [
    where.length === 0 ? '' : `${paint('bold', where.join(' '))}: `,
    printable(message, MAX_MESSAGE),
    rest.length === 0 ? '' : ` ${paint('dim', `(${rest.join(' ')})`)}`,
  ].join('')
}

/** In quotes unless it is one word: a value must not read as another field or as the message. */
function quoteValue(value: LogFields[string]): string {
  const text = String(value)
  if (/^[\p{L}\p{M}\p{N}_.:@*/+-]+$/u.test(text)) return truncate(text, MAX_VALUE)
  return `"${printable(text.replace(/["\\]/g, '\\$&'), MAX_VALUE)}"`
}
