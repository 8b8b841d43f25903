import { setMaxListeners } from 'node:events'
import { type FailureCode, StreamError } from '../errors.js'
import type { Host } from '../net/host.js'

/** Keys without an answer after which a host that has not answered yet is asked for no other. */
const ENOUGH = 2

/** What lies at the way to a host, and would meet its next key just as well. */
const ON_THE_WAY: readonly FailureCode[] = [
  ...(['timed-out', 'unreachable', 'proxy-failed'] as const),
  'certificate-untrusted',
]

/** Whether a host answers while many keys are validated: a dead one costs one time-out, not one a key. */
export class Silence {
  readonly #giveUp = new AbortController()
  /** Entries with the same key share a call, and its fault. */
  readonly #faults = new Set<StreamError>()
  #answered = false
  /** Aborts with the signal of all, and with the second fault where there was no answer before. */
  readonly signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#giveUp.signal])
    // Every key under way listens: Node would warn of a leak from the eleventh on.
    setMaxListeners(0, this.signal)
  }

  /** Takes note of what a validation comes to, which is passed on. */
  async watch<T>(validation: Promise<T>): Promise<T> {
    try {
      const result = await validation
      this.#answered = true
      return result
    } catch (error) {
      if (error instanceof StreamError) this.#note(error)
      throw error
    }
  }

  #note(error: StreamError): void {
    if (!ON_THE_WAY.includes(error.code)) this.#answered = true
    this.#faults.add(error)
    if (!this.#answered && this.#faults.size >= ENOUGH) this.#giveUp.abort(error)
  }
}

/** One a host. */
export class Silences {
  readonly #signal: AbortSignal
  readonly #byHost = new Map<string, Silence>()

  /** @param signal ends all validations */
  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  of({ authority, secure }: Host): Silence {
    const name = `${authority} ${secure}`
    const silence = this.#byHost.get(name) ?? new Silence(this.#signal)
    this.#byHost.set(name, silence)
    return silence
  }
}
