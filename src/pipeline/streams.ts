/** The work of one stream; resolves when it has ended. */
export type Work = (signal: AbortSignal) => Promise<void>

type Running = { readonly controller: AbortController; readonly done: Promise<void> }

type StreamsOptions = {
  /** Ends them all. */
  readonly stopping: AbortSignal
  /** Called when a stream has thrown. None should. */
  readonly onFailure: () => void
}

/** The streams that are running, one for each name; they come and go while the program runs. */
export class Streams {
  readonly #options: StreamsOptions
  readonly #running = new Map<string, Running>()
  /** Streams, and changes that may start some. */
  readonly #open = new Set<Promise<void>>()
  #ended = false
  #failure: { readonly error: unknown } | undefined

  constructor(options: StreamsOptions) {
    this.#options = options
    const { stopping } = options
    stopping.addEventListener('abort', () => this.stopAll(stopping.reason), { once: true })
  }

  /** Whether all of them have ended, and {@link finished} has resolved. */
  get ended(): boolean {
    return this.#ended
  }

  get names(): readonly string[] {
    return [...this.#running.keys()]
  }

  /** Starts a stream; where one of that name runs, that one is stopped first and waited for. */
  start(name: string, work: Work): void {
    const previous = this.stop(name)
    const { stopping } = this.#options
    const controller = new AbortController()
    if (stopping.aborted) controller.abort(stopping.reason)
    const done = this.track(async () => {
      await previous
      return work(controller.signal)
    })
    this.#running.set(name, { controller, done })
  }

  /** Stops a stream; resolves when what it had received is delivered. */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name)
    running?.controller.abort()
    await running?.done
    if (this.#running.get(name) === running) this.#running.delete(name)
  }

  stopAll(reason?: unknown): void {
    for (const { controller } of this.#running.values()) controller.abort(reason)
  }

  /** Runs work during which the streams must not count as ended. */
  track(work: () => Promise<void>): Promise<void> {
    const done = this.#guard(work).finally(() => this.#open.delete(done))
    this.#open.add(done)
    return done
  }

  /**
   * Resolves when no stream runs any more.
   * @throws the first error that a stream has thrown
   */
  async finished(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
    this.#ended = true
    if (this.#failure) throw this.#failure.error
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const { stopping, onFailure } = this.#options
      // Such as a reload that was waiting for the input file when the end was asked for.
      if (stopping.aborted && error === stopping.reason) return
      this.#failure ??= { error }
      onFailure()
    }
  }
}
