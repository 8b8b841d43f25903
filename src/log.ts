import { printable, printableJson, truncate } from './text.js'

/** Facts beside the sentence of a log line; `entry` and `exporter` name where it happened. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export type LogFormat = 'text' | 'json'

/** A logger; stages get one and never write to stderr themselves. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger whose lines carry these fields too. */
  child(fields: LogFields): Logger
}

/** What becomes of one line. */
export type LogSink = (level: LogLevel, message: string, fields: LogFields) => void

export type LoggerOptions = {
  /** Takes one whole line, newline included. */
  readonly write: (text: string) => void
  /** `text` for people (default), `json` for collectors: one object a line. */
  readonly format?: LogFormat
  /** The lowest level that is written; `info` unless told. */
  readonly level?: LogLevel
  /** Colour the text; the caller knows the terminal, `NO_COLOR` and `TERM`. */
  readonly colour?: boolean
  /** stderr is the journal, see `isJournal`: priority prefix in place of the time, which it adds. */
  readonly journal?: boolean
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Longest sentence and longest field value, in UTF-16 units: a server's error page is no log line. */
const MAX_MESSAGE = 2000
const MAX_VALUE = 500

/** sd-daemon(3): the priorities of syslog. */
const PRIORITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 }
const COLOURS: Readonly<Record<LogLevel, number>> = { debug: 2, info: 32, warn: 33, error: 31 }

/**
 * Makes the logger of the program. In text a line reads `TIME LEVEL entry: sentence (name=value)`,
 * in JSON `{"time","level","message",…fields}`; times are UTC. Whatever the values hold, a line
 * stays one line and moves no cursor.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { write, level: lowest = 'info', format = 'text', now = Date.now } = options
  const render = format === 'json' ? jsonLine : textLine(options)
  const threshold = LOG_LEVELS.indexOf(lowest)
  return loggerTo((level, message, fields) => {
    if (LOG_LEVELS.indexOf(level) < threshold) return
    write(`${render(new Date(now()).toISOString(), level, message, fields)}\n`)
  })
}

/** A logger whose lines go to a function. */
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

/**
 * Whether stderr is connected to systemd's journal: `JOURNAL_STREAM` holds `DEVICE:INODE` of the
 * journal's socket, and a program whose stderr was redirected inherits the variable all the same,
 * so both numbers are compared with those of stderr (systemd.exec(5)).
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

function textLine({ colour = false, journal = false }: LoggerOptions): Render {
  const paint = (code: number, text: string) => (colour ? `\x1b[${code}m${text}\x1b[0m` : text)
  return (time, level, message, { entry, exporter, ...facts }) => {
    const start = journal ? `<${PRIORITIES[level]}>` : `${paint(2, `${time.slice(0, 19)}Z`)} `
    const where = [entry, exporter].filter((name) => name !== undefined).map(showValue)
    const rest = Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${showValue(value)}`)
    return [
      `${start}${paint(COLOURS[level], level.toUpperCase().padEnd(5))} `,
      where.length === 0 ? '' : `${paint(1, where.join(' '))}: `,
      printable(message, MAX_MESSAGE),
      rest.length === 0 ? '' : ` ${paint(2, `(${rest.join(' ')})`)}`,
    ].join('')
  }
}

/** Quoted unless it is one word, so that a value cannot pass for another field or for the sentence. */
function showValue(value: LogFields[string]): string {
  const text = String(value)
  if (/^[\p{L}\p{M}\p{N}_.:@/+-]+$/u.test(text)) return truncate(text, MAX_VALUE)
  return `"${printable(text.replace(/["\\]/g, '\\$&'), MAX_VALUE)}"`
}
