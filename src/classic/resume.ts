import { parseDuration } from '../clock.js'
import type { ResumePoint } from '../service.js'

/** Where a stream is to begin. */
export type ReplayOptions = {
  /** Header `X-Start-Seq`. */
  readonly startSeq?: bigint | undefined
  /** Header `X-Deliver-Last: true`. */
  readonly deliverLast?: boolean | undefined
  /** Header `X-Deliver-All: true`. */
  readonly deliverAll?: boolean | undefined
  /** Header `X-Since-Time`: how far back, a Go duration such as `1h30m`. */
  readonly sinceTime?: string | undefined
}

/** Central's streaming service did not exist before: an older timestamp is no real one. */
const EARLIEST_MS = Date.UTC(2018, 0, 1)
/** The server counts back from the moment when it reads the header, which is later than this one. */
const ON_ITS_WAY_MS = 1000

/**
 * The headers that say from where a handshake continues. Before the first frame they are the ones of
 * the command line. After it, it is `X-Since-Time` alone, which reaches back to the last decoded
 * message: messages may be repeated, but none is missing (where the server honours the header). A
 * timestamp that cannot be true, or is ahead of this machine's clock, is replaced by the time of
 * arrival.
 *
 * Where frames came but none was decoded, their age is not known: a long history may still be missing.
 * Then `X-Since-Time` reaches back to where the first handshake did. A sequence number and "all" cannot
 * be written as a time: those headers are sent again.
 * @param nowMs milliseconds since the epoch
 */
export function resumeHeaders(
  asked: ReplayOptions,
  last: ResumePoint | undefined,
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

/** When the last message was sent. */
function reached({ timestamp = 0n, receivedAt }: ResumePoint): number {
  const sentMs = Number(timestamp / 1_000_000n)
  return sentMs < EARLIEST_MS ? receivedAt : Math.min(sentMs, receivedAt)
}

/** How far back the first handshake reached, where that can be written as a time. */
function beginning(
  { startSeq, deliverAll, sinceTime = '' }: ReplayOptions,
  { askedAt }: ResumePoint,
): number | undefined {
  if (startSeq !== undefined || deliverAll) return undefined
  return askedAt - (parseDuration(sinceTime) ?? 0)
}
