import { setMaxListeners } from 'node:events'
import { type ReplayPoint, replayHeaders } from '../classic/resume.js'
import { type Clock, sleep, untilAborted } from '../clock.js'
import { StreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import type { Outcome } from '../net/limiter.js'
import type { Secret } from '../secret.js'
import { type Connection, connect } from './connect.js'
import { isNormalClose } from './ending.js'
import type { Frame } from './frame.js'
import { createFrameBudget, FrameQueue } from './frame-queue.js'
import { SILENCE_MS } from './heartbeat.js'
import type { SubscribeOptions } from './subscribe.js'
import type { StatusTracker } from './tracker.js'

/** A connection that stood this long was a good one: the next trouble is a new trouble. */
const STABLE_MS = 60_000

/** Keeps one entry connected, one connection after the other, until it is told to stop or has to. */
export class Supervisor {
  readonly #options: SubscribeOptions
  readonly #clock: Clock
  readonly #tracker: StatusTracker
  readonly #stop = new AbortController()
  readonly #queue: FrameQueue
  #connection: Connection | undefined
  /** Tries in a row that came to nothing. */
  #failures = 0
  /** When the first handshake began. */
  #askedAt: number | undefined

  constructor(options: SubscribeOptions, clock: Clock, tracker: StatusTracker) {
    this.#options = options
    this.#clock = clock
    this.#tracker = tracker
    const budget = options.budget ?? createFrameBudget()
    this.#queue = new FrameQueue(budget, () => this.#connection?.resume())
  }

  start(): AsyncIterator<readonly Frame[], undefined> {
    const { signal } = this.#options
    // One signal ends all entries: a thousand listeners are no leak, as Node would have it.
    setMaxListeners(0, signal)
    const onAbort = () => this.#stop.abort(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const done = this.#live()
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(
        () => this.#queue.end(),
        (error: unknown) => this.#queue.end(error),
      )
    const batches = this.#queue.batches()
    return {
      next: () => batches.next(),
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
      if (cause.code !== 'unauthorized' || signal.aborted) return cause
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
    const { entry, limiter, userAgent, verifyCertificates = true } = this.#options
    const { host, topic, username } = entry
    const { signal } = this.#stop
    const release = await limiter.acquire(signal, host.authority)
    let openedAtMs: number | undefined
    let silentMs = 0
    try {
      const cause = await connect({
        host,
        topic,
        username,
        key,
        userAgent,
        verifyCertificates,
        signal,
        replayHeaders: this.#replayHeaders(),
        clock: this.#clock,
        onOpen: (connection) => {
          release('answered')
          openedAtMs = this.#clock.elapsed()
          this.#connection = connection
          if (this.#queue.full) connection.pause()
          this.#tracker.open()
        },
        onFrame: (bytes, text) => this.#receive(bytes, text),
      })
      release(outcomeOf(cause, signal))
      if (cause.code === 'connection-silent') silentMs = SILENCE_MS
      return cause
    } finally {
      release('aborted')
      this.#connection = undefined
      if (openedAtMs !== undefined) {
        this.#tracker.lost(silentMs)
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

  /** How far it has come. */
  get replayPoint(): ReplayPoint | undefined {
    const { resume, lastTimestamp } = this.#options
    const { lastFrameAt: receivedAt } = this.#tracker.status
    const timestamp = lastTimestamp?.()
    // Before the first envelope of its own, it has come no further than the one before it.
    if (receivedAt === undefined || (timestamp === undefined && resume)) return resume
    return { receivedAt, timestamp, askedAt: this.#askedAt ?? receivedAt }
  }

  #replayHeaders(): Record<string, string> {
    const nowMs = this.#clock.now()
    this.#askedAt ??= nowMs
    const { replay } = this.#options
    return replay ? replayHeaders(replay, this.replayPoint, nowMs) : {}
  }
}

/** What a handshake says about its host: one that we aborted says nothing. */
function outcomeOf(cause: StreamError, signal: AbortSignal): Outcome {
  if (cause.status !== undefined) return 'answered'
  return signal.aborted ? 'aborted' : 'unanswered'
}

function refusedTwice(again: StreamError): StreamError {
  return new StreamError(
    'key-refused',
    `${again.message}, although it was validated before: download a new key from Central's Streaming page`,
    { status: 401 },
  )
}
