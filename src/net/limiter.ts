import { StreamError } from '../errors.js'
import { getOrMake } from '../maps.js'

/** How an attempt ended: the host answered, it did not, or we gave the attempt up ourselves. */
type Outcome = 'answered' | 'unanswered' | 'aborted'

/** What the error of an attempt says about its host. One that we aborted says nothing. */
export function outcomeOf(error: unknown, signal: AbortSignal): Outcome {
  if (error instanceof StreamError && error.status !== undefined) return 'answered'
  return signal.aborted ? 'aborted' : 'unanswered'
}

/** Gives a place back. Calling it again does nothing. */
export type Release = (outcome: Outcome) => void

/** Limits the attempts under way, in all and for each host, so that no host holds up another. */
export interface Limiter {
  /**
   * Waits for a place.
   * @param host the authority of the server to be asked
   * @throws the signal's reason as soon as it aborts
   */
  acquire(signal: AbortSignal, host: string): Promise<Release>
}

/**
 * Waits for a place of a host, makes an attempt, and gives the place back.
 * @throws what the attempt throws; the signal's reason as soon as it aborts while it waits
 */
export async function withPlace<T>(
  limiter: Limiter,
  host: string,
  signal: AbortSignal,
  attempt: () => Promise<T>,
): Promise<T> {
  const release = await limiter.acquire(signal, host)
  try {
    const result = await attempt()
    release('answered')
    return result
  } catch (error) {
    release(outcomeOf(error, signal))
    throw error
  }
}

/** Attempts under way at a time, over all entries: a thousand entries are no load for Central. */
const PLACES = 20
/** Places that a host may hold before it has answered. */
const FIRST_SHARE = 2
/** Places that one host may hold: a host that stops answering leaves the rest. */
const LARGEST_SHARE = 16

type Queue = {
  /** Places that the host may hold now. */
  share: number
  held: number
  readonly waiting: Set<() => void>
}

/**
 * Makes a limiter that all entries share. Each host has its own queue, and the hosts take turns. A
 * host begins with two places, gets one more with each answer, up to 16 of 20, and loses half of them
 * with each attempt without an answer. So a dead host soon holds one place, and a healthy one opens up
 * within a few round trips. An attempt that we abort says nothing about the host and changes nothing.
 */
export function createLimiter(): Limiter {
  /** In the order of their turns. Kept for good: there are as many as there are clusters. */
  const queues = new Map<string, Queue>()
  let free = PLACES

  function queueOf(host: string): Queue {
    return getOrMake(queues, host, () => ({
      share: FIRST_SHARE,
      held: 0,
      waiting: new Set(),
    }))
  }

  function admit(): void {
    while (free > 0) {
      const next = [...queues].find(
        ([, { waiting, held, share }]) => waiting.size > 0 && held < share,
      )
      if (!next) return
      const [host, queue] = next
      // Behind all others, until its next turn.
      queues.delete(host)
      queues.set(host, queue)
      const [grant] = queue.waiting
      grant?.()
    }
  }

  function take(queue: Queue): Release {
    free--
    queue.held++
    let held = true
    return (outcome) => {
      if (!held) return
      held = false
      free++
      queue.held--
      if (outcome === 'answered') queue.share = Math.min(queue.share + 1, LARGEST_SHARE)
      if (outcome === 'unanswered') queue.share = Math.max(Math.floor(queue.share / 2), 1)
      admit()
    }
  }

  return {
    acquire: (signal, host) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const queue = queueOf(host)
        const onAbort = () => {
          queue.waiting.delete(grant)
          reject(signal.reason)
        }
        const grant = () => {
          queue.waiting.delete(grant)
          signal.removeEventListener('abort', onAbort)
          resolve(take(queue))
        }
        queue.waiting.add(grant)
        signal.addEventListener('abort', onAbort, { once: true })
        admit()
      }),
  }
}
