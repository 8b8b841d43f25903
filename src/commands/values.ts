import { parseDuration } from '../clock.js'
import { StreamError } from '../errors.js'
import { LOG_LEVELS, type LogLevel } from '../log.js'
import { type Host, parseHost } from '../net/host.js'
import { maskTokens } from '../text.js'
import type {
  CheckSettings,
  DeliverySettings,
  ListenAddress,
  LogSettings,
  ReplayFileSettings,
  ReplaySettings,
  StreamSettings,
} from './settings.js'

/** Options as commander hands them over, by their long names. */
export type OptionValues = Readonly<
  Record<string, string | boolean | readonly string[] | undefined>
>

export function streamSettings(values: OptionValues): StreamSettings {
  requireOptions(values, { hostname: 'HOST', jsoninput: 'FILE' })
  return {
    host: hostname(values),
    inputFile: text(values, 'jsoninput') ?? '',
    verifyCertificates: !values.no_valid_cert,
    replay: replaySettings(values),
    reconnect: !values.no_reconnect,
    recordFile: text(values, 'record'),
    metrics: optional(values, 'metrics', parseListenAddress),
    ...deliverySettings(values),
    log: logSettings(values),
  }
}

export function checkSettings(values: OptionValues): CheckSettings {
  const offline = Boolean(values.offline)
  const hostHint = 'HOST (or --offline, for the file alone)'
  const needed = { ...(!offline && { hostname: hostHint }), jsoninput: 'FILE' }
  requireOptions(values, needed, 'aruba-stream check')
  return {
    host: values.hostname === undefined ? undefined : hostname(values),
    inputFile: text(values, 'jsoninput') ?? '',
    verifyCertificates: !values.no_valid_cert,
    offline,
    json: Boolean(values.json),
  }
}

export function replayFileSettings(file: string, values: OptionValues): ReplayFileSettings {
  return { file, ...deliverySettings(values), log: logSettings(values) }
}

function replaySettings(values: OptionValues): ReplaySettings {
  const startSeq = optional(values, 'start_seq', parseInteger)
  const sinceTime = optional(values, 'since_time', duration)
  return {
    ...(startSeq !== undefined && { startSeq }),
    ...(values.deliver_last && { deliverLast: true }),
    ...(values.deliver_all && { deliverAll: true }),
    ...(sinceTime !== undefined && { sinceTime }),
  }
}

function deliverySettings(values: OptionValues): DeliverySettings {
  return {
    print: Boolean(values.decode_data || values.decode_decode),
    exports: (values.export_data as readonly string[] | undefined) ?? [],
    readable: Boolean(values.readable),
    protoDir: text(values, 'proto_dir'),
    deadLetterFile: text(values, 'dead_letter'),
    statsIntervalMs: optional(values, 'stats_interval', parseSeconds),
  }
}

function logSettings(values: OptionValues): LogSettings {
  return {
    format: optional(values, 'log_format', oneOf(['text', 'json'] as const)) ?? 'text',
    level: optional<LogLevel>(values, 'log_level', oneOf(LOG_LEVELS)) ?? 'info',
  }
}

/** Options that must be there, with their placeholders; the error names all that are missing. */
function requireOptions(
  values: OptionValues,
  needed: Readonly<Record<string, string>>,
  command = 'aruba-stream',
): void {
  const missing = Object.entries(needed).filter(([name]) => values[name] === undefined)
  if (missing.length === 0) return
  const list = missing.map(([name, placeholder]) => `--${name} ${placeholder}`).join(' and ')
  throw new StreamError('usage', `missing ${list}; see ${command} --help`)
}

function hostname(values: OptionValues): Host {
  const value = text(values, 'hostname') ?? ''
  try {
    return parseHost(value)
  } catch (error) {
    throw error instanceof StreamError
      ? new StreamError('usage', `--hostname: ${error.message}`)
      : error
  }
}

function text(values: OptionValues, name: string): string | undefined {
  const value = values[name]
  if (value === '') throw new StreamError('usage', `--${name}: expected a value; got nothing`)
  return value as string | undefined
}

/** Reads an option's value; `parse` returns what was expected as an Expected where the value is wrong. */
function optional<T>(
  values: OptionValues,
  name: string,
  parse: (value: string) => T | Expected,
): T | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  const parsed = parse(value)
  if (!(parsed instanceof Expected)) return parsed
  throw new StreamError(
    'usage',
    `--${name}: expected ${parsed.what}; got ${maskTokens(JSON.stringify(value))}`,
  )
}

class Expected {
  readonly what: string

  constructor(what: string) {
    this.what = what
  }
}

function parseInteger(value: string): number | Expected {
  const number = Number(value)
  return /^-?\d+$/.test(value) && Number.isSafeInteger(number) ? number : new Expected('an integer')
}

/** The header takes what Go's time.ParseDuration takes; days and weeks are not among it. */
function duration(value: string): string | Expected {
  return parseDuration(value) === undefined
    ? new Expected('a duration such as 1h, 5m, 10s or 1h30m')
    : value
}

function parseSeconds(value: string): number | Expected {
  const milliseconds = Number(value) * 1000
  // A timer takes 31 bits of milliseconds; a longer one would fire at once.
  return /^\d+(\.\d+)?$/.test(value) && milliseconds < 2 ** 31
    ? milliseconds
    : new Expected('seconds, such as 60, or 0 for never')
}

/** `PORT`, `:PORT`, `HOST:PORT` or `[IPv6]:PORT`. */
function parseListenAddress(value: string): ListenAddress | Expected {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:]*)):)?(\d{1,5})$/.exec(value) ?? []
  const port = Number(digits)
  if (digits === undefined || port > 65535)
    return new Expected('[HOST:]PORT, such as 9464 or 0.0.0.0:9464')
  return { host: bracketed ?? (plain || '127.0.0.1'), port }
}

function oneOf<T extends string>(allowed: readonly T[]): (value: string) => T | Expected {
  return (value) =>
    (allowed as readonly string[]).includes(value)
      ? (value as T)
      : new Expected(`one of ${allowed.join(', ')}`)
}
