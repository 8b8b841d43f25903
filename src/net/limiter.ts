/** Gives a place back. Calling it again does nothing. */
export type Release = (answered?: boolean) => void

/** Limits what is under way at a time, in all and for each host, so that no host holds up another. */
export interface Limiter {
  /**
   * Waits for a place.
   * @param host whose server is to be asked, by its authority
   * @returns gives the place back, and is to be told whether the host answered, which is true unless told
   * @throws the signal's reason as soon as it aborts
   */
  acquire(signal: AbortSignal, host: string): Promise<Release>
}

/** Handshakes under way at a time, over all entries: a herd of a thousand is no load for Central. */
const PLACES = 20
/** Places that a host may hold before it has answered. */
const FIRST_SHARE = 2
/** Part of all places that one host may hold: one that falls silent at its best leaves the rest. */
const LARGEST_SHARE = 0.8

type Queue = {
  /** Places that the host may hold now. */
  share: number
  held: number
  readonly waiting: Set<() => void>
}

/**
 * Makes a limiter, to be shared by all entries. Each host has a queue of its own, and the hosts take
 * turns. A host begins with a share of two places, gets one more with each answer, up to 16 of 20,
 * and is left with half of them by each try without an answer: one that is dead soon waits with one
 * or two handshakes, while one that answers has opened up within a few round trips.
 */
export function createLimiter(places = PLACES): Limiter {
  const largest = Math.ceil(places * LARGEST_SHARE)
  /** In the order of their turns. Stay for good: there are as many as there are clusters. */
  const queues = new Map<string, Queue>()
  let free = places

  function queueOf(host: string): Queue {
    const queue = queues.get(host) ?? {
      share: Math.min(FIRST_SHARE, largest),
      held: 0,
      waiting: new Set(),
    }
    queues.set(host, queue)
    return queue
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
      const [letIn] = queue.waiting
      letIn?.()
    }
  }

  function take(queue: Queue): Release {
    free--
    queue.held++
    let inside = true
    return (answered = true) => {
      if (!inside) return
      inside = false
      free++
      queue.held--
      queue.share = answered
        ? Math.min(queue.share + 1, largest)
        : Math.max(Math.floor(queue.share / 2), 1)
      admit()
    }
  }

  return {
    acquire: (signal, host) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        const queue = queueOf(host)
        const onAbort = () => {
          queue.waiting.delete(letIn)
          reject(signal.reason)
        }
        const letIn = () => {
          queue.waiting.delete(letIn)
          signal.removeEventListener('abort', onAbort)
          resolve(take(queue))
        }
        queue.waiting.add(letIn)
        signal.addEventListener('abort', onAbort, { once: true })
        admit()
      }),
  }
}
