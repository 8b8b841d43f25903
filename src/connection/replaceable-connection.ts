import { type Clock, sleep, untilAborted } from '../clock.js'
import { StreamError, toStreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import { outcomeOf } from '../net/limiter.js'
import type { Handshake, ResumePoint } from '../service.js'
import { type Connection, connect } from './connect.js'
import { SILENCE_MS } from './heartbeat.js'
import type { SubscribeOptions } from './subscribe.js'

/** Normal closure; the server goes away, as for a restart; a close frame without a code. */
const NORMAL: readonly (number | undefined)[] = [1000, 1001, 1005]

/** So often the age of a credential is looked at: timers stand still while the machine sleeps. */
const LOOK_MS = 60_000

type Options = Pick<
  SubscribeOptions,
  | 'endpoint'
  | 'limiter'
  | 'graceOver'
  | 'verifyCertificates'
  | 'reconnect'
  | 'random'
  | 'onReplaced'
>

/** The subscription that the connection is of. */
export interface ConnectionOwner {
  /** Closes all connections. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** How far the subscription has come. */
  resumeFrom(): ResumePoint | undefined
  /** There is a connection again. */
  onUp(): void
  /**
   * There is no connection any more.
   * @param silentMs for how long the last one had been dead by then
   */
  onDown(silentMs: number): void
  /** Whether frames that wait leave no room, so that a new connection begins paused. */
  isFull(): boolean
  onFrame(bytes: Uint8Array, text: boolean): void
}

/** How a connection ended. */
type Ended = { readonly cause: StreamError; readonly handshake: Handshake }

/** One handshake, and the connection that it opens. */
type Attempt = Own & { readonly ended: Promise<Ended> }

type Own = {
  /** Once it is open. */
  connection: Connection | undefined
  /** The attempt that is to replace it. */
  successor: Attempt | undefined
}

/**
 * A connection that is replaced before its credential ends: the next one is opened first, and then this
 * one is closed. So the end of a credential makes no gap. For a short time both are open.
 */
export class ReplaceableConnection {
  readonly #options: Options
  readonly #owner: ConnectionOwner
  /** As a rule one. */
  #connections: readonly Connection[] = []

  constructor(options: Options, owner: ConnectionOwner) {
    this.#options = options
    this.#owner = owner
  }

  /**
   * Connects.
   * @returns how the last connection ended
   * @throws StreamError where no handshake could begin; the signal's reason
   */
  async run(): Promise<Ended> {
    let attempt = this.#begin()
    for (;;) {
      const ended = await attempt.ended
      if (!attempt.successor) {
        const { cause, handshake } = ended
        const { endpoint } = this.#options
        if (cause.code === 'connection-lost') endpoint.onServerEnd?.(handshake.credential)
        return ended
      }
      attempt = attempt.successor
    }
  }

  pause(): void {
    for (const connection of this.#connections) connection.pause()
  }

  resume(): void {
    for (const connection of this.#connections) connection.resume()
  }

  #begin(onOpened?: () => void): Attempt {
    const own: Own = { connection: undefined, successor: undefined }
    return Object.assign(own, { ended: this.#connect(own, onOpened) })
  }

  async #connect(own: Own, onOpened?: () => void): Promise<Ended> {
    const { endpoint, limiter, graceOver, verifyCertificates = true } = this.#options
    const { signal, clock } = this.#owner
    const release = await limiter.acquire(signal, endpoint.host.authority)
    /** Aborts when a connection that is to be replaced has ended. */
    let over: AbortController | undefined
    let opened: Connection | undefined
    let silentMs = 0
    try {
      const asking = endpoint.handshake(this.#owner.resumeFrom(), signal)
      const handshake = await untilAborted(asking, signal)
      const cause = await connect({
        endpoint,
        handshake,
        verifyCertificates,
        signal,
        graceOver,
        clock,
        onOpen: (connection) => {
          release('answered')
          opened = connection
          const isFirst = this.#connections.length === 0
          this.#connections = [...this.#connections, connection]
          if (this.#owner.isFull()) connection.pause()
          if (isFirst) this.#owner.onUp()
          own.connection = connection
          onOpened?.()
          const { replaceInMs } = handshake
          const { reconnect: replaces = true } = this.#options
          if (!replaceInMs || !replaces) return
          over = new AbortController()
          void this.#replaceLater(own, replaceInMs, over.signal)
        },
        onFrame: (bytes, text) => this.#owner.onFrame(bytes, text),
      })
      release(outcomeOf(cause, signal))
      if (cause.code === 'connection-silent') silentMs = SILENCE_MS
      return { cause, handshake }
    } finally {
      release('aborted')
      over?.abort()
      if (opened) {
        this.#connections = this.#connections.filter((each) => each !== opened)
        if (this.#connections.length === 0) this.#owner.onDown(silentMs)
      }
    }
  }

  /**
   * Opens another connection before the credential ends, then closes this one. Where the other one does
   * not open, this one is kept, and opening another is tried again.
   * @param over aborts when this connection has ended
   */
  async #replaceLater(own: Own, replaceInMs: () => number, over: AbortSignal): Promise<void> {
    const { random = Math.random, onReplaced } = this.#options
    const { clock, signal } = this.#owner
    const wait = (ms: number) => sleep(ms, clock, over)
    for (let failures = 1; ; failures++) {
      while (!over.aborted && replaceInMs() > 0) await wait(Math.min(replaceInMs(), LOOK_MS))
      if (over.aborted || signal.aborted) return
      const failed = await new Promise<Ended | Pick<Ended, 'cause'> | undefined>((resolve) => {
        own.successor = this.#begin(() => resolve(undefined))
        own.successor.ended.then(resolve, (error) => resolve({ cause: toStreamError(error) }))
      })
      if (own.successor?.connection) {
        onReplaced?.(undefined)
        own.connection?.replaced()
        return
      }
      // This one has ended meanwhile. `run` goes on with the other one, however that ended.
      if (over.aborted) return
      own.successor = undefined
      if (failed && !signal.aborted) onReplaced?.(failed.cause)
      if (failed?.cause.code === 'unauthorized' && 'handshake' in failed) {
        const { credential } = failed.handshake
        await this.#options.endpoint.renewCredential(credential, signal).catch(() => undefined)
      }
      await wait(backoffDelay(failures, random))
    }
  }
}

/**
 * The error for a second 401 in a row. The credential was renewed or validated because of the first, so
 * this counts as temporary, and is tried again after a wait.
 */
export function stillUnauthorized(again: StreamError): StreamError {
  return new StreamError('still-unauthorized', `${again.message}, which was checked just now`, {
    status: 401,
  })
}

/** Whether the server closed the connection in an orderly way. */
export function isNormalClose(error: StreamError): boolean {
  return error.code === 'connection-lost' && NORMAL.includes(error.status)
}
