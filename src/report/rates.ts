import { formatCount } from '../text.js'
import type { EntrySnapshot, Snapshot } from './snapshot.js'

/** The rate is that of the last five seconds. */
const RATE_MS = 5000

/** Messages a second of a subscription. */
export type RateOf = (entry: EntrySnapshot) => number

/** Makes a function that measures the rates of the last seconds. Call it for each drawing. */
export function createRates(): (snapshot: Snapshot) => RateOf {
  const samples: { upMs: number; messages: Map<string, number> }[] = []
  return ({ entries, upMs }) => {
    const messages = new Map(entries.map((entry) => [entry.label, entry.messages]))
    samples.push({ upMs, messages })
    while (samples[1] && upMs - samples[1].upMs >= RATE_MS) samples.shift()
    const [oldest] = samples
    return ({ label, messages }) => {
      if (!oldest || upMs <= oldest.upMs) return 0
      const before = oldest.messages.get(label) ?? messages
      // An entry that a reload has replaced counts from zero.
      return (Math.max(0, messages - before) * 1000) / (upMs - oldest.upMs)
    }
  }
}

export function formatRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))
}

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
