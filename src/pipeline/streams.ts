import type { CustomerEntry } from '../input/entries.js'

/** Runs one entry's stream until it ends or the signal aborts. */
export type RunStream = (entry: CustomerEntry, signal: AbortSignal) => Promise<void>

type Running = { readonly controller: AbortController; readonly done: Promise<void> }

export type StreamsOptions = {
  readonly run: RunStream
  /** Ends them all. */
  readonly stopping: AbortSignal
  /** Is told that a stream has thrown, which none should. */
  readonly onFailure: () => void
}

/** The streams that are running, one an entry; entries come and go while the program runs. */
export class Streams {
  readonly #options: StreamsOptions
  readonly #running = new Map<string, Running>()
  /** Streams under way and changes not yet made; all is over when there is none. */
  #open = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined
  #finish: () => void = () => {}
  #fail: (error: unknown) => void = () => {}

  /** Resolves when no stream runs any more; rejects then with what a stream has thrown, if any did. */
  readonly done = new Promise<void>((resolve, reject) => {
    this.#finish = resolve
    this.#fail = reject
  })

  constructor(options: StreamsOptions) {
    this.#options = options
    // Whoever waits comes later than the first stream may fail.
    this.done.catch(() => {})
  }

  /** Whether there was none left: who waited for that goes on to close what they deliver to. */
  get ended(): boolean {
    return this.#ended
  }

  /** Starts these entries; where one of that name runs, it is stopped first and waited for. */
  start(entries: readonly CustomerEntry[]): void {
    for (const entry of entries) {
      const previous = this.stop(entry.name)
      const controller = new AbortController()
      const signal = AbortSignal.any([controller.signal, this.#options.stopping])
      const done = this.change(async () => {
        await previous
        await this.#options.run(entry, signal)
      })
      this.#running.set(entry.name, { controller, done })
    }
  }

  /** Stops an entry; resolves when what it had received is delivered. */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name)
    running?.controller.abort()
    await running?.done
    if (this.#running.get(name) === running) this.#running.delete(name)
  }

  /** Makes a change, during which the program must not end for want of streams. */
  async change(work: () => Promise<void>): Promise<void> {
    this.#open++
    try {
      await work()
    } catch (error) {
      const { stopping, onFailure } = this.#options
      // Such as a reload that was waiting for the input file: the end was asked for.
      if (stopping.aborted && error === stopping.reason) return
      this.#failure ??= { error }
      onFailure()
    } finally {
      this.#open--
      if (this.#open === 0) this.#end()
    }
  }

  #end(): void {
    this.#ended = true
    if (this.#failure) this.#fail(this.#failure.error)
    else this.#finish()
  }
}
