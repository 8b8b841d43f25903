import { type Clock, sleep } from '../clock.js'
import type { StreamError } from '../errors.js'
import type { SendQueueOptions } from './delivery.js'

type RetriesOptions = Pick<SendQueueOptions<never>, 'delayMs' | 'retryLog' | 'steadyMs'>

/** The failures in a row of one queue, and the waits between its tries. */
export class Retries {
  readonly #options: RetriesOptions
  readonly #clock: Clock
  #failures = 0
  #steadyTimer: unknown
  #endPause = () => {}

  constructor(options: RetriesOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Waits before the next try. */
  async afterFailure(error: StreamError): Promise<void> {
    const { delayMs, retryLog } = this.#options
    this.#clock.clearTimeout(this.#steadyTimer)
    this.#failures++
    retryLog.failed(this, error)
    const pause = new AbortController()
    this.#endPause = () => pause.abort()
    const waitMs = Math.max(delayMs(this.#failures), error.retryAfterMs ?? 0)
    await sleep(waitMs, this.#clock, pause.signal).catch(() => {})
  }

  /** Ends the wait before the next try. */
  endPause(): void {
    this.#endPause()
  }

  /** Something has arrived: the next wait is short again. */
  progress(): void {
    this.#failures = 0
  }

  /** A delivery has worked. Trouble is over now, or once the output has worked for a while. */
  succeeded(): void {
    const { steadyMs = 0 } = this.#options
    this.#clock.clearTimeout(this.#steadyTimer)
    if (this.#failures === 0 || steadyMs === 0) this.works()
    else this.#steadyTimer = this.#clock.setTimeout(() => this.works(), steadyMs)
  }

  works(): void {
    this.#failures = 0
    this.#options.retryLog.works(this)
  }

  close(): void {
    this.#clock.clearTimeout(this.#steadyTimer)
  }
}
