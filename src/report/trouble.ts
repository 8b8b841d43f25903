import { getOrMake } from '../maps.js'
import type { AnyTopic } from '../service.js'
import { causeOf, describeState, type EntrySnapshot, type Snapshot } from './snapshot.js'

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

/** A slow output makes streams wait for less. */
const HELD_MS = 10_000

/** The outputs that the streams wait for, or one of them, and with them all other outputs. */
export function holdsOf({ holds = [] }: Pick<Snapshot, 'holds'>): NonNullable<Snapshot['holds']> {
  return holds.filter(({ heldMs }) => heldMs >= HELD_MS)
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

/**
 * The entries at the end. One that was in trouble when the end began has the state that it had then: the end
 * itself changes the state of all of them to `ended`.
 */
export function asAtEnd(
  entries: readonly EntrySnapshot[],
  troubled: readonly EntrySnapshot[],
): EntrySnapshot[] {
  const before = new Map(troubled.map(({ label, status }) => [label, status]))
  return entries.map((entry) => ({ ...entry, status: before.get(entry.label) ?? entry.status }))
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
  /** Whether none of its cluster is open for that reason. */
  readonly away: boolean
  readonly state: State
  /** State and code: `retrying: unreachable`. */
  readonly what: string
  readonly entries: readonly EntrySnapshot[]
}

/** What the trouble is: clusters that are away first, then what concerns most subscriptions. */
export function reasonsOf(entries: readonly EntrySnapshot[]): Reason[] {
  const away = new Set(clustersOf(entries).flatMap((one) => (one.away ? [one.host] : [])))
  const reasons = new Map<string, Reason & { readonly entries: EntrySnapshot[] }>()
  for (const entry of entries.filter(isTrouble)) {
    const { host } = entry
    const what = whatOf(entry)
    const key = JSON.stringify([host, what])
    const state = stateOf(entry)
    const isAway = state === 'retrying' && away.has(host)
    const begin = () => ({ host, away: isAway, state, what, entries: [] })
    getOrMake(reasons, key, begin).entries.push(entry)
  }
  return [...reasons.values()].sort(
    (a, b) =>
      Number(b.away) - Number(a.away) ||
      b.entries.length - a.entries.length ||
      rank(a.state) - rank(b.state),
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
  /** Whether none of its subscriptions is open, and some are trying to be again. */
  readonly away: boolean
  /** The worst of its subscriptions. */
  readonly state: State
  readonly entries: readonly EntrySnapshot[]
}

/** The clusters: those that are away first, then those with the most in trouble. */
export function clustersOf(entries: readonly EntrySnapshot[]): Cluster[] {
  const clusters = new Map<string, EntrySnapshot[]>()
  for (const entry of entries) {
    getOrMake(clusters, entry.host, () => []).push(entry)
  }
  return Array.from(clusters, ([host, of]) => ({
    host,
    away: isAway(of),
    state: worstOf(of),
    entries: of,
  })).sort(
    (a, b) =>
      Number(b.away) - Number(a.away) ||
      b.entries.filter(isTrouble).length - a.entries.filter(isTrouble).length ||
      rank(a.state) - rank(b.state),
  )
}

function isAway(entries: readonly EntrySnapshot[]): boolean {
  const states = new Set(entries.map(stateOf))
  return states.has('retrying') && !states.has('open') && !states.has('silent')
}

/** 0 for the worst. */
function rank(state: State): number {
  return STATES.indexOf(state)
}
