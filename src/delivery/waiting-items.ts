import type { BatchLimits } from './delivery.js'

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

  /** Whether there is enough for a batch. */
  get fillBatch(): boolean {
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
