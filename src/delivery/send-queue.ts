import { setImmediate } from 'node:timers/promises'
import { type Clock, sleep, systemClock, untilAborted } from '../clock.js'
import { StreamError, toStreamError } from '../errors.js'
import type { Batch, SendQueueOptions } from './delivery.js'
import { type WaitingItem, WaitingItems } from './waiting-items.js'

/**
 * Accepts items and delivers them in order. It bounds the bytes that wait (an item keeps its frame in
 * memory until it is delivered), hands out batches, retries, and gives up at the end. A delivered item
 * is not referenced any more.
 */
export class SendQueue<Item> {
  readonly #options: SendQueueOptions<Item>
  readonly #clock: Clock
  readonly #gaveUp = new AbortController()
  readonly #waiting: WaitingItems<Item>
  /** When the first waiting item came. */
  #sinceMs = 0
  /** What is left of the batch that is being delivered. */
  #sending: WaitingItem<Item>[] = []
  #running: Promise<void> | undefined
  #busy = false
  #closing = false
  #failure: StreamError | undefined
  #failures = 0
  #interruption: StreamError | undefined
  #steadyTimer: unknown
  #endPause = () => {}
  #batchReady = () => {}
  readonly #onGraceOver = () => {
    if (this.#busy || this.#options.endsAtGrace) this.#onForced()
  }
  readonly #onForced = () => this.fail(new StreamError('export-failed', this.#options.late))

