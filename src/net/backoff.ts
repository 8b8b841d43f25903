export type BackoffOptions = {
  /** Upper bound of the first wait, milliseconds; it doubles with each attempt. */
  baseMs?: number
  /** Upper bound of every wait, milliseconds. */
  capMs?: number
  /** 0 (included) to 1 (excluded). */
  random?: () => number
}

/**
 * How long to wait before the next attempt, milliseconds: at most 1 s after the first failure, 2 s after
 * the second, and so on up to a minute. The whole wait is random ("full jitter"), so that the entries
 * of one server do not all come back at once.
 * @param attempt failures in a row, from 1
 */
export function backoffDelay(
  attempt: number,
  { baseMs = 1000, capMs = 60_000, random = Math.random }: BackoffOptions = {},
): number {
  return Math.round(random() * Math.min(capMs, baseMs * 2 ** (attempt - 1)))
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
