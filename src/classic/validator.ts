import { untilAborted } from '../clock.js'
import { StreamError } from '../errors.js'
import { type Host, isSameHost } from '../net/host.js'
import type { Limiter } from '../net/limiter.js'
import type { Secret } from '../secret.js'
import type { Validation } from './validate-key.js'

export type Validate = (host: Host, key: Secret, signal: AbortSignal) => Promise<Validation>

type Call = {
  readonly host: Host
  readonly key: Secret
  /** Of the one who asked first. */
  readonly signal: AbortSignal
  readonly answer: Promise<Validation>
}

/**
 * Shares validations: who asks for a key of a host while it is being validated waits for that
 * answer. As many calls as the limiter has places are under way at a time.
 */
export function createValidator(validate: Validate, limiter: Limiter): Validate {
  const calls = new Set<Call>()

  async function acquireAndValidate(host: Host, key: Secret, signal: AbortSignal) {
    const release = await limiter.acquire(signal, host.authority)
    try {
      const validation = await validate(host, key, signal)
      release('answered')
      return validation
    } catch (error) {
      const answered = error instanceof StreamError && error.status !== undefined
      release(answered ? 'answered' : signal.aborted ? 'aborted' : 'unanswered')
      throw error
    }
  }

  function begin(host: Host, key: Secret, signal: AbortSignal): Call {
    const answer = acquireAndValidate(host, key, signal)
    const call = { host, key, signal, answer }
    calls.add(call)
    const done = () => calls.delete(call)
    answer.then(done, done)
    return call
  }

  function underWay(host: Host, key: Secret): Call | undefined {
    for (const call of calls) if (isFor(call, host, key)) return call
    return undefined
  }

  return async (host, key, signal) => {
    for (;;) {
      signal.throwIfAborted()
      const call = underWay(host, key) ?? begin(host, key, signal)
      try {
        return await untilAborted(call.answer, signal)
      } catch (error) {
        // Who asked first may have left; the others still want to know.
        if (signal.aborted || !call.signal.aborted) throw error
      }
    }
  }
}

function isFor(call: Call, host: Host, key: Secret): boolean {
  return isSameHost(call.host, host) && call.key.equals(key)
}
