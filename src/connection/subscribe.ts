import { setMaxListeners } from 'node:events'
import { type Clock, follow, sleep, systemClock, untilAborted } from '../clock.js'
import type { ByteBudget } from '../delivery/byte-budget.js'
import { StreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import type { Limiter } from '../net/limiter.js'
import type { Decoder, Endpoint, Frame, ResumePoint } from '../service.js'
import { createFrameBudget, FrameQueue, Repeats } from './frame-queue.js'
import {
  type ConnectionOwner,
  isNormalClose,
  ReplaceableConnection,
  stillUnauthorized,
} from './replaceable-connection.js'
import { type Status, type StatusListener, StatusTracker } from './status.js'

/** A connection that was open for this long starts the backoff again, as its first frame does. */
const STABLE_MS = 60_000
/** A connection that the server ended after this long is opened again at once, where a service asks for it. */
const AT_ONCE_MS = 5000
/** Between tries of a refused subscription: somebody must tick a topic or repair a load balancer first. */
const REFUSED_MS = 600_000

export type SubscribeOptions = {
  /** Closed when the subscription has ended. */
  readonly endpoint: Endpoint
  /** Shared by all entries. */
  readonly limiter: Limiter
  /**
   * Ends the subscription when it aborts: what was received is still yielded. A consumer that leaves aborts
   * it.
   */
  readonly stopping: AbortController
  /** Cuts a connection that takes longer to end. */
  readonly graceOver?: AbortSignal
  /** The `resumePoint` of the subscription that this one continues. */
  readonly resume?: ResumePoint | undefined
  /** Knows the timestamp of the last message, and the id of an event: repeats are dropped. */
  readonly decoder?: Pick<Decoder, 'lastTimestamp' | 'identify'>
  /** Connect again when a connection ends or fails; default: true. */
  readonly reconnect?: boolean
  /** Default: true. */
  readonly verifyCertificates?: boolean
  readonly onStatus?: StatusListener
  /** Called when a connection was replaced before its credential ended, or when that has failed. */
  readonly onReplaced?: (failure: StreamError | undefined) => void
  /** Called each time a try is refused and the wait for the next one begins. */
  readonly onRefused?: () => void
  /** Shared by all entries; bounds the bytes of frames that wait. */
  readonly budget?: ByteBudget
  readonly clock?: Clock
  readonly random?: (() => number) | undefined
}

/**
 * The frames of one entry, in order, across all its connections, in batches of what arrived together.
 * Iterate it once. A batch counts as waiting until the next one is asked for.
 */
export interface Subscription extends AsyncIterable<readonly Frame[], undefined> {
  readonly status: Status
  /** How far it has come, for a subscription that replaces it; undefined before the first frame. */
  readonly resumePoint: ResumePoint | undefined
  /** Whether it is refused and waits for the next try. */
  readonly waitsRefused: boolean
  /** Ends the wait of a refused subscription. */
  tryNow(): void
}

/**
 * Subscribes at an endpoint. Connects when it is iterated, and again when a connection is lost or
 * refused. A failure is not thrown: the iteration ends, and `status` says why.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  return new Supervisor(options)
}

/** Keeps one entry connected until it is stopped. */
class Supervisor implements Subscription, ConnectionOwner {
  readonly clock: Clock
  readonly #options: SubscribeOptions
  readonly #tracker: StatusTracker
  readonly #queue: FrameQueue
  readonly #connection: ReplaceableConnection
  readonly #repeats = new Repeats()
  /** Ends the wait of one that is refused. */
  #wake: AbortController | undefined
  /** Failed tries in a row. */
  #failures = 0
  #openedAtMs = 0
  /** How long the last connection was open. */
  #openMs = 0
  /** When the first handshake began. */
  #askedAt: number | undefined

  constructor(options: SubscribeOptions) {
    const { clock = systemClock, budget = createFrameBudget(), onStatus } = options
    // Several subscriptions may share it, which is no leak.
    setMaxListeners(0, options.stopping.signal)
    this.#options = options
    this.clock = clock
    this.#tracker = new StatusTracker(clock, onStatus ?? (() => undefined))
    this.#connection = new ReplaceableConnection(options, this)
    this.#queue = new FrameQueue(budget, this.#connection)
  }

  get status(): Status {
    return this.#tracker.status
  }

  get signal(): AbortSignal {
    return this.#options.stopping.signal
  }

  get resumePoint(): ResumePoint | undefined {
    const { resume, decoder } = this.#options
    const { lastFrameAt: receivedAt } = this.#tracker.status
    const timestamp = decoder?.lastTimestamp
    // Until a message is decoded, the point of the subscription before it holds.
    if (receivedAt === undefined || (timestamp === undefined && resume)) return resume
    return { receivedAt, timestamp, askedAt: this.#askedAt ?? receivedAt }
  }

  get waitsRefused(): boolean {
    return this.#wake !== undefined
  }

  tryNow(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.abort()
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Frame[], undefined> {
    const { stopping } = this.#options
    const done = this.#run()
    const batches = this.#queue.batches()
    return {
      next: () => batches.next(),
      return: async () => {
        stopping.abort()
        this.#queue.discard()
        await done
        return { value: undefined, done: true }
      },
    }
  }

  /** Connects again and again until it is stopped. Never throws: the queue passes the error on. */
  async #run(): Promise<void> {
    const { endpoint, reconnect = true } = this.#options
    let fault: unknown
    try {
      let cause = await this.#attempt()
      while (reconnect && !this.signal.aborted) {
        await (cause.retry ? this.#retryLater(cause) : this.#waitRefused(cause))
        if (!this.signal.aborted) cause = await this.#attempt()
      }
      this.#ended(cause)
    } catch (error) {
      fault = error
    }
    endpoint.close()
    this.#queue.end(fault)
  }

  /** @param cause why the last connection ended */
  #ended(cause: StreamError): void {
    if (this.signal.aborted) this.#tracker.ended(undefined)
    else if (!cause.retry) this.#tracker.refused(cause)
    else this.#tracker.ended(isNormalClose(cause) ? undefined : cause)
  }

  async #retryLater(cause: StreamError): Promise<void> {
    const { random = Math.random, endpoint } = this.#options
    this.#failures++
    // As at the end of a credential.
    const atOnce =
      endpoint.onServerEnd && cause.code === 'connection-lost' && this.#openMs >= AT_ONCE_MS
    const delayMs = atOnce ? 0 : (cause.retryAfterMs ?? 0) + backoffDelay(this.#failures, random)
    this.#tracker.retrying(this.#failures, delayMs, cause)
    await sleep(delayMs, this.clock, this.signal)
  }

  async #waitRefused(cause: StreamError): Promise<void> {
    const wake = new AbortController()
    this.#wake = wake
    this.#failures = 0
    this.#tracker.refused(cause, REFUSED_MS)
    this.#options.onRefused?.()
    const unfollow = follow(wake, this.signal)
    await sleep(REFUSED_MS, this.clock, wake.signal)
    unfollow()
    this.#wake = undefined
  }

  /** One connection. After a 401 the credential is renewed, and a second try follows at once. */
  async #attempt(): Promise<StreamError> {
    const { endpoint } = this.#options
    this.#tracker.connecting(this.#failures + 1)
    this.#openMs = 0
    try {
      const { cause, handshake } = await this.#connection.run()
      if (cause.code !== 'unauthorized' || this.signal.aborted) return cause
      await untilAborted(endpoint.renewCredential(handshake.credential, this.signal), this.signal)
      const again = await this.#connection.run()
      return again.cause.code === 'unauthorized' ? stillUnauthorized(again.cause) : again.cause
    } catch (error) {
      if (error instanceof StreamError) return error
      if (this.signal.aborted) return new StreamError('connection-lost', 'ended as asked')
      throw error
    }
  }

  resumeFrom(): ResumePoint | undefined {
    this.#askedAt ??= this.clock.now()
    return this.resumePoint
  }

  onUp(): void {
    this.#openedAtMs = this.clock.elapsed()
    this.#tracker.open()
  }

  onDown(silentMs: number): void {
    this.#openMs = this.clock.elapsed() - this.#openedAtMs
    this.#tracker.lost(silentMs)
    if (this.#openMs >= STABLE_MS) this.#failures = 0
  }

  isFull(): boolean {
    return this.#queue.full
  }

  onFrame(bytes: Uint8Array, text: boolean): void {
    const frame = { bytes, receivedAt: this.clock.now(), text }
    this.#failures = 0
    const isRepeat = this.#repeats.has(this.#options.decoder?.identify?.(frame))
    this.#tracker.frame(bytes.length, frame.receivedAt, isRepeat)
    if (!isRepeat) this.#queue.push(frame)
  }
}
