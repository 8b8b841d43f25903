import type { ReplayOptions } from '../classic/resume.js'
import { StreamError } from '../errors.js'
import type { LogLevel } from '../log.js'
import type { Host } from '../net/host.js'
import type { ServiceName } from '../service.js'
import {
  DEFAULT_SIMULATION,
  mergeSettings,
  type NewCentralSettings,
  type SimulateSettings,
} from '../simulator/settings.js'

/** Where `--metrics` listens. */
export type ListenAddress = { readonly host: string; readonly port: number }

export type LogSettings = { readonly format: 'text' | 'json'; readonly level: LogLevel }

/** How Central is reached; `stream` and `check` share it. */
type ReachSettings = {
  readonly inputFile: string
  readonly verifyCertificates: boolean
}

/** What stdout gets of each message: its record, or its rows as JSON or in brief. */
export type Printed = 'records' | 'rows' | 'brief'

/** What becomes of frames; `stream` and `replay` share it. */
export type DeliverySettings = {
  /** What is printed on stdout; undefined: nothing. */
  readonly print: Printed | undefined
  /** One TYPE for each `--export_data`. */
  readonly exports: readonly string[]
  readonly readable: boolean
  readonly protoDir: string | undefined
  readonly deadLetterFile: string | undefined
  /** The module that makes records into others before every output. */
  readonly transformFile: string | undefined
  /** Undefined: every minute where stderr is no terminal, never where it is. 0: never. */
  readonly statsIntervalMs: number | undefined
}

export type StreamSettings = ReachSettings &
  DeliverySettings & {
    /** The host of entries that name none; undefined: each must name one. */
    readonly host: Host | undefined
    readonly replay: ReplayOptions
    readonly reconnect: boolean
    readonly recordFile: string | undefined
    readonly metrics: ListenAddress | undefined
    readonly log: LogSettings
  }

export type CheckSettings = ReachSettings & {
  /** The host of entries that name none; undefined: each must name one, but for `--offline`. */
  readonly host: Host | undefined
  readonly offline: boolean
  readonly json: boolean
}

export type ReplayFileSettings = DeliverySettings & {
  /** A recording or dead letter; `-` is stdin. */
  readonly file: string
  readonly log: LogSettings
}

export type TopicsSettings = {
  /** As it was given, right or wrong; undefined: all topics. */
  readonly topic: string | undefined
  readonly json: boolean
}

/** The values of options by their long names, as the parsers of `OPTIONS` made them. */
type OptionValues = Partial<{
  readonly hostname: Host
  readonly jsoninput: string
  readonly no_valid_cert: boolean
  readonly start_seq: bigint
  readonly deliver_last: boolean
  readonly deliver_all: boolean
  readonly since_time: string
  readonly no_reconnect: boolean
  readonly record: string
  readonly metrics: ListenAddress
  readonly decode_data: boolean
  readonly decode_decode: boolean
  readonly rows: boolean
  readonly brief: boolean
  readonly export_data: readonly string[]
  readonly readable: boolean
  readonly proto_dir: string
  readonly dead_letter: string
  readonly transform: string
  /** Milliseconds. */
  readonly stats_interval: number
  readonly offline: boolean
  readonly json: boolean
  readonly count: number
  readonly frames: string
  readonly loop: boolean
  readonly unsubscribed: readonly string[]
  readonly expired_key: readonly string[]
  readonly refused_key: readonly string[]
  readonly flaky: number
  readonly write_input: string
  readonly services: readonly ServiceName[]
  readonly newcentral: readonly Partial<NewCentralSettings>[]
  readonly tls_cert: string
  readonly tls_key: string
}>

/** Options that have a default, which commander fills in. */
type LogValues = { readonly log_format: LogSettings['format']; readonly log_level: LogLevel }
type TrafficValues = { readonly port: number; readonly rate: number }

