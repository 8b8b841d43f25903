import { setImmediate } from 'node:timers/promises'
import { type Clock, systemClock, untilAborted } from '../clock.js'
import { type StreamError, toStreamError } from '../errors.js'
import { type Batch, type SendQueueOptions, type WaitingItem, WaitingItems } from './batch.js'
import { Ending } from './ending.js'
import { Retries } from './retries.js'

/**
 * Accepts items and delivers them in order. It bounds the bytes that wait (an item keeps its frame in memory),
 * hands out batches, retries, and gives up at the end. A delivered item is not referenced any more.
 */
export class SendQueue<Item> {
  readonly #options: SendQueueOptions<Item>
  readonly #clock: Clock
  readonly #gaveUp = new AbortController()
  readonly #waiting: WaitingItems<Item>
  readonly #retries: Retries
  /** When the first waiting item came. */
  #sinceMs = 0
  /** What is left of the batch that is being delivered. */
  #sending: WaitingItem<Item>[] = []
  #running: Promise<void> | undefined
  readonly #ending: Ending
  /** Whether a delivery is under way, or a wait before its next try. */
  #phase: 'idle' | 'delivering' | 'pausing' = 'idle'
  #closing = false
  #failure: StreamError | undefined
  /** Whether it was closed with nothing to deliver or to finish. */
  #done = false
  #everDelivered = false
  /** What became of items of the delivery under way; one that was taken outweighs others. */
  #outcome: 'taken' | 'refused' | undefined
  #interruption: StreamError | undefined
  #batchReady = () => {}

  constructor(options: SendQueueOptions<Item>) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#waiting = new WaitingItems(options.batch)
    this.#retries = new Retries(options, this.#clock)
    this.#ending = new Ending(options, {
      ...{ phase: () => this.#phase, inTrouble: () => this.#retries.inTrouble },
      length: () => this.#sending.length + this.#waiting.length,
      fail: (error) => this.fail(error),
    })
  }

  /** Whether all accepted items are delivered or given up. */
  get idle(): boolean {
    return this.#running === undefined || this.#failure !== undefined
  }

  /** Whether nothing is delivered any more. */
  get gaveUp(): boolean {
    return this.#failure !== undefined
  }

  get #over(): boolean {
    return this.#done || this.#failure !== undefined
  }

  /** Accepts items; resolves when there is room for more. */
  write(items: readonly Item[]): Promise<void> {
    this.#options.accepted?.(items.length)
    for (const item of items) this.#push(item)
    if (this.#waiting.length > 0) this.#running ??= this.#run()
    if (this.#waiting.hasBatch) this.#batchReady()
    return this.#options.budget.room()
  }

  /**
   * What was delivered may be lost after all. This counts as a failed delivery: after a wait `deliver`
   * is called again, with an empty batch where nothing waits.
   */
  interrupt(error: StreamError): void {
    if (this.#phase !== 'idle' || this.#over) return
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
    this.#stop()
  }

  /** Ends the wait before the next try. */
  retryNow(): void {
    this.#retries.endPause()
  }

  /**
   * Resolves when all is delivered or given up; at once where nothing waits and nothing was delivered that
   * must be finished, even while the other side is away.
   */
  async close(): Promise<void> {
    this.#closing = true
    this.#batchReady()
    this.retryNow()
    const mustFinish = this.#options.finish !== undefined && this.#everDelivered
    this.#done = this.#waiting.length === 0 && this.#sending.length === 0 && !mustFinish
    if (this.#done) this.#stop()
    if (mustFinish) this.#running ??= this.#run()
    if (this.#running && !this.#over) {
      await untilAborted(this.#running, this.#gaveUp.signal).catch((error: unknown) => {
        if (!this.#over) throw error
      })
    }
    this.#retries.close()
    this.#ending.close()
  }

  #stop(): void {
    this.#gaveUp.abort()
    this.#retries.endPause()
    this.#batchReady()
  }

  #push(item: Item): void {
    const late = this.#failure ?? (this.#phase === 'idle' ? this.#ending.expired : undefined)
    try {
      if (late) throw late
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
    while (!this.#over && (this.#waiting.length > 0 || this.#interruption)) {
      if (!this.#interruption) await this.#gather()
      this.#phase = 'delivering'
      const lost = this.#interruption
      this.#interruption = undefined
      if (lost) await this.#backOff(lost, 0)
      this.#sending = this.#waiting.takeBatch()
      this.#sinceMs = this.#clock.elapsed()
      await this.#attempt((signal) => this.#options.deliver(this.#batch(), signal))
      this.#phase = 'idle'
      const { expired } = this.#ending
      if (expired) this.#settle(this.#waiting.takeAll(), expired)
    }
    if (this.#closing && !this.#over && finish) {
      this.#phase = 'delivering'
      await this.#attempt(finish)
      if (!this.#failure) this.#retries.works()
    }
    this.#running = undefined
  }

  /** Waits until a batch is full or old enough. */
  async #gather(): Promise<void> {
    const { maxAgeMs = 0 } = this.#options.batch
    if (this.#waiting.hasBatch) return
    if (maxAgeMs === 0) return setImmediate()
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
      expired: () => this.#ending.expired,
      get items() {
        return sending.map(({ item }) => item)
      },
      get lines() {
        return sending.map(({ line }) => line)
      },
      delivered: (count) => {
        this.#retries.progress()
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
    while (!this.#over) {
      this.#outcome = undefined
      try {
        await untilAborted(work(this.#gaveUp.signal), this.#gaveUp.signal)
        this.#settleBatch(undefined)
        this.#retries.succeeded(this.#outcome === 'refused')
        return
      } catch (thrown) {
        if (this.#over) return
        const error = toStreamError(thrown)
        if (error.retry) {
          await this.#backOff(error, this.#sending.length)
          continue
        }
        this.#settleBatch(error)
        if (error.code === 'output-closed' || error === this.#ending.expired) this.fail(error)
        else this.#retries.works()
        return
      }
    }
  }

  async #backOff(error: StreamError, count: number): Promise<void> {
    if (this.#ending.isNear) {
      this.#ending.giveUp()
      return
    }
    this.#options.retried?.(count)
    this.#phase = 'pausing'
    await this.#retries.afterFailure(error)
    this.#phase = 'delivering'
  }

  /** Settles what is left of the batch; a delivery that still hangs cannot settle it a second time. */
  #settleBatch(error: StreamError | undefined): void {
    this.#settle(this.#sending.splice(0), error)
  }

  /** Settles items, and makes room for others. */
  #settle(settled: readonly WaitingItem<Item>[], error: StreamError | undefined): void {
    if (settled.length === 0) return
    this.#ending.settled(settled.length)
    const items = settled.map(({ item }) => item)
    this.#everDelivered ||= error === undefined
    this.#outcome = error ? (this.#outcome ?? 'refused') : 'taken'
    this.#options.settled(items, error)
    if (!error) for (const { line } of settled) this.#options.release?.(line)
    this.#options.budget.remove(settled.reduce((sum, { heldBytes }) => sum + heldBytes, 0))
  }
}
