import type { Topic } from '../classic/topics.js'
import type { Status } from '../connection/status.js'
import type { ExporterCounters } from '../outputs/output.js'
import type { Received } from '../pipeline/received.js'

/** One entry as it stands now. */
export type EntrySnapshot = {
  /** Name in the input file. */
  readonly name: string
  readonly topic: Topic
  readonly status: Status
  /** Messages decoded. */
  readonly messages: number
  /** Frames that could not be decoded, text frames among them. */
  readonly undecodable: number
  /** Fields and enum values that the schema does not know. */
  readonly drifts: number
  /** Seconds since Central made the key; undefined where the key does not tell. */
  readonly keyAge: number | undefined
  /** Whether reading waits for a slow exporter: a silence is our own then. */
  readonly held?: boolean
}

export type ExporterSnapshot = { readonly name: string; readonly counters: ExporterCounters }

/** The whole program as it stands now: what table, log lines, metrics and health are made of. */
export type Snapshot = {
  readonly entries: readonly EntrySnapshot[]
  readonly exporters: readonly ExporterSnapshot[]
  /** By entries that a reload has removed or changed since, which `entries` no longer counts. */
  readonly earlier?: Received | undefined
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

/** Why an entry is not open; undefined where there is no failure to name. */
export function causeOf({ status }: EntrySnapshot) {
  return 'cause' in status ? status.cause : undefined
}
