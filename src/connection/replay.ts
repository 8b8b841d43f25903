/** Where a stream is to begin. */
export type ReplayOptions = {
  /** Header `X-Start-Seq`. */
  readonly startSeq?: number | undefined
  /** Header `X-Deliver-Last: true`. */
  readonly deliverLast?: boolean | undefined
  /** Header `X-Deliver-All: true`. */
  readonly deliverAll?: boolean | undefined
  /** Header `X-Since-Time`: how far back, a Go duration such as `1h30m`. */
  readonly sinceTime?: string | undefined
}

/** What is known of the last frame that came. */
export type ReplayPoint = {
  /** When it came, milliseconds since the epoch. */
  readonly receivedAt: number
  /** Timestamp of the last envelope decoded, nanoseconds since the epoch; undefined before the first. */
  readonly timestamp: bigint | undefined
}

/** Central's streaming service did not exist before: an older timestamp was never set. */
const EARLIEST_MS = Date.UTC(2018, 0, 1)
/** The server counts back from when it reads the header, not from when it was written. */
const ON_ITS_WAY_MS = 1000

/**
 * The replay headers of a handshake. Before the first envelope they are the ones asked for; after
 * it `X-Since-Time` alone, which reaches back to that envelope: repeats are possible, a hole is not
 * (where the server honours the header). A timestamp that cannot be true, or that lies ahead of
 * this machine's clock, makes room for the time of arrival.
 * @param nowMs milliseconds since the epoch
 */
export function replayHeaders(
  { startSeq, deliverLast, deliverAll, sinceTime }: ReplayOptions,
  last: ReplayPoint | undefined,
  nowMs: number,
): Record<string, string> {
  const headers: Record<string, string> = {}
  if (startSeq !== undefined) headers['X-Start-Seq'] = String(startSeq)
  if (deliverLast) headers['X-Deliver-Last'] = 'true'
  if (deliverAll) headers['X-Deliver-All'] = 'true'
  if (sinceTime !== undefined) headers['X-Since-Time'] = sinceTime
  if (Object.keys(headers).length === 0 || last?.timestamp === undefined) return headers

  const sentMs = Number(last.timestamp / 1_000_000n)
  const fromMs = sentMs < EARLIEST_MS ? last.receivedAt : Math.min(sentMs, last.receivedAt)
  const agoMs = Math.max(0, nowMs - fromMs) + ON_ITS_WAY_MS
  return { 'X-Since-Time': `${Math.ceil(agoMs / 1000)}s` }
}
