import { setMaxListeners } from 'node:events'

// An end takes 10 s at most: nine for delivering, the rest to write down what was not delivered; what
// hangs then is cut.
const FINISH_MS = 9_000
const WRITE_DOWN_MS = 800
const CUT_MS = 200

/** The moments of an orderly end, shared by everything that runs. */
export class Shutdown {
  readonly #stopping = new AbortController()
  readonly #expired = new AbortController()
  readonly #over = new AbortController()
  #timer: NodeJS.Timeout | undefined

  readonly #cut: () => void

  /** @param cut ends the process at once; for what still hangs when all time is over */
  constructor(cut: () => void) {
    this.#cut = cut
    // All entries and exporters listen to the same few signals: a thousand listeners are no leak.
    setMaxListeners(0, this.stopping, this.expired, this.over)
  }

  /** Aborts when the end begins: stop reading, finish what was received. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Aborts when the time for finishing is over: give up what is left. */
  get expired(): AbortSignal {
    return this.#expired.signal
  }

  /** Aborts when even dead letter and recording must let go. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Begins the end; from the second call on nothing happens. */
  begin(): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort()
    this.#after(FINISH_MS, () => {
      this.#expired.abort()
      this.#after(WRITE_DOWN_MS, () => {
        this.#over.abort()
        this.#after(CUT_MS, this.#cut)
      })
    })
  }

  #after(delayMs: number, work: () => void): void {
    this.#timer = setTimeout(work, delayMs)
  }

  /** All is done: lets go of the timer. */
  done(): void {
    clearTimeout(this.#timer)
  }
}
