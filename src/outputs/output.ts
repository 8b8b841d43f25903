import { createHash } from 'node:crypto'
import { type Clock, systemClock } from '../clock.js'
import type { Histogram } from '../delivery/histogram.js'
import type { OutputState } from '../delivery/retries.js'
import type { StreamError } from '../errors.js'
import type { OpenFiles } from '../files/distinct-files.js'
import type { Logger } from '../log.js'
import type { AnyTopic, Form, StreamMessage } from '../service.js'
import { countOutcome, Piece } from './pieces.js'

/** What is sent of a message: its line, or some of its rows. */
export type Item = StreamMessage | Piece

/** Where messages go: one for each `--export_data`, and one for stdout. */
export interface Output {
  /** Which form `write` reads first; the decoder makes that one right away. */
  readonly needs: Form
  /**
   * Accepts messages of one entry, in order; resolves when there is room for more. Never rejects: what
   * cannot be delivered is given up through the context.
   */
  write(messages: readonly StreamMessage[]): Promise<void>
  /** Resolves when all accepted messages are delivered or given up. */
  close(): Promise<void>
  /** Whether a write that waits holds up its entry alone, since the messages of others need no room. */
  readonly holdsEntry?: boolean
  /** Whether what was delivered may be lost after all: its close has failed. */
  readonly closeFailed?: boolean
  /** SIGHUP: closes and opens again the files it writes. */
  reopen?(): Promise<void>
}

/** An output that sends the line of each item, and nothing else of it. */
export interface LineOutput extends Output {
  write(items: readonly Item[]): Promise<void>
}

/** What an output counts; it alone changes these. */
export type OutputCounters = {
  delivered: number
  retried: number
  givenUp: number
  /** Those of `givenUp` that the dead letter has. */
  kept: number
  /** Accepted and not yet delivered. */
  waiting: number
}

/** The name under which messages of the transform are given up; no output has it. */
export const TRANSFORM = 'transform'

/** What an output gets from the program. */
export type OutputContext = {
  /** The log of the program. */
  readonly log: Logger
  readonly counters: OutputCounters
  readonly state: OutputState
  /** Counts how long messages took from their receipt until they were delivered. */
  readonly times?: Histogram
  /** Topics of the input file at the start; more may come with SIGHUP. In a replay: all there are. */
  readonly topics: readonly AnyTopic[]
  /** Whether only some of the topics may come, as in a replay: a recording tells which at its end. */
  readonly topicsUncertain: boolean
  /** `--proto_dir`, for outputs that use the schema. */
  readonly protoDir: string | undefined
  /** `--readable`: records carry addresses and names of networks as text already. */
  readonly readable: boolean
  /** Environment variables, which hold credentials: other users can see a command line. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The current folder, which relative paths start from. */
  readonly cwd: string
  readonly clock: Clock
  /** 0 (included) to 1 (excluded): how long to wait before another try. */
  readonly random: () => number
  /** The files that are being written; none is written twice. */
  readonly openFiles: OpenFiles
  /** Aborts when the end is asked for: retries go on, but the end is near. */
  readonly stopping: AbortSignal
  /**
   * Aborts when the time for delivering is over: what is in trouble gives up, and nothing is sent to
   * another machine or to a module any more. Files that work go on until `forced`, since messages may still
   * come that waited for another output.
   */
  readonly graceOver: AbortSignal
  /**
   * Aborts before that: what is in trouble gives up if it has no room left, and so holds up all others. Undefined where
   * there are no others, and nothing keeps what is given up.
   */
  readonly holdOver: AbortSignal | undefined
  /** Aborts a moment later: what has been under way since `graceOver` gives up. */
  readonly overdue: AbortSignal
  /** Aborts when everything stops at once. */
  readonly forced: AbortSignal
  /**
   * Gives back the memory of a line that is delivered. For outputs that copy each line before they write it;
   * undefined where another output may read the same line.
   */
  readonly release?: ((line: Uint8Array) => void) | undefined
  /** Counts a message as given up, hands it to the dead letter, and logs it. */
  giveUp(message: StreamMessage, error: StreamError): void
}

/**
 * Opens one kind of output; `target` is its TYPE with what follows (a URL, a module's path), for
 * `json` and `csv` only what follows, empty where nothing does. Options stand at its end (`readType`).
 * @throws StreamError `usage` where the TYPE is wrong, `exporter-unusable` where it cannot be opened
 */
export type OpenOutput = (target: string, context: OutputContext) => Promise<Output>

/** The part of a send queue's options that says how messages are counted. */
type MessageAccount = {
  encode(item: Item): Uint8Array
  heldBytes(item: Item): number
  accepted(count: number): void
  settled(items: readonly Item[], error: StreamError | undefined): void
  retried(count: number): void
}

/** Of the oldest message of a delivery: all of them would cost more than they tell. */
export function noteTime(item: Item | undefined, { times }: Pick<OutputContext, 'times'>): void {
  if (!item || !times) return
  const { receivedAt } = item instanceof Piece ? item.parcel.message : item
  times.observe((systemClock.now() - receivedAt) / 1000)
}

/** Counts messages: as waiting when they are accepted, and then what becomes of them. */
export function accountOf(context: OutputContext): MessageAccount {
  const { counters } = context
  return {
    encode: ({ line }) => line,
    // Kept until the message is delivered, for the dead letter.
    heldBytes: ({ frame }) => frame.length,
    accepted(count) {
      counters.waiting += count
    },
    settled(items, error) {
      counters.waiting -= items.length
      if (!error) noteTime(items[0], context)
      for (const item of items) {
        if (!(item instanceof Piece)) countOutcome(item, error, context)
        else if (item.parcel.settle(error)) {
          countOutcome(item.parcel.message, item.parcel.error, context)
        }
      }
    },
    retried(count) {
      counters.retried += count
    },
  }
}

/**
 * The id by which a receiver recognizes repeats: the SHA-256 of entry, topic and frame. For New Central,
 * source and id of the event stand in place of the frame. Two collectors with the same input file give a frame the same id.
 * Two entries never do, even where a frame is the same. The second and further records that a transform
 * makes of one frame get `.2`, `.3` behind the id.
 */
export function messageId(message: StreamMessage): string {
  const { customer, topic, frame, identity, part } = message
  const hash = createHash('sha256')
    .update(JSON.stringify([customer, topic]))
    .update(identity ?? frame)
    .digest('base64url')
  return part > 1 ? `${hash}.${part}` : hash
}
