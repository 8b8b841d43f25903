import type { IncomingHttpHeaders } from 'node:http'

/** One frame that was broadcast. */
export type PastFrame = {
  /** Counts the topic's frames from 1. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Undefined: meant for every customer. */
  readonly customerId: string | undefined
  readonly frame: Uint8Array
}

/** The last frames of each topic, for the replay headers. */
export class History {
  readonly #limit: number
  readonly #topics = new Map<string, { lastSeq: number; frames: PastFrame[] }>()

  /** @param limit frames kept of each topic; 0 keeps none */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(topic: string, customerId: string | undefined, at: number, frame: Uint8Array): void {
    if (this.#limit === 0) return
    const past = this.#topics.get(topic) ?? { lastSeq: 0, frames: [] }
    this.#topics.set(topic, past)
    past.lastSeq += 1
    past.frames.push({ seq: past.lastSeq, at, customerId, frame })
    if (past.frames.length > this.#limit) past.frames.shift()
  }

  /** What a handshake's replay headers ask for, oldest first; without any, nothing. */
  replay(
    topic: string,
    customerId: string,
    headers: IncomingHttpHeaders,
    now: number,
  ): readonly PastFrame[] {
    const frames = (this.#topics.get(topic)?.frames ?? []).filter(
      (past) => past.customerId === undefined || past.customerId === customerId,
    )
    const startSeq = headers['x-start-seq']
    const since = headers['x-since-time']
    if (typeof startSeq === 'string') return frames.filter(({ seq }) => seq >= Number(startSeq))
    if (typeof since === 'string') {
      const sinceMs = parseGoDuration(since)
      return sinceMs === undefined ? [] : frames.filter(({ at }) => at >= now - sinceMs)
    }
    if (isTrue(headers['x-deliver-all'])) return frames
    if (isTrue(headers['x-deliver-last'])) return frames.slice(-1)
    return []
  }
}

function isTrue(header: string | string[] | undefined): boolean {
  return String(header).toLowerCase() === 'true'
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

/** A Go duration (`1h`, `5m`, `1h30m`, `1.5s`) in milliseconds; undefined where it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  let totalMs = 0
  for (const [, number, unit = ''] of text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(number) * (UNIT_MS[unit] ?? 0)
  }
  return totalMs
}
