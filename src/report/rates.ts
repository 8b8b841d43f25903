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
