import type { Clock } from '../clock.js'
import type { StreamError } from '../errors.js'
import type { Phase, Status } from './status.js'

/** Called at each change, with what was so before. */
export type StatusListener = (status: Status, previous: Status) => void

/** Keeps one entry's `Status`; the only thing that does. */
export class StatusTracker {
  readonly #clock: Clock
  readonly #onStatus: StatusListener
  #phase: Phase = { type: 'connecting', attempt: 1 }
  #frames = 0
  #bytes = 0
  #lastFrameAt: number | undefined
  #lastFrameMs = 0
  #openedMs = 0
  #reconnects = 0
  #gapMs = 0
  /** Since when there is no connection; what is shown, and what is measured by. */
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
      ...(phase.type === 'open' ? { ...phase, openMs: nowMs - this.#openedMs } : phase),
      frames: this.#frames,
      bytes: this.#bytes,
      lastFrameAt: this.#lastFrameAt,
      frameAgeMs: this.#lastFrameAt === undefined ? undefined : nowMs - this.#lastFrameMs,
      reconnects: this.#reconnects,
      gapMs: this.#gapMs,
    }
  }

  frame(bytes: number, receivedAt: number): void {
    this.#frames++
    this.#bytes += bytes
    this.#lastFrameAt = receivedAt
    this.#lastFrameMs = this.#clock.elapsed()
  }

  connecting(attempt: number): void {
    this.#enter({ type: 'connecting', attempt })
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
   * @param silentMs for how long it had been dead by then
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

  refused(cause: StreamError): void {
    this.#enter({ type: 'refused', at: this.#clock.now(), cause })
  }

  ended(cause: StreamError | undefined): void {
    this.#enter({ type: 'ended', at: this.#clock.now(), cause })
  }

  #enter(phase: Phase): void {
    const previous = this.status
    this.#phase = phase
    this.#onStatus(this.status, previous)
  }
}
