import type { LogLevel } from '../log.js'
import type { Host } from '../net/host.js'

/** The replay headers that the user asked for. */
export type ReplaySettings = {
  readonly startSeq?: number
  readonly deliverLast?: boolean
  readonly deliverAll?: boolean
  /** A Go duration, such as `1h30m`. */
  readonly sinceTime?: string
}

/** Where `--metrics` listens. */
export type ListenAddress = { readonly host: string; readonly port: number }

export type LogSettings = { readonly format: 'text' | 'json'; readonly level: LogLevel }

/** How Central is reached; `stream` and `check` share it. */
export type ReachSettings = {
  readonly inputFile: string
  readonly verifyCertificates: boolean
}

/** What becomes of frames; `stream` and `replay` share it. */
export type DeliverySettings = {
  /** Print each record on stdout. */
  readonly print: boolean
  /** One TYPE for each `--export_data`. */
  readonly exports: readonly string[]
  readonly readable: boolean
  readonly protoDir: string | undefined
  readonly deadLetterFile: string | undefined
  /** Undefined: every minute where stderr is no terminal, never where it is. 0: never. */
  readonly statsIntervalMs: number | undefined
}

export type StreamSettings = ReachSettings &
  DeliverySettings & {
    readonly host: Host
    readonly replay: ReplaySettings
    readonly reconnect: boolean
    readonly recordFile: string | undefined
    readonly metrics: ListenAddress | undefined
    readonly log: LogSettings
  }

export type CheckSettings = ReachSettings & {
  /** Undefined with `--offline` alone. */
  readonly host: Host | undefined
  readonly offline: boolean
  readonly json: boolean
}

export type ReplayFileSettings = DeliverySettings & {
  /** A recording or dead letter; `-` is stdin. */
  readonly file: string
  readonly log: LogSettings
}
