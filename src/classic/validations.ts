import { setMaxListeners } from 'node:events'
import { untilAborted } from '../clock.js'
import { type FailureCode, StreamError } from '../errors.js'
import { getOrMake } from '../maps.js'
import { type Host, isSameHost } from '../net/host.js'
import { type Limiter, withPlace } from '../net/limiter.js'
import type { Secret } from '../secret.js'
import type { Validation } from './validate-key.js'

export type Validate = (host: Host, key: Secret, signal: AbortSignal) => Promise<Validation>

type Call = {
  readonly host: Host
  readonly key: Secret
  /** Of the first caller. */
  readonly signal: AbortSignal
  readonly answer: Promise<Validation>
}

/**
 * Shares validations: while a key of a host is being validated, further callers wait for that answer.
 * The limiter bounds how many calls are under way.
 */
export function shareValidations(validate: Validate, limiter: Limiter): Validate {
  const calls = new Set<Call>()

  function begin(host: Host, key: Secret, signal: AbortSignal): Call {
    const attempt = () => validate(host, key, signal)
    const answer = withPlace(limiter, host.authority, signal, attempt)
    const call = { host, key, signal, answer }
    calls.add(call)
    const done = () => calls.delete(call)
    answer.then(done, done)
    return call
  }

  function underWay(host: Host, key: Secret): Call | undefined {
    for (const call of calls) {
      if (isSameHost(call.host, host) && call.key.equals(key)) return call
    }
    return undefined
  }

  return async (host, key, signal) => {
    for (;;) {
      signal.throwIfAborted()
      const call = underWay(host, key) ?? begin(host, key, signal)
      try {
        return await untilAborted(call.answer, signal)
      } catch (error) {
        // The first caller may have left, while the others still need the answer.
        if (signal.aborted || !call.signal.aborted) throw error
      }
    }
  }
}

/** After this many keys without an answer, a host that has never answered is asked about no other key. */
const MAX_UNANSWERED = 2

/** Faults of the network or the host. The next key of the host would meet them as well. */
const HOST_FAULTS: readonly FailureCode[] = [
  'timed-out',
  'unreachable',
  'proxy-failed',
  'certificate-untrusted',
]

/**
 * Validates many keys. A host that does not answer must not cost a time-out for each key: after two
 * keys without an answer it is asked about no other.
 * @param signal ends all validations
 */
export function withCircuitBreaker(
  validate: Validate,
  signal: AbortSignal,
): (host: Host, key: Secret) => Promise<Validation> {
  const breakers = new Map<string, CircuitBreaker>()
  return (host, key) => {
    const name = `${host.authority} ${host.secure}`
    const breaker = getOrMake(breakers, name, () => new CircuitBreaker(signal))
    return breaker.watch(validate(host, key, breaker.signal))
  }
}

/** Watches the validations of one host. */
class CircuitBreaker {
  readonly #open = new AbortController()
  /** Entries with the same key share a call, and its fault. */
  readonly #faults = new Set<StreamError>()
  #answered = false
  /** Aborts with the signal of all, and with the second fault where there was no answer before. */
  readonly signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#open.signal])
    // Every key under way listens: Node would warn of a leak from the eleventh on.
    setMaxListeners(0, this.signal)
  }

  /** Passes on the result of a validation, and notes whether the host answered. */
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
    if (!HOST_FAULTS.includes(error.code)) this.#answered = true
    this.#faults.add(error)
    if (!this.#answered && this.#faults.size >= MAX_UNANSWERED) this.#open.abort(error)
  }
}
