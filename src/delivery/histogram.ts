/** Counts how long things took, for Prometheus. */
export class Histogram {
  /** Upper bounds, seconds, rising. */
  readonly bounds: readonly number[]
  /** How many were up to each bound, those of the bounds below it not included; the last one had none. */
  readonly counts: number[]
  /** Seconds. */
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(seconds: number): void {
    // Two clocks that disagree must not make a negative time.
    const time = Math.max(0, seconds)
    let at = 0
    while (time > (this.bounds[at] ?? Number.POSITIVE_INFINITY)) at++
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += time
  }
}

/** From a tenth of a second to an hour: what Central needs for an event, and what it keeps for a reconnect. */
export const DELAY_BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600] as const
/** From a local file to a receiver that is away for a while. */
export const EXPORT_BOUNDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600,
] as const