  constructor(options: SendQueueOptions<Item>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#waiting = new WaitingItems(options.batch)
    const { graceOver, forced, endsAtGrace } = options
    graceOver?.addEventListener('abort', this.#onGraceOver, { once: true })
    forced.addEventListener('abort', this.#onForced, { once: true })
    if (forced.aborted || (endsAtGrace && graceOver?.aborted)) this.#onForced()
  }

  /** Whether all accepted items are delivered or given up. */
  get idle(): boolean {
    return this.#running === undefined || this.#failure !== undefined
  }

  /** Whether nothing is delivered any more. */
  get gaveUp(): boolean {
    return this.#failure !== undefined
  }

  /** Accepts items; resolves when there is room for more. */
  write(items: readonly Item[]): Promise<void> {
    for (const item of items) this.#push(item)
    if (this.#waiting.length > 0) this.#running ??= this.#run()
    if (this.#waiting.fillBatch) this.#batchReady()
    return this.#options.budget.room()
  }

  /**
   * What was delivered may be lost after all. This counts as a failed delivery: after a wait `deliver`
   * is called again, with an empty batch where nothing waits.
   */
  interrupt(error: StreamError): void {
    if (this.#busy || this.#failure) return
    this.#interruption = error
    this.#running ??= this.#run()
    this.#batchReady()
  }

  /** Gives up all that waits and all that follows. */
  fail(error: StreamError): void {
    if (this.#failure) return
    this.#failure = error
    this.#settleBatch(error)
    this.#settle(this.#waiting.takeAll(), error)
    this.#gaveUp.abort()
    this.#endPause()
    this.#batchReady()
  }

  /** Ends the wait before the next try. */
  retryNow(): void {
    this.#endPause()
  }

  /** Resolves when all is delivered or given up. */
  async close(): Promise<void> {
    this.#closing = true
    this.#batchReady()
    this.retryNow()
    if (this.#options.finish) this.#running ??= this.#run()
    if (this.#running && !this.#failure) {
      await untilAborted(this.#running, this.#gaveUp.signal).catch((error: unknown) => {
        if (!this.#failure) throw error
      })
    }
    this.#clock.clearTimeout(this.#steadyTimer)
    const { graceOver, forced } = this.#options
    graceOver?.removeEventListener('abort', this.#onGraceOver)
    forced.removeEventListener('abort', this.#onForced)
  }

  #push(item: Item): void {
    if (this.#failure) {
      this.#options.settled([item], this.#failure)
      return
    }
    try {
      const line = this.#options.encode(item)
      const heldBytes = line.length + (this.#options.heldBytes?.(item) ?? 0)
      if (this.#waiting.length === 0) this.#sinceMs = this.#clock.elapsed()
      this.#waiting.push({ item, line, heldBytes })
      this.#options.budget.add(heldBytes)
    } catch (error) {
      this.#options.settled([item], toStreamError(error))
    }
  }

  async #run(): Promise<void> {
    const { finish } = this.#options
    while (!this.#failure && (this.#waiting.length > 0 || this.#interruption)) {
      if (!this.#interruption) await this.#gather()
      this.#busy = true
      const lost = this.#interruption
      this.#interruption = undefined
      if (lost) await this.#backOff(lost, 0)
      this.#sending = this.#waiting.takeBatch()
      this.#sinceMs = this.#clock.elapsed()
      await this.#attempt((signal) => this.#options.deliver(this.#batch(), signal))
      this.#busy = false
    }
    if (this.#closing && !this.#failure && finish) {
      this.#busy = true
      await this.#attempt(finish)
      if (!this.#failure) this.#works()
    }
    this.#running = undefined
  }

  /** Waits until a batch is full or old enough. */
  async #gather(): Promise<void> {
    const { maxAgeMs = 0 } = this.#options.batch
    if (this.#waiting.fillBatch) return
    if (maxAgeMs === 0) {
      await setImmediate()
      return
    }
    if (this.#closing) return
    await new Promise<void>((resolve) => {
      const leftMs = this.#sinceMs + maxAgeMs - this.#clock.elapsed()
      const timer = this.#clock.setTimeout(resolve, Math.max(0, leftMs))
      this.#batchReady = () => {
        this.#clock.clearTimeout(timer)
        resolve()
      }
    })
    this.#batchReady = () => {}
  }

  #batch(): Batch<Item> {
    const sending = this.#sending
    return {
      closing: () => this.#closing,
      get items() {
        return sending.map(({ item }) => item)
      },
      get lines() {
        return sending.map(({ line }) => line)
      },
      delivered: (count) => {
        this.#failures = 0
        this.#settle(sending.splice(0, count), undefined)
      },
      refused: (error) => this.#settle(sending.splice(0, 1), error),
      fill: () => {
        sending.push(...this.#waiting.takeBatch(sending))
      },
    }
  }

  /** Tries until it works, or no try is left. */
  async #attempt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#gaveUp
    while (!this.#failure) {
      try {
        await untilAborted(work(signal), signal)
        this.#settleBatch(undefined)
        this.#worksWhenSteady()
        return
      } catch (thrown) {
        if (this.#failure) return
        const error = toStreamError(thrown)
        if (error.retry) {
          await this.#backOff(error, this.#sending.length)
          continue
        }
        this.#settleBatch(error)
        if (error.code === 'output-closed') this.fail(error)
        else this.#works()
        return
      }
    }
  }

  async #backOff(error: StreamError, count: number): Promise<void> {
    const { retried, delayMs, retryLog, graceOver } = this.#options
    if (graceOver?.aborted) {
      this.#onForced()
      return
    }
    this.#clock.clearTimeout(this.#steadyTimer)
    this.#failures++
    retried?.(count)
    retryLog.failed(this, error)
    const pause = new AbortController()
    this.#endPause = () => pause.abort()
    const waitMs = Math.max(delayMs(this.#failures), error.retryAfterMs ?? 0)
    await sleep(waitMs, this.#clock, pause.signal).catch(() => {})
  }

  #worksWhenSteady(): void {
    const { steadyMs = 0 } = this.#options
    this.#clock.clearTimeout(this.#steadyTimer)
    if (this.#failures === 0 || steadyMs === 0) this.#works()
    else this.#steadyTimer = this.#clock.setTimeout(() => this.#works(), steadyMs)
  }

  #works(): void {
    this.#failures = 0
    this.#options.retryLog.works(this)
  }

  /** Settles what is left of the batch; a delivery that still hangs cannot settle it a second time. */
  #settleBatch(error: StreamError | undefined): void {
    this.#settle(this.#sending.splice(0), error)
  }

  /** Settles items, and makes room for others. */
  #settle(settled: readonly WaitingItem<Item>[], error: StreamError | undefined): void {
    if (settled.length === 0) return
    const items = settled.map(({ item }) => item)
    this.#options.settled(items, error)
    this.#options.budget.remove(settled.reduce((sum, { heldBytes }) => sum + heldBytes, 0))
  }
}
