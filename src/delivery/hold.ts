import { type Clock, systemClock } from '../clock.js'

/** The writes that an output has not taken yet. The streams that made them wait for it. */
export class Hold {
  /** As the log and the metrics name it. */
  readonly name: string
  /** Whether a write waits for itself alone: the other entries go on. */
  readonly ofEntry: boolean
  readonly #clock: Pick<Clock, 'elapsed'>
  /** The oldest first. */
  readonly #writes = new Set<{ readonly sinceMs: number }>()

  constructor(name: string, ofEntry = false, clock: Pick<Clock, 'elapsed'> = systemClock) {
    this.name = name
    this.ofEntry = ofEntry
    this.#clock = clock
  }

  /** How long the oldest write has been waiting, milliseconds; 0 where none waits. */
  get heldMs(): number {
    const [oldest] = this.#writes
    return oldest ? this.#clock.elapsed() - oldest.sinceMs : 0
  }

  /** Counts a write until it resolves. */
  async during(write: Promise<void>): Promise<void> {
    const own = { sinceMs: this.#clock.elapsed() }
    this.#writes.add(own)
    try {
      await write
    } finally {
      this.#writes.delete(own)
    }
  }
}
