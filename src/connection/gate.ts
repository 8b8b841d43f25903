/** Lets a limited number of holders in at a time, in the order they came. */
export interface Gate {
  /**
   * Waits for a place.
   * @returns gives the place back; calling it again does nothing
   * @throws the signal's reason as soon as it aborts
   */
  enter(signal: AbortSignal): Promise<() => void>
}

/** Handshakes under way at a time, over all entries: a herd of a thousand is no load for Central. */
const HANDSHAKES = 20

/** One gate is shared by all entries. */
export function createGate(places = HANDSHAKES): Gate {
  const waiting = new Set<() => void>()
  let free = places

  function leaveOnce(): () => void {
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      const [next] = waiting
      if (next) next()
      else free++
    }
  }

  return {
    enter: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted()
        if (free > 0) {
          free--
          resolve(leaveOnce())
          return
        }
        const onAbort = () => {
          waiting.delete(letIn)
          reject(signal.reason)
        }
        const letIn = () => {
          waiting.delete(letIn)
          signal.removeEventListener('abort', onAbort)
          resolve(leaveOnce())
        }
        waiting.add(letIn)
        signal.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
