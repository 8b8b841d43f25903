import type { CustomerEntry } from './input/entries.js'

/** Runs one entry's stream until it ends or the signal aborts. */
export type RunStream = (entry: CustomerEntry, signal: AbortSignal) => Promise<void>

type Running = { readonly controller: AbortController; readonly done: Promise<void> }

/** The streams that are running, one an entry; entries come and go while the program runs. */
export class Streams {
  readonly #run: RunStream
  readonly #stopping: AbortSignal
  readonly #running = new Map<string, Running>()
  /** Streams under way and changes not yet made; all is over when there is none. */
  #open = 0
  #finish: () => void = () => {}
  #fail: (error: unknown) => void = () => {}

  /** Resolves when no stream runs any more; rejects when one of them throws, which none should. */
  readonly done = new Promise<void>((resolve, reject) => {
    this.#finish = resolve
    this.#fail = reject
  })

  constructor(run: RunStream, stopping: AbortSignal) {
    this.#run = run
    this.#stopping = stopping
  }

  start(entries: readonly CustomerEntry[]): void {
    for (const entry of entries) {
      const controller = new AbortController()
      const signal = AbortSignal.any([controller.signal, this.#stopping])
      const done = this.#hold(this.#run(entry, signal))
      this.#running.set(entry.name, { controller, done })
    }
  }

  /** Stops entries by name; resolves when what they had received is delivered. */
  async stop(names: readonly string[]): Promise<void> {
    const stopped = names
      .map((name) => this.#running.get(name))
      .filter((each) => each !== undefined)
    for (const { controller } of stopped) controller.abort()
    for (const name of names) this.#running.delete(name)
    await Promise.all(stopped.map(({ done }) => done))
  }

  /** Makes a change during which the program must not end for want of streams. */
  change(work: () => Promise<void>): Promise<void> {
    return this.#hold(work())
  }

  async #hold(work: Promise<void>): Promise<void> {
    this.#open++
    try {
      await work
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#open--
      if (this.#open === 0) this.#finish()
    }
  }
}
