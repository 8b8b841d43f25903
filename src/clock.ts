import { setMaxListeners } from 'node:events'

/** Something that `clearTimeout` takes back. */
export type Timer = unknown

/** Where time comes from, so that a test can be its own clock. */
export interface Clock {
  /** Milliseconds since the epoch: for what is shown or sent. */
  now(): number
  /** Milliseconds since any fixed point; never steps back or ahead: for how long something took. */
  elapsed(): number
  setTimeout(callback: () => void, delayMs: number): Timer
  clearTimeout(timer: Timer): void
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/**
 * Waits, but no longer than until the signal aborts.
 * @returns whether the whole time is over
 */
export function sleep(delayMs: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(() => {
      signal.removeEventListener('abort', end)
      resolve(true)
    }, delayMs)
    const end = () => {
      clock.clearTimeout(timer)
      resolve(false)
    }
    onAbort(signal, end)
  })
}

/**
 * Waits for a promise, but no longer than until the signal aborts.
 * @throws the signal's reason as soon as it aborts; what the promise rejects with
 */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    onAbort(signal, abort)
  })
}

/** Calls back when the signal aborts; at once where it has aborted before. */
export function onAbort(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback()
  else signal.addEventListener('abort', callback, { once: true })
}

/**
 * Aborts a controller as soon as a signal aborts, with its reason. `AbortSignal.any` does the same, but takes
 * several times the memory.
 * @returns ends that
 */
export function follow(controller: AbortController, signal: AbortSignal): () => void {
  const abort = () => controller.abort(signal.reason)
  // Many may follow one signal, which is no leak.
  setMaxListeners(0, signal)
  onAbort(signal, abort)
  return () => signal.removeEventListener('abort', abort)
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** A duration such as `1h30m`, as Go and Central's headers write it, in milliseconds. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/([\d.]+)([a-z]+)/g)
  return [...parts].reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (UNITS_MS[unit] ?? 0),
    0,
  )
}
