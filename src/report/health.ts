import { abnormalSilence } from './silence.js'
import { causeOf, type EntrySnapshot, type Snapshot } from './snapshot.js'
import { showTotals } from './words.js'

/** Something about an entry that its operator should know. */
export type HealthRemark = {
  readonly customer: string
  readonly topic: string
  readonly state: string
  /** Code of the failure, where there is one. */
  readonly code?: string
  readonly message?: string
  /** Seconds of a silence that is not normal for the topic. */
  readonly silent_seconds?: number
}

export type Health = {
  /** At least one entry is open and none is refused. */
  readonly ok: boolean
  readonly summary: string
  /** What makes it not ok; empty where it is. */
  readonly reasons: readonly HealthRemark[]
  /** What is worth knowing all the same: entries between connections, unusual silences. */
  readonly notes: readonly HealthRemark[]
}

/** Judges a snapshot. */
export function healthOf({ entries }: Snapshot, now: number): Health {
  const refused = entries.filter(({ status }) => status.type === 'refused')
  const closed = entries.filter(({ status }) => status.type !== 'open' && status.type !== 'refused')
  const someOpen = entries.some(({ status }) => status.type === 'open')
  const silences = entries.flatMap((entry) => {
    const silentMs = abnormalSilence(entry, now)
    if (silentMs === undefined) return []
    return [{ ...remark(entry), silent_seconds: Math.floor(silentMs / 1000) }]
  })
  const closedRemarks = closed.map(remark)
  return {
    ok: someOpen && refused.length === 0,
    summary: showTotals(entries),
    reasons: [...refused.map(remark), ...(someOpen ? [] : closedRemarks)],
    notes: [...(someOpen ? closedRemarks : []), ...silences],
  }
}

function remark(entry: EntrySnapshot): HealthRemark {
  const cause = causeOf(entry)
  return {
    customer: entry.name,
    topic: entry.topic,
    state: entry.status.type,
    ...(cause && { code: cause.code, message: cause.message }),
  }
}
