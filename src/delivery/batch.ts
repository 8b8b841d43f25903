import type { Clock } from '../clock.js'
import type { StreamError } from '../errors.js'
import type { ByteBudget } from './byte-budget.js'
import type { RetryLog } from './retries.js'

/** Items that are delivered together, in order. It shrinks as parts of it are delivered. */
export interface Batch<Item> {
  readonly items: readonly Item[]
  /** What is sent of each item. */
  readonly lines: readonly Uint8Array[]
  /** Whether the queue is closing: what the output refuses now is not worth another try. */
  closing(): boolean
  /** Why no further delivery may begin: the time is over. */
  expired(): StreamError | undefined
  /** The first so many items have arrived, whatever becomes of the rest. */
  delivered(count: number): void
  /** The output refuses the first item for itself: it is given up. */
  refused(error: StreamError): void
  /** Takes more of what waits into the batch, as far as its limits allow. */
  fill(): void
}

/** A batch goes out when it is full or old enough. */
export type BatchLimits = {
  readonly maxCount?: number
  /** Bytes of all lines; more only where a single line is longer. */
  readonly maxBytes: number
  /** How long the first item waits for others, milliseconds; default: this turn of the event loop. */
  readonly maxAgeMs?: number
}

export type SendQueueOptions<Item> = {
  /** What is sent of an item. Where it throws, that item is given up. */
  encode(item: Item): Uint8Array
  /** Bytes that an item keeps in memory in addition to its line; default: none. */
  heldBytes?(item: Item): number
  /**
   * Delivers a batch; called again only when it has settled. Its error says what to do: one whose
   * `retry` is set: try again; `output-closed`: nothing will ever be taken; any other: give the batch up.
   */
  deliver(batch: Batch<Item>, signal: AbortSignal): Promise<void>
  /** Called at the end, when all is delivered; retried like a delivery. */
  finish?(signal: AbortSignal): Promise<void>
  /** Counts items that were accepted. */
  accepted?(count: number): void
  /** What became of items, in order: delivered, or given up with an error. */
  settled(items: readonly Item[], error: StreamError | undefined): void
  /** Gets what was sent of an item that is delivered; the queue does not read it any more. */
  readonly release?: ((line: Uint8Array) => void) | undefined
  /** Counts items that are sent once more. */
  retried?(count: number): void
  readonly batch: BatchLimits
  /** Bounds what waits; several queues may share one. */
  readonly budget: ByteBudget
  /** How long to wait before the next try, milliseconds, after so many failures in a row. */
  delayMs(failures: number): number
  readonly retryLog: RetryLog
  /** An output must work for so long before its trouble counts as over; default 0. */
  readonly steadyMs?: number
  /** Aborts when the end begins. */
  readonly stopping?: AbortSignal
  /**
   * Aborts before `graceOver`: what is in trouble, or took nothing since the end began, gives up if there is no room
   * for more, also during a try.
   */
  readonly holdOver?: AbortSignal | undefined
  /** Aborts when what waits before its next try gives up. */
  readonly graceOver?: AbortSignal
  /** Aborts when what has been under way since `graceOver` gives up; default: at `graceOver`. */
  readonly overdue?: AbortSignal
  /**
   * What goes on after `graceOver`. `none`: no delivery begins. Else deliveries go on until `forced`, and a queue
   * gives up at `overdue` where some of what waited at `graceOver` still does; with `some` (default) also where it
   * has no room, and so holds others up. With `all` it does not: nothing keeps what the queue gives up.
   */
  readonly lateWork?: 'none' | 'some' | 'all'
  /** Aborts when everything stops at once. */
  readonly forced: AbortSignal
  /** Why items are given up at the end. */
  readonly late: string
  readonly clock?: Clock
}

/** An item that waits, what is sent of it, and the bytes that it keeps in memory. */
export type WaitingItem<Item> = {
  readonly item: Item
  readonly line: Uint8Array
  readonly heldBytes: number
}

/** Items that wait for their turn, in order. Those that are taken out are not referenced any more. */
export class WaitingItems<Item> {
  readonly #maxCount: number
  readonly #maxBytes: number
  readonly #items: WaitingItem<Item>[] = []
  #lineBytes = 0

  constructor({ maxCount = Number.POSITIVE_INFINITY, maxBytes }: BatchLimits) {
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  get length(): number {
    return this.#items.length
  }

  /** Whether there is enough for a full batch. */
  get hasBatch(): boolean {
    return this.#items.length >= this.#maxCount || this.#lineBytes >= this.#maxBytes
  }

  push(item: WaitingItem<Item>): void {
    this.#items.push(item)
    this.#lineBytes += item.line.length
  }

  /** @param begun what is in the batch already */
  takeBatch(begun: readonly WaitingItem<Item>[] = []): WaitingItem<Item>[] {
    const begunBytes = begun.reduce((sum, { line }) => sum + line.length, 0)
    let count = begun.length
    let bytes = begunBytes
    for (const { line } of this.#items) {
      if (count >= this.#maxCount || (count > 0 && bytes + line.length > this.#maxBytes)) break
      bytes += line.length
      count++
    }
    this.#lineBytes -= bytes - begunBytes
    return this.#items.splice(0, count - begun.length)
  }

  takeAll(): WaitingItem<Item>[] {
    this.#lineBytes = 0
    return this.#items.splice(0)
  }
}
