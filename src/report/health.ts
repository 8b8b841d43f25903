import { getOrMake } from '../maps.js'
import {
  causeOf,
  countOf,
  describeEntries,
  type EntrySnapshot,
  outputsOf,
  type Snapshot,
} from './snapshot.js'
import { abnormalSilence, holdsOf } from './trouble.js'

/** What `/healthz` says of one entry. */
type HealthRemark = {
  readonly customer: string
  readonly topic: string
  readonly state: string
  /** Code and message of the failure, if there is one. */
  readonly code?: string
  /** Left out where the remarks before begin with the same failure. */
  readonly message?: string
  /** How many the message is about, where it is more than this one. They follow. */
  readonly subscriptions?: number
  readonly silent_seconds?: number
}

/** What `/healthz` says of an output that the streams wait for. */
type HoldRemark = {
  readonly output: string
  readonly held_seconds: number
  readonly code: 'streams-wait'
  readonly message: string
}

type Health = {
  /** At least one entry is open, and none is refused. */
  readonly ok: boolean
  readonly summary: string
  /** Why it is not ok. */
  readonly reasons: readonly HealthRemark[]
  /** What an operator may want to know although it is ok: entries that reconnect, silences, a hold-up. */
  readonly notes: readonly (HealthRemark | HoldRemark)[]
}

/**
 * What `/healthz` says.
 * @param minOpen per cent of the subscriptions that must be open; without it: one, and none refused
 */
export function healthOf(snapshot: Snapshot, minOpen?: number): Health {
  const { entries } = snapshot
  const refused = entries.filter(({ status }) => status.type === 'refused')
  const closed = entries.filter(({ status }) => status.type !== 'open' && status.type !== 'refused')
  const open = countOf(entries, 'open')
  const silences = entries.flatMap((entry) => {
    const silentMs = abnormalSilence(entry)
    if (silentMs === undefined) return []
    return [{ ...remark(entry), silent_seconds: Math.floor(silentMs / 1000) }]
  })
  const holds = holdsOf(snapshot).map(
    ({ name, heldMs, ofEntry }): HoldRemark => ({
      output: name,
      held_seconds: Math.floor(heldMs / 1000),
      code: 'streams-wait',
      message: ofEntry
        ? 'an entry waits for it, and the other outputs get no more of that entry either'
        : 'the streams wait for it, and the other outputs get nothing either',
    }),
  )
  const closedRemarks = remarks(closed)
  const summary = describeEntries(entries)
  if (minOpen !== undefined) {
    const ok = open > 0 && open * 100 >= minOpen * entries.length
    const others = [...remarks(refused), ...closedRemarks]
    const [reasons, notes] = ok ? [[], others] : [others, []]
    return { ok, summary, reasons, notes: [...notes, ...silences, ...holds] }
  }
  return {
    ok: open > 0 && refused.length === 0,
    summary,
    reasons: [...remarks(refused), ...(open > 0 ? [] : closedRemarks)],
    notes: [...(open > 0 ? closedRemarks : []), ...silences, ...holds],
  }
}

/** Why the program could not do its job: an output that takes nothing, or subscriptions. */
type ReadyReason =
  | HealthRemark
  | {
      readonly output: string
      readonly since: string
      readonly code?: string
      readonly message?: string
    }

type Readiness = Pick<Health, 'ok' | 'summary'> & { readonly reasons: readonly ReadyReason[] }

/** What `/readyz` says: ready while all outputs take what comes, and a subscription is open. */
export function readinessOf(snapshot: Snapshot): Readiness {
  const { entries } = snapshot
  const blocked = outputsOf(snapshot).filter(({ state }) => !state.up)
  const open = countOf(entries, 'open')
  return {
    ok: open > 0 && blocked.length === 0,
    summary: describeEntries(entries),
    reasons: [
      ...blocked.map(({ name, state: { since, lastError } }) => ({
        output: name,
        since: new Date(since).toISOString(),
        ...(lastError && { code: lastError.code, message: lastError.message }),
      })),
      ...(open > 0 ? [] : remarks(entries)),
    ],
  }
}

/** A message stands once, in the first remark of those it is about. The most frequent is first. */
function remarks(entries: readonly EntrySnapshot[]): HealthRemark[] {
  const groups = new Map<string | undefined, HealthRemark[]>()
  for (const one of entries.map(remark)) getOrMake(groups, one.message, () => []).push(one)
  return [...groups.values()]
    .sort((a, b) => b.length - a.length)
    .flatMap(([first, ...others]) =>
      first?.message === undefined || others.length === 0
        ? [first, ...others].filter((each) => each !== undefined)
        : [
            { ...first, subscriptions: others.length + 1 },
            ...others.map(({ message, ...rest }) => rest),
          ],
    )
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
