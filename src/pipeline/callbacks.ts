import { isThenable } from '../outputs/load-module.js'

/**
 * The functions that a caller of the library gave. They are called from timers and sockets, where an error
 * would end the process. What one of them throws is kept, the stream ends, and the loop throws it.
 */
export class Callbacks {
  readonly #end: () => void
  /** None is called after one has failed. */
  #hasFailed = false
  /** Until the loop has thrown it; an object, since anything can be thrown. */
  #failure: { readonly thrown: unknown } | undefined

  /** @param end ends the stream */
  constructor(end: () => void) {
    this.#end = end
  }

  /** The function as the stream calls it: it never throws, and its promise is not awaited. */
  guard<Args extends unknown[]>(
    call: ((...args: Args) => unknown) | undefined,
  ): (...args: Args) => void {
    const fail = (thrown: unknown) => this.#fail(thrown)
    return (...args) => {
      if (!call || this.#hasFailed) return
      try {
        const returned = call(...args)
        if (isThenable(returned)) Promise.resolve(returned).catch(fail)
      } catch (thrown) {
        fail(thrown)
      }
    }
  }

  /** @throws what a function threw, once */
  rethrow(): void {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.thrown
  }

  #fail(thrown: unknown): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#failure = { thrown }
    this.#end()
  }
}
