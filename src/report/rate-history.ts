/** An hour of ten seconds each. */
export const SAMPLE_MS = 10_000
const MOST = 360

/** The messages a second of the last hour. */
export class RateHistory {
  readonly #rates: number[] = []
  #last: { readonly messages: number; readonly atMs: number } | undefined

  /** The oldest first. */
  get rates(): readonly number[] {
    return this.#rates
  }

  /**
   * Call it every {@link SAMPLE_MS}.
   * @param messages received so far
   * @param atMs by a monotonic clock
   */
  sample(messages: number, atMs: number): void {
    const before = this.#last
    this.#last = { messages, atMs }
    if (!before || atMs <= before.atMs) return
    this.#rates.push(Math.max(0, messages - before.messages) / ((atMs - before.atMs) / 1000))
    if (this.#rates.length > MOST) this.#rates.shift()
  }
}
