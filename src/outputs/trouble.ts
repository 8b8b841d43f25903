import type { StreamError } from '../errors.js'
import type { Logger } from '../log.js'

/**
 * A sink's trouble, told once when it begins, once for each new kind of failure, and once when it is
 * over, however often it is tried in between.
 */
export class Trouble {
  readonly #log: Logger
  readonly #now: () => number
  readonly #told = new Set<string>()
  #failures = 0
  #since = 0

  /** @param now milliseconds since any fixed point */
  constructor(log: Logger, now = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** How often it failed since it last worked. */
  get failures(): number {
    return this.#failures
  }

  failed(error: StreamError): void {
    if (this.#failures === 0) this.#since = this.#now()
    this.#failures += 1
    const kind = `${error.code} ${error.status ?? ''}`
    if (this.#told.has(kind)) return
    this.#told.add(kind)
    this.#log.warn(`${error.message}; trying again until it works, messages wait`, {
      code: error.code,
    })
  }

  mended(): void {
    if (this.#failures === 0) return
    const seconds = Math.round((this.#now() - this.#since) / 1000)
    const tries = this.#failures === 1 ? 'one failure' : `${this.#failures} failures`
    this.#log.info(`works again after ${tries} in ${seconds} s`)
    this.#failures = 0
    this.#told.clear()
  }
}
