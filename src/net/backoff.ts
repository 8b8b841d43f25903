export type BackoffOptions = {
  /** Upper bound of the first wait, milliseconds; it doubles with each attempt. */
  baseMs?: number
  /** Upper bound of every wait, milliseconds. */
  capMs?: number
  /** 0 (included) to 1 (excluded). */
  random?: () => number
}

/**
 * How long to wait before trying again, milliseconds: anything from nothing to 1 s after the first
 * failure, to 2 s after the second, and so on to a minute. The whole wait is left to chance ("full
 * jitter"), so that many who lost the same server come back spread out.
 * @param attempt how often it failed in a row, from 1
 */
export function backoffDelay(
  attempt: number,
  { baseMs = 1000, capMs = 60_000, random = Math.random }: BackoffOptions = {},
): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)))
}

/** The longest wait that a server can ask for: long maintenance, but no typing error of a week. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Reads the header `Retry-After`, seconds or an HTTP date.
 * @param nowMs milliseconds since the epoch
 * @returns milliseconds to wait at least, at most an hour; undefined where the header says nothing
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  if (Number.isNaN(delayMs) || delayMs <= 0) return undefined
  return Math.min(delayMs, MAX_RETRY_AFTER_MS)
}
