/** What a shutdown may take: what an exporter has not delivered by then is given up. */
// A second less than the 10 s that users were promised: closing sockets and the dead letter takes time too.
const FINISH_MS = 9_000

/** The two moments of an orderly end, shared by everything that runs. */
export class Shutdown {
  readonly #stopping = new AbortController()
  readonly #expired = new AbortController()
  #timer: NodeJS.Timeout | undefined

  /** Aborts when the end begins: stop reading, finish what was received. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Aborts when the time for finishing is over: give up what is left. */
  get expired(): AbortSignal {
    return this.#expired.signal
  }

  /** Begins the end; from the second call on nothing happens. */
  begin(): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort()
    this.#timer = setTimeout(() => this.#expired.abort(), FINISH_MS)
  }

  /** All is done: lets go of the timer. */
  done(): void {
    clearTimeout(this.#timer)
  }
}
