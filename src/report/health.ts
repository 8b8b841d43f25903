import { getOrMake } from '../maps.js'
import type { AnyTopic } from '../service.js'
import {
  causeOf,
  countOf,
  describeEntries,
  describeState,
  type EntrySnapshot,
  exportersOf,
  type Snapshot,
} from './snapshot.js'

const MINUTE_MS = 60_000

/**
 * From when on the silence of a topic is unusual: three times the interval that Central documents for
 * monitoring (5 min) and apprf (15 min), five times that of presence (60 s). The other topics send only
 * when something happens.
 */
const SILENCE_MS: Readonly<Partial<Record<AnyTopic, number>>> = {
  monitoring: 15 * MINUTE_MS,
  presence: 5 * MINUTE_MS,
  apprf: 45 * MINUTE_MS,
}

/**
 * How long an open entry has been silent, milliseconds; undefined while that is usual for its topic.
 * Counts from the last frame or from the opening, whichever was later.
 */
export function abnormalSilence({ topic, status, held }: EntrySnapshot): number | undefined {
  const limit = SILENCE_MS[topic]
  if (limit === undefined || status.type !== 'open' || held) return undefined
  const silentMs = Math.min(status.openMs, status.frameAgeMs ?? Number.POSITIVE_INFINITY)
  return silentMs >= limit ? silentMs : undefined
}

/** What `/healthz` says of one entry. */
type HealthRemark = {
  readonly customer: string
  readonly topic: string
  readonly state: string
  /** Code and message of the failure, if there is one. */
  readonly code?: string
  readonly message?: string
  readonly silent_seconds?: number
}

type Health = {
  /** At least one entry is open, and none is refused. */
  readonly ok: boolean
  readonly summary: string
  /** Why it is not ok. */
  readonly reasons: readonly HealthRemark[]
  /** What an operator may want to know although it is ok: entries that reconnect, unusual silences. */
  readonly notes: readonly HealthRemark[]
}

/**
 * What `/healthz` says.
 * @param minOpen per cent of the subscriptions that must be open; without it: one, and none refused
 */
export function healthOf({ entries }: Snapshot, minOpen?: number): Health {
  const refused = entries.filter(({ status }) => status.type === 'refused')
  const closed = entries.filter(({ status }) => status.type !== 'open' && status.type !== 'refused')
  const open = countOf(entries, 'open')
  const silences = entries.flatMap((entry) => {
    const silentMs = abnormalSilence(entry)
    if (silentMs === undefined) return []
    return [{ ...remark(entry), silent_seconds: Math.floor(silentMs / 1000) }]
  })
  const closedRemarks = closed.map(remark)
  const summary = describeEntries(entries)
  if (minOpen !== undefined) {
    const ok = open > 0 && open * 100 >= minOpen * entries.length
    const others = [...refused.map(remark), ...closedRemarks]
    const [reasons, notes] = ok ? [[], [...others, ...silences]] : [others, silences]
    return { ok, summary, reasons, notes }
  }
  return {
    ok: open > 0 && refused.length === 0,
    summary,
    reasons: [...refused.map(remark), ...(open > 0 ? [] : closedRemarks)],
    notes: [...(open > 0 ? closedRemarks : []), ...silences],
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
  const blocked = exportersOf(snapshot).filter(({ state }) => !state.up)
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
      ...(open > 0 ? [] : entries.map(remark)),
    ],
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

/** The states of a subscription, the worst first. One that is open can be silent for too long. */
const STATES = ['refused', 'retrying', 'connecting', 'silent', 'ended', 'open'] as const
export type State = (typeof STATES)[number]

/** Between two attempts or in one: the state is the same. */
export function stateOf(entry: EntrySnapshot): State {
  const { type } = entry.status
  if (abnormalSilence(entry) !== undefined) return 'silent'
  return type === 'connecting' && causeOf(entry) ? 'retrying' : type
}

/** Whether a subscription does not do its job. A first attempt is no trouble, nor is an end as asked. */
export function isTrouble(entry: EntrySnapshot): boolean {
  return stateOf(entry) === 'silent' || causeOf(entry) !== undefined
}

/** Those in trouble first; otherwise in the order of the input file. */
export function byTrouble(entries: readonly EntrySnapshot[]): EntrySnapshot[] {
  return STATES.flatMap((state) => entries.filter((entry) => stateOf(entry) === state))
}

/** The worst of their states. */
export function worstOf(entries: readonly EntrySnapshot[]): State {
  return STATES.find((state) => entries.some((entry) => stateOf(entry) === state)) ?? 'ended'
}

/** Subscriptions of a cluster that are in trouble for one reason. */
type Reason = {
  readonly host: string
  readonly state: State
  /** State and code: `retrying: unreachable`. */
  readonly what: string
  readonly entries: readonly EntrySnapshot[]
}

/** What the trouble is, the worst first and then the most frequent. */
export function reasonsOf(entries: readonly EntrySnapshot[]): Reason[] {
  const reasons = new Map<string, Reason & { readonly entries: EntrySnapshot[] }>()
  for (const entry of entries.filter(isTrouble)) {
    const { host } = entry
    const what = whatOf(entry)
    const key = JSON.stringify([host, what])
    const begin = () => ({ host, state: stateOf(entry), what, entries: [] })
    getOrMake(reasons, key, begin).entries.push(entry)
  }
  return [...reasons.values()].sort(
    (a, b) => rank(a.state) - rank(b.state) || b.entries.length - a.entries.length,
  )
}

/** A state with its reason: `retrying: unreachable`. */
export function whatOf(entry: EntrySnapshot): string {
  const state = stateOf(entry)
  if (state === 'silent') return 'open, silent'
  return state === 'retrying' ? `retrying: ${causeOf(entry)?.code}` : describeState(entry)
}

/** The subscriptions of a host. */
export type Cluster = {
  readonly host: string
  /** The worst of its subscriptions. */
  readonly state: State
  readonly entries: readonly EntrySnapshot[]
}

/** The clusters, the one with the worst state first. */
export function clustersOf(entries: readonly EntrySnapshot[]): Cluster[] {
  const clusters = new Map<string, EntrySnapshot[]>()
  for (const entry of entries) {
    getOrMake(clusters, entry.host, () => []).push(entry)
  }
  return Array.from(clusters, ([host, of]) => ({ host, state: worstOf(of), entries: of })).sort(
    (a, b) => rank(a.state) - rank(b.state),
  )
}

/** 0 for the worst. */
function rank(state: State): number {
  return STATES.indexOf(state)
}
