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
  /** What became of items, in order: delivered, or given up with an error. */
  settled(items: readonly Item[], error: StreamError | undefined): void
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
  /** Aborts when what is in trouble gives up. */
  readonly graceOver?: AbortSignal
  /** At `graceOver`, give up all and not only what is in trouble. */
  readonly endsAtGrace?: boolean
  /** Aborts when everything stops at once. */
  readonly forced: AbortSignal
  /** Why items are given up at the end. */
  readonly late: string
  readonly clock?: Clock
}
