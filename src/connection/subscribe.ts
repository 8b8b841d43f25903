import { backoffDelay } from '../backoff.js'
import { type Clock, sleep, systemClock, untilAborted } from '../clock.js'
import { StreamError } from '../errors.js'
import type { Host } from '../host.js'
import type { Topic } from '../schema/topics.js'
import type { Secret } from '../secret.js'
import { type Connection, connect } from './connect.js'
import { isNormalClose } from './ending.js'
import type { Frame } from './frame.js'
import { FrameQueue } from './frame-queue.js'
import type { Gate } from './gate.js'
import { type ReplayOptions, replayHeaders } from './replay.js'
import type { Status } from './status.js'
import { type StatusListener, StatusTracker } from './tracker.js'

/** A connection that stood this long was a good one: the next trouble is a new trouble. */
const STABLE_MS = 60_000

/** Where an entry's key comes from. */
export interface KeySource {
  /** The key to offer now. */
  current(): Secret
  /**
   * Looks for another key after a 401.
   * @throws StreamError; one that can be retried makes the entry wait, any other ends it
   */
  afterUnauthorized(refused: Secret, signal: AbortSignal): Promise<Secret>
}

export type SubscribeOptions = {
  readonly entry: {
    readonly topic: Topic
    readonly username: string | undefined
    readonly host: Host
  }
  readonly key: KeySource
  readonly userAgent: string
  /** Shared by all entries. */
  readonly gate: Gate
  /** Ends the subscription: what was received is still yielded. */
  readonly signal: AbortSignal
  readonly replay?: ReplayOptions
  /** Timestamp of the last envelope that was decoded, nanoseconds since the epoch. */
  readonly lastTimestamp?: () => bigint | undefined
  /** Connect again when a connection ends or fails; true unless told. */
  readonly reconnect?: boolean
  /** True unless told. */
  readonly verifyCertificates?: boolean
  readonly onStatus?: StatusListener
  readonly clock?: Clock
  readonly random?: () => number
}

/** The frames of one entry, in order, across all its connections; to be iterated once. */
export interface Subscription extends AsyncIterable<Frame, undefined> {
  readonly status: Status
}

/**
 * Subscribes to one topic for one customer; connects when it is iterated, and again whenever a
 * connection is lost. Trouble is no exception: the iteration ends, and `status` says how.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  const clock = options.clock ?? systemClock
  const tracker = new StatusTracker(clock, options.onStatus ?? (() => undefined))
  return {
    get status() {
      return tracker.status
    },
    [Symbol.asyncIterator]: () => new Supervisor(options, clock, tracker).start(),
  }
}

class Supervisor {
  readonly #options: SubscribeOptions
  readonly #clock: Clock
  readonly #tracker: StatusTracker
  readonly #stop = new AbortController()
  readonly #queue = new FrameQueue(() => this.#connection?.resume())
  #connection: Connection | undefined
  /** Tries in a row that came to nothing. */
  #failures = 0

  constructor(options: SubscribeOptions, clock: Clock, tracker: StatusTracker) {
    this.#options = options
    this.#clock = clock
    this.#tracker = tracker
  }

  start(): AsyncIterator<Frame, undefined> {
    const { signal } = this.#options
    const onAbort = () => this.#stop.abort(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const done = this.#live()
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(
        () => this.#queue.end(),
        (error: unknown) => this.#queue.end(error),
      )
    return {
      next: () => this.#queue.next(),
      return: async () => {
        this.#stop.abort()
        await done
        return { value: undefined, done: true }
      },
    }
  }

  /** Connects again and again, until it is told to stop or has to. */
  async #live(): Promise<void> {
    const { signal } = this.#stop
    const { reconnect = true, random = Math.random } = this.#options
    for (;;) {
      const cause = await this.#attempt()
      if (signal.aborted) return this.#tracker.ended(undefined)
      if (!cause.retry) return this.#tracker.refused(cause)
      if (!reconnect) return this.#tracker.ended(isNormalClose(cause) ? undefined : cause)
      this.#failures++
      const delayMs = (cause.retryAfterMs ?? 0) + backoffDelay(this.#failures, { random })
      this.#tracker.retrying(this.#failures, delayMs, cause)
      await sleep(delayMs, this.#clock, signal).catch(() => undefined)
      if (signal.aborted) return this.#tracker.ended(undefined)
    }
  }

  /** One connection; where its key is refused, another one at once with the key that replaces it. */
  async #attempt(): Promise<StreamError> {
    const { key } = this.#options
    const { signal } = this.#stop
    this.#tracker.connecting(this.#failures + 1)
    try {
      const first = key.current()
      const cause = await this.#connect(first)
      if (cause.code !== 'unauthorized') return cause
      const second = await untilAborted(key.afterUnauthorized(first, signal), signal)
      const again = await this.#connect(second)
      return again.code === 'unauthorized' ? refusedTwice(again) : again
    } catch (error) {
      if (error instanceof StreamError) return error
      if (signal.aborted) return new StreamError('connection-lost', 'ended as asked')
      throw error
    }
  }

  async #connect(key: Secret): Promise<StreamError> {
    const { entry, gate, userAgent, verifyCertificates = true } = this.#options
    const { signal } = this.#stop
    const leave = await gate.enter(signal)
    let openedAtMs: number | undefined
    try {
      return await connect({
        ...entry,
        key,
        userAgent,
        verifyCertificates,
        replayHeaders: this.#replayHeaders(),
        clock: this.#clock,
        signal,
        onOpen: (connection) => {
          leave()
          openedAtMs = this.#clock.elapsed()
          this.#connection = connection
          if (this.#queue.full) connection.pause()
          this.#tracker.open()
        },
        onFrame: (bytes, text) => this.#receive(bytes, text),
      })
    } finally {
      leave()
      this.#connection = undefined
      if (openedAtMs !== undefined) {
        this.#tracker.lost()
        if (this.#clock.elapsed() - openedAtMs >= STABLE_MS) this.#failures = 0
      }
    }
  }

  #receive(bytes: Uint8Array, text: boolean): void {
    const receivedAt = this.#clock.now()
    this.#failures = 0
    this.#tracker.frame(bytes.length, receivedAt)
    this.#queue.push({ bytes, receivedAt, text })
    if (this.#queue.full) this.#connection?.pause()
  }

  #replayHeaders(): Record<string, string> {
    const { replay, lastTimestamp } = this.#options
    if (!replay) return {}
    const { lastFrameAt } = this.#tracker.status
    const last =
      lastFrameAt === undefined
        ? undefined
        : { receivedAt: lastFrameAt, timestamp: lastTimestamp?.() }
    return replayHeaders(replay, last, this.#clock.now())
  }
}

function refusedTwice(again: StreamError): StreamError {
  return new StreamError(
    'key-refused',
    `${again.message}, although it was validated before: download a new key from Central's Streaming page`,
    { status: 401 },
  )
}
