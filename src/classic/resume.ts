import { parseDuration } from '../clock.js'

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

/** How far a subscription has come; what another one needs to go on from there. */
export type ReplayPoint = {
  /** When the last frame came, milliseconds since the epoch. */
  readonly receivedAt: number
  /** Timestamp of the last envelope decoded, nanoseconds since the epoch; undefined before the first. */
  readonly timestamp: bigint | undefined
  /** When the headers that were asked for were first sent, milliseconds since the epoch. */
  readonly askedAt: number
}

/** Central's streaming service did not exist before: an older timestamp was never set. */
const EARLIEST_MS = Date.UTC(2018, 0, 1)
/** The server counts back from when it reads the header, not from when it was written. */
const ON_ITS_WAY_MS = 1000

/**
 * The replay headers of a handshake. Before the first frame they are the ones asked for; after it
 * `X-Since-Time` alone, which reaches back to the last envelope decoded: repeats are possible, a
 * hole is not (where the server honours the header). A timestamp that cannot be true, or that lies
 * ahead of this machine's clock, makes room for the time of arrival.
 *
 * Where frames came but none was decoded, it is not known how old they are: they may be the first of
 * a long history, the rest of which is still to come. Then `X-Since-Time` reaches back to where the
 * first handshake did; a sequence number and "all" cannot be said as a time, and are repeated.
 * @param nowMs milliseconds since the epoch
 */
export function replayHeaders(
  asked: ReplayOptions,
  last: ReplayPoint | undefined,
  nowMs: number,
): Record<string, string> {
  const headers = headersOf(asked)
  if (Object.keys(headers).length === 0 || last === undefined) return headers
  const fromMs = last.timestamp === undefined ? beginning(asked, last) : reached(last)
  if (fromMs === undefined) return headers
  const agoMs = Math.max(0, nowMs - fromMs) + ON_ITS_WAY_MS
  return { 'X-Since-Time': `${Math.ceil(agoMs / 1000)}s` }
}

function headersOf({
  startSeq,
  deliverLast,
  deliverAll,
  sinceTime,
}: ReplayOptions): Record<string, string> {
  return {
    ...(startSeq !== undefined && { 'X-Start-Seq': String(startSeq) }),
    ...(deliverLast && { 'X-Deliver-Last': 'true' }),
    ...(deliverAll && { 'X-Deliver-All': 'true' }),
    ...(sinceTime !== undefined && { 'X-Since-Time': sinceTime }),
  }
}

/** When the last envelope was sent. */
function reached({ timestamp = 0n, receivedAt }: ReplayPoint): number {
  const sentMs = Number(timestamp / 1_000_000n)
  return sentMs < EARLIEST_MS ? receivedAt : Math.min(sentMs, receivedAt)
}

/** How far back the first handshake reached, where that can be said as a time. */
function beginning(
  { startSeq, deliverAll, sinceTime = '' }: ReplayOptions,
  { askedAt }: ReplayPoint,
): number | undefined {
  if (startSeq !== undefined || deliverAll) return undefined
  return askedAt - (parseDuration(sinceTime) ?? 0)
}
