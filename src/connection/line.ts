import { type Clock, sleep, untilAborted } from '../clock.js'
import { StreamError, toStreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import { type Limiter, outcomeOf } from '../net/limiter.js'
import type { Endpoint, Handshake, ResumePoint } from '../service.js'
import { type Connection, connect } from './connect.js'
import { SILENCE_MS } from './heartbeat.js'

/** Normal closure; the server goes away, as for a restart; a close frame without a code. */
const NORMAL: readonly (number | undefined)[] = [1000, 1001, 1005]

/** So often the age of a credential is looked at: timers stand still while the machine sleeps. */
const LOOK_MS = 60_000

type LineOptions = {
  readonly endpoint: Endpoint
  readonly limiter: Limiter
  readonly graceOver?: AbortSignal
  readonly verifyCertificates?: boolean
  /** Whether a connection is replaced before its credential ends; default: true. */
  readonly reconnect?: boolean
  readonly random?: () => number
  /** Called when a connection was replaced, or when that has failed; it is kept then. */
  readonly onReplaced?: (failure: StreamError | undefined) => void
}

/** The subscription of a line. */
type LineOwner = {
  /** Closes all connections. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** How far the subscription has come. */
  readonly resume: () => ResumePoint | undefined
  /** There is a connection again. */
  readonly onUp: () => void
  /**
   * There is no connection any more.
   * @param silentMs for how long the last one had been dead by then
   */
  readonly onDown: (silentMs: number) => void
  /** Whether frames that wait leave no room, so that a new connection begins paused. */
  readonly isFull: () => boolean
  readonly onFrame: (bytes: Uint8Array, text: boolean) => void
}

/** How a connection ended. */
export type Ended = { readonly cause: StreamError; readonly handshake: Handshake }

type Dial = {
  readonly ended: Promise<Ended>
  readonly opened: Promise<void>
  /** Once it is open. */
  connection: Connection | undefined
  /** The connection that is to replace this one. */
  successor: Dial | undefined
}

/**
 * One connection, and for a short time also the one that replaces it, which is opened before the
 * credential of the first ends. So the end of a credential makes no gap.
 */
export class Line {
  readonly #options: LineOptions
  readonly #owner: LineOwner
  readonly #connections = new Set<Connection>()

  constructor(options: LineOptions, owner: LineOwner) {
    this.#options = options
    this.#owner = owner
  }

  /**
   * Connects.
   * @returns how the last connection ended
   * @throws StreamError where no handshake could begin; the signal's reason
   */
  async run(): Promise<Ended> {
    let dial = this.#dial()
    for (;;) {
      const ended = await dial.ended
      if (!dial.successor) return ended
      dial = dial.successor
    }
  }

  pause(): void {
    for (const connection of this.#connections) connection.pause()
  }

  resume(): void {
    for (const connection of this.#connections) connection.resume()
  }

  #dial(): Dial {
    let onOpened = () => {}
    const opened = new Promise<void>((resolve) => {
      onOpened = resolve
    })
    const start = (dial: () => Dial) => this.#connect(dial, onOpened)
    const dial: Dial = {
      opened,
      connection: undefined,
      successor: undefined,
      ended: start(() => dial),
    }
    return dial
  }

  async #connect(dial: () => Dial, onOpened: () => void): Promise<Ended> {
    const { endpoint, limiter, graceOver, verifyCertificates = true } = this.#options
    const { signal, clock, onFrame } = this.#owner
    const release = await limiter.acquire(signal, endpoint.host.authority)
    /** Aborts when a connection that is to be replaced has ended. */
    let over: AbortController | undefined
    let opened: Connection | undefined
    let silentMs = 0
    try {
      const asking = endpoint.handshake(this.#owner.resume(), signal)
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
          const isFirst = this.#connections.size === 0
          this.#connections.add(connection)
          if (this.#owner.isFull()) connection.pause()
          if (isFirst) this.#owner.onUp()
          dial().connection = connection
          onOpened()
          const { replaceInMs } = handshake
          const { reconnect: replaces = true } = this.#options
          if (!replaceInMs || !replaces) return
          over = new AbortController()
          void this.#replaceLater(dial(), replaceInMs, over.signal)
        },
        onFrame,
      })
      release(outcomeOf(cause, signal))
      if (cause.code === 'connection-silent') silentMs = SILENCE_MS
      return { cause, handshake }
    } finally {
      release('aborted')
      over?.abort()
      if (opened && this.#connections.delete(opened) && this.#connections.size === 0) {
        this.#owner.onDown(silentMs)
      }
    }
  }

  /**
   * Opens another connection before the credential ends, then closes this one. Where that does not
   * succeed, this one is kept, and it is tried again.
   * @param over this connection has ended
   */
  async #replaceLater(dial: Dial, replaceInMs: () => number, over: AbortSignal): Promise<void> {
    const { random = Math.random, onReplaced } = this.#options
    const { clock, signal } = this.#owner
    const wait = (ms: number) => sleep(ms, clock, over).catch(() => undefined)
    for (let failures = 1; ; failures++) {
      while (!over.aborted && replaceInMs() > 0) await wait(Math.min(replaceInMs(), LOOK_MS))
      if (over.aborted || signal.aborted) return
      const next = this.#dial()
      dial.successor = next
      const failed = await Promise.race([
        next.opened.then(() => undefined),
        next.ended.catch((error: unknown) => ({ cause: toStreamError(error) })),
      ])
      if (next.connection) {
        onReplaced?.(undefined)
        dial.connection?.replaced()
        return
      }
      // This one has ended meanwhile: what the other one came to counts as the next try.
      if (over.aborted) return
      dial.successor = undefined
      if (failed && !signal.aborted) onReplaced?.(failed.cause)
      if (failed?.cause.code === 'unauthorized' && 'handshake' in failed) {
        const { credential } = failed.handshake
        await this.#options.endpoint.renewCredential(credential, signal).catch(() => undefined)
      }
      await wait(backoffDelay(failures, { random }))
    }
  }
}

/** What a second 401 means, to a credential that was renewed or validated because of the first. */
export function stillUnauthorized(again: StreamError): StreamError {
  return new StreamError('still-unauthorized', `${again.message}, which was checked just now`, {
    status: 401,
  })
}

/** Whether the server closed the connection in an orderly way. */
export function isNormalClose(error: StreamError): boolean {
  return error.code === 'connection-lost' && NORMAL.includes(error.status)
}