/** @throws StreamError `usage` that names all options that are missing; so do the functions below */
export function streamSettings(values: OptionValues & LogValues): StreamSettings {
  const { hostname, jsoninput } = values
  if (jsoninput === undefined) throw missing(values)
  const { start_seq: startSeq, since_time: sinceTime } = values
  return {
    host: hostname,
    inputFile: jsoninput,
    verifyCertificates: !values.no_valid_cert,
    replay: {
      ...(startSeq !== undefined && { startSeq }),
      ...(values.deliver_last && { deliverLast: true }),
      ...(values.deliver_all && { deliverAll: true }),
      ...(sinceTime !== undefined && { sinceTime }),
    },
    reconnect: !values.no_reconnect,
    recordFile: values.record,
    metrics: values.metrics,
    ...deliverySettings(values),
    log: logSettings(values),
  }
}

export function checkSettings(values: OptionValues): CheckSettings {
  const { hostname: host, jsoninput, offline = false } = values
  if (jsoninput === undefined) throw missing(values)
  return {
    host,
    inputFile: jsoninput,
    verifyCertificates: !values.no_valid_cert,
    offline,
    json: values.json ?? false,
  }
}

export function replayFileSettings(
  file: string,
  values: OptionValues & LogValues,
): ReplayFileSettings {
  return { file, ...deliverySettings(values), log: logSettings(values) }
}

export function topicsSettings(topic: string | undefined, { json }: OptionValues): TopicsSettings {
  return { topic, json: json ?? false }
}

export function simulateSettings(values: OptionValues & TrafficValues): SimulateSettings {
  const { port, rate, frames: framesFile, loop = false } = values
  if (rate === 0 && framesFile === undefined) {
    throw new StreamError('usage', '--rate: expected more than 0 without --frames; got 0')
  }
  if (loop && framesFile === undefined) {
    throw new StreamError('usage', '--loop: expected --frames FILE with it')
  }
  return {
    port,
    rate,
    framesFile,
    loop,
    count: values.count,
    unsubscribed: values.unsubscribed ?? [],
    expiredKeys: values.expired_key ?? [],
    refusedKeys: values.refused_key ?? [],
    flakySeconds: values.flaky,
    inputFile: values.write_input,
    services: values.services ?? DEFAULT_SIMULATION.services,
    newCentral: mergeSettings(values.newcentral ?? []),
    tls: tlsFiles(values),
  }
}

function tlsFiles({ tls_cert, tls_key }: OptionValues): SimulateSettings['tls'] {
  if (tls_cert === undefined && tls_key === undefined) return undefined
  if (tls_cert !== undefined && tls_key !== undefined)
    return { certFile: tls_cert, keyFile: tls_key }
  const [given, missing] = tls_key === undefined ? ['cert', 'key'] : ['key', 'cert']
  throw new StreamError('usage', `--tls_${given}: expected --tls_${missing} FILE beside it`)
}

function deliverySettings(values: OptionValues): DeliverySettings {
  return {
    print: printed(values),
    exports: values.export_data ?? [],
    readable: values.readable ?? false,
    protoDir: values.proto_dir,
    deadLetterFile: values.dead_letter,
    transformFile: values.transform,
    statsIntervalMs: values.stats_interval,
  }
}

/** The options with which `replay` makes the same records of the same frames. */
export function replayOptions(settings: DeliverySettings): string[] {
  const { readable, protoDir, transformFile } = settings
  return [
    ...(readable ? ['--readable'] : []),
    ...(protoDir === undefined ? [] : ['--proto_dir', protoDir]),
    ...(transformFile === undefined ? [] : ['--transform', transformFile]),
  ]
}

function printed({ rows, brief, decode_data, decode_decode }: OptionValues): Printed | undefined {
  if (rows && brief) {
    throw new StreamError('usage', '--rows and --brief: expected one of them; got both')
  }
  if (brief) return 'brief'
  if (rows) return 'rows'
  return decode_data || decode_decode ? 'records' : undefined
}

function logSettings({ log_format: format, log_level: level }: LogValues): LogSettings {
  return { format, level }
}

/** Whether `--hostname` is missing too is known once the file was read. */
function missing({ hostname, offline }: OptionValues): StreamError {
  const host = hostname || offline ? '' : '--hostname HOST and '
  return new StreamError('usage', `missing ${host}--jsoninput FILE`)
}
