import type { StreamMessage } from '../classic/message.js'
import type { Topic } from '../classic/topics.js'
import type { StreamError } from '../errors.js'
import type { Logger } from '../log.js'

/** Where messages go. One of these stands behind each `--export_data`, and behind `--decode_data`. */
export interface Exporter {
  /** Which form `export` reads first, so that the decoder makes that one at once. */
  readonly needs: 'record' | 'line'
  /**
   * Takes a message over. Returns nothing when it could at once, else a promise: the entry's next
   * message waits for it. Never throws and never rejects: what cannot be delivered is given up
   * through the context.
   */
  export(message: StreamMessage): void | Promise<void>
  /** Resolves when all that was taken over is delivered or given up. */
  close(): Promise<void>
  /** SIGHUP: closes and opens again the files it writes. */
  reopen?(): Promise<void>
}

/** What an exporter counts; it alone changes these. */
export type ExporterCounters = {
  delivered: number
  retried: number
  givenUp: number
  /** Taken over and not yet delivered. */
  waiting: number
}

/** What an exporter gets from the program. */
export type ExporterContext = {
  readonly log: Logger
  readonly counters: ExporterCounters
  /** Topics of the input file at the start; more may come with SIGHUP. In a replay: all there are. */
  readonly topics: readonly Topic[]
  /** Whether only some of the topics may come, as in a replay: a recording tells which at its end. */
  readonly topicsUncertain: boolean
  /** `--proto_dir`, for exporters that ask the schema. */
  readonly protoDir: string | undefined
  /** `--readable`: records carry addresses and names of networks as text already. */
  readonly readable: boolean
  /** Environment variables, where credentials come from: a command line is open to all eyes. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The current folder, which relative paths start from. */
  readonly cwd: string
  /** Aborts on the first signal: retries go on, but the end is near. */
  readonly stopping: AbortSignal
  /**
   * Aborts when the time for delivering is over: give up what is in trouble, at once. One exporter's
   * end lets go of messages that waited behind it for another, so what works goes on until `over`.
   */
  readonly signal: AbortSignal
  /** Aborts shortly after `signal`: give up whatever is left. */
  readonly over: AbortSignal
  /** Counts a message as given up, logs it and hands it to the dead letter. */
  giveUp(message: StreamMessage, error: StreamError): void
}

/**
 * Opens one kind of exporter; `target` is its TYPE with what follows (a URL, a module's path), for
 * `json` and `csv` the path alone, empty where none was given.
 * @throws StreamError `usage` where the TYPE is wrong, `exporter-unusable` where it cannot be opened
 */
export type OpenExporter = (target: string, context: ExporterContext) => Promise<Exporter>
