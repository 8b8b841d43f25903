/** Upper bound of the first wait; it doubles with each attempt. */
const FIRST_MS = 1000
/** Upper bound of every wait. */
const LONGEST_MS = 60_000

/**
 * How long to wait before the next attempt, milliseconds: at most 1 s after the first failure, 2 s after
 * the second, and so on up to a minute. The whole wait is random ("full jitter"), so that the entries
 * of one server do not all come back at once.
 * @param attempt failures in a row, from 1
 * @param random 0 (included) to 1 (excluded)
 */
export function backoffDelay(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1)))
}

/** Whether an HTTP status says that the server cannot answer now, and that a later try may succeed. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || status >= 500
}

/** The longest wait that a server can ask for: enough for maintenance, but not a mistaken week. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Reads the header `Retry-After`: seconds or an HTTP date.
 * @param nowMs milliseconds since the epoch
 * @returns the shortest wait in milliseconds, at most an hour; undefined where the header names none
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  if (Number.isNaN(delayMs) || delayMs <= 0) return undefined
  return Math.min(delayMs, MAX_RETRY_AFTER_MS)
}
