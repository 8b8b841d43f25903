import type { KeySource } from '../classic/key-source.js'
import type { ReplayOptions, ReplayPoint } from '../classic/resume.js'
import type { Topic } from '../classic/topics.js'
import { type Clock, systemClock } from '../clock.js'
import type { ByteBudget } from '../delivery/byte-budget.js'
import type { Host } from '../net/host.js'
import type { Limiter } from '../net/limiter.js'
import type { Frame } from './frame.js'
import type { Status } from './status.js'
import { Supervisor } from './supervisor.js'
import { type StatusListener, StatusTracker } from './tracker.js'

export type SubscribeOptions = {
  readonly entry: {
    readonly topic: Topic
    readonly username: string | undefined
    readonly host: Host
  }
  readonly key: KeySource
  readonly userAgent: string
  /** Shared by all entries. */
  readonly limiter: Limiter
  /** Ends the subscription: what was received is still yielded. */
  readonly signal: AbortSignal
  readonly replay?: ReplayOptions
  /**
   * Where another subscription to the same host and topic has ended: its `replayPoint`. With `replay`,
   * the first handshake asks for what came since, in place of what `replay` says.
   */
  readonly resume?: ReplayPoint | undefined
  /** Timestamp of the last envelope that was decoded, nanoseconds since the epoch. */
  readonly lastTimestamp?: () => bigint | undefined
  /** Connect again when a connection ends or fails; true unless told. */
  readonly reconnect?: boolean
  /** True unless told. */
  readonly verifyCertificates?: boolean
  readonly onStatus?: StatusListener
  /** Shared by all entries; bounds the bytes of frames that wait. */
  readonly budget?: ByteBudget
  readonly clock?: Clock
  readonly random?: () => number
}

/**
 * The frames of one entry, in order, across all its connections, in batches of what came together; to be
 * iterated once. A batch counts as waiting until the next one is asked for.
 */
export interface Subscription extends AsyncIterable<readonly Frame[], undefined> {
  readonly status: Status
  /** How far it has come, for one that takes its place; undefined where nothing has come yet. */
  readonly replayPoint: ReplayPoint | undefined
}

/**
 * Subscribes to one topic for one customer; connects when it is iterated, and again whenever a
 * connection is lost. Trouble is no exception: the iteration ends, and `status` says how.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  const clock = options.clock ?? systemClock
  const tracker = new StatusTracker(clock, options.onStatus ?? (() => undefined))
  const supervisor = new Supervisor(options, clock, tracker)
  return {
    get status() {
      return tracker.status
    },
    get replayPoint() {
      return supervisor.replayPoint
    },
    [Symbol.asyncIterator]: () => supervisor.start(),
  }
}
