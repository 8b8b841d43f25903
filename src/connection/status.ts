import type { Clock } from '../clock.js'
import type { StreamError } from '../errors.js'

/** What is known of an entry in every state. Times are milliseconds since the epoch. */
export type Progress = {
  /** Binary and text frames received so far. */
  readonly frames: number
  /** Those of them that were dropped, since their event had come before. */
  readonly repeats: number
  /** Bytes in them. */
  readonly bytes: number
  /** When the last frame came; undefined before the first. */
  readonly lastFrameAt: number | undefined
  /** Milliseconds since then; changes of the machine's clock do not count. */
  readonly frameAgeMs: number | undefined
  /** Connections that were opened again after one was lost. */
  readonly reconnects: number
  /**
   * Time without a connection since the first one was open, milliseconds; a gap counts once it has
   * ended. A connection that fell silent counts as lost since its last sign of life.
   */
  readonly gapMs: number
}

/** The state of an entry. `since` and `at` are milliseconds since the epoch; the rest of the times are durations. */
export type Phase =
  /** In a handshake, or waiting for the limiter or for a new credential; `attempt` counts from 1. */
  | {
      readonly type: 'connecting'
      readonly attempt: number
      /** Why the attempt before it failed. */
      readonly cause?: StreamError
    }
  | {
      readonly type: 'open'
      readonly since: number
      /** Milliseconds since then; changes of the machine's clock do not count. */
      readonly openMs: number
      /** How long there was no connection before this one; 0 for the first. */
      readonly gapMsBefore: number
    }
  | {
      readonly type: 'retrying'
      /**
       * When the last connection was lost, or gave its last sign of life. Without an earlier
       * connection: when the entry started.
       */
      readonly since: number
      /** Failed tries in a row, a lost connection included. */
      readonly attempt: number
      /** How long the wait is that begins now. */
      readonly delayMs: number
      readonly cause: StreamError
    }
  /** Central refused. It stays so during further tries, until one ends in another way. */
  | {
      readonly type: 'refused'
      readonly at: number
      readonly cause: StreamError
      /** How long until it is tried again; undefined where it is not. */
      readonly delayMs?: number | undefined
    }
  /** Ended as asked, or (without reconnecting) by the connection; `cause` where that was a failure. */
  | { readonly type: 'ended'; readonly at: number; readonly cause: StreamError | undefined }

/** The state of one entry's subscription. Log, table and metrics read it, and keep no state of their own. */
export type Status = Progress & Phase

/** Called at each change, with the status before it. */
export type StatusListener = (status: Status, previous: Status) => void

/** Keeps the status of one entry. */
export class StatusTracker {
  readonly #clock: Clock
  readonly #onStatus: StatusListener
  #phase: Phase = { type: 'connecting', attempt: 1 }
  #frames = 0
  #repeats = 0
  #bytes = 0
  #lastFrameAt: number | undefined
  #lastFrameMs = 0
  #openedMs = 0
  #reconnects = 0
  #gapMs = 0
  /** Since when there is no connection: `at` to show, `elapsedMs` to measure. */
  #down: { at: number; elapsedMs: number }
  #opened = false

  constructor(clock: Clock, onStatus: StatusListener) {
    this.#clock = clock
    this.#onStatus = onStatus
    this.#down = { at: clock.now(), elapsedMs: clock.elapsed() }
  }

  get status(): Status {
    const nowMs = this.#clock.elapsed()
    const phase = this.#phase
    return {
      frames: this.#frames,
      repeats: this.#repeats,
      bytes: this.#bytes,
      lastFrameAt: this.#lastFrameAt,
      frameAgeMs: this.#lastFrameAt === undefined ? undefined : nowMs - this.#lastFrameMs,
      reconnects: this.#reconnects,
      gapMs: this.#gapMs,
      // Last, so that V8 gives all of them one hidden class.
      ...phase,
      ...(phase.type === 'open' && { openMs: nowMs - this.#openedMs }),
    }
  }

  frame(bytes: number, receivedAt: number, isRepeat: boolean): void {
    this.#frames++
    if (isRepeat) this.#repeats++
    this.#bytes += bytes
    this.#lastFrameAt = receivedAt
    this.#lastFrameMs = this.#clock.elapsed()
  }

  /** A refused entry stays refused while it is tried again. */
  connecting(attempt: number): void {
    const { type, cause } = { cause: undefined, ...this.#phase }
    if (type === 'refused') return
    this.#enter({ type: 'connecting', attempt, ...(cause && { cause }) })
  }

  open(): void {
    this.#openedMs = this.#clock.elapsed()
    const gapMsBefore = this.#opened ? Math.round(this.#openedMs - this.#down.elapsedMs) : 0
    this.#gapMs += gapMsBefore
    if (this.#opened) this.#reconnects++
    this.#opened = true
    this.#enter({ type: 'open', since: this.#clock.now(), openMs: 0, gapMsBefore })
  }

  /**
   * The connection that was open is gone.
   * @param silentMs how long it had given no sign of life
   */
  lost(silentMs: number): void {
    this.#down = {
      at: this.#clock.now() - silentMs,
      elapsedMs: this.#clock.elapsed() - silentMs,
    }
  }

  retrying(attempt: number, delayMs: number, cause: StreamError): void {
    this.#enter({ type: 'retrying', since: this.#down.at, attempt, delayMs, cause })
  }

  /** @param delayMs until it is tried again; undefined where it is not */
  refused(cause: StreamError, delayMs?: number): void {
    const phase = this.#phase
    if (phase.type === 'refused' && isSame(phase.cause, cause)) return
    this.#enter({ type: 'refused', at: this.#clock.now(), cause, delayMs })
  }

  /** One that is refused stays so. */
  ended(cause: StreamError | undefined): void {
    if (this.#phase.type === 'refused') return
    this.#enter({ type: 'ended', at: this.#clock.now(), cause })
  }

  #enter(phase: Phase): void {
    const previous = this.status
    this.#phase = phase
    this.#onStatus(this.status, previous)
  }
}

function isSame(a: StreamError, b: StreamError): boolean {
  return a.code === b.code && a.status === b.status && a.message === b.message
}
