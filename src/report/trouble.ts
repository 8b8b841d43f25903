import { abnormalSilence } from './health.js'
import { causeOf, describeState, type EntrySnapshot } from './snapshot.js'

/** The states of a subscription, the worst first. One that is open can be silent for too long. */
export const STATES = ['refused', 'retrying', 'connecting', 'silent', 'ended', 'open'] as const
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
  const rank = (entry: EntrySnapshot) => STATES.indexOf(stateOf(entry))
  return [...entries].sort((a, b) => rank(a) - rank(b))
}

/** Subscriptions of a cluster that are in trouble for one reason. */
export type Reason = {
  readonly host: string
  /** State and code: `retrying: unreachable`. */
  readonly what: string
  readonly entries: readonly EntrySnapshot[]
}

/** What the trouble is, the worst first and then the most frequent. */
export function reasonsOf(entries: readonly EntrySnapshot[]): Reason[] {
  const reasons = new Map<string, EntrySnapshot[]>()
  for (const entry of byTrouble(entries.filter(isTrouble))) {
    const key = JSON.stringify([entry.host, whatOf(entry)])
    const of = reasons.get(key) ?? []
    reasons.set(key, of)
    of.push(entry)
  }
  const rank = ([first]: EntrySnapshot[]) => (first ? STATES.indexOf(stateOf(first)) : 0)
  return [...reasons.values()]
    .sort((a, b) => rank(a) - rank(b) || b.length - a.length)
    .flatMap((of) => {
      const [first] = of
      return first ? [{ host: first.host, what: whatOf(first), entries: of }] : []
    })
}

/** A state with its reason: `retrying: unreachable`. */
export function whatOf(entry: EntrySnapshot): string {
  const state = stateOf(entry)
  if (state === 'silent') return 'open, silent'
  return state === 'retrying' ? `retrying: ${causeOf(entry)?.code}` : describeState(entry)
}

/** The subscriptions of a host. */
export type Cluster = { readonly host: string; readonly entries: readonly EntrySnapshot[] }

/** The clusters, the one with the worst state first. */
export function clustersOf(entries: readonly EntrySnapshot[]): Cluster[] {
  const clusters = new Map<string, EntrySnapshot[]>()
  for (const entry of entries) {
    const of = clusters.get(entry.host) ?? []
    clusters.set(entry.host, of)
    of.push(entry)
  }
  return Array.from(clusters, ([host, of]) => ({ host, entries: of })).sort(
    (a, b) => STATES.indexOf(worstOf(a)) - STATES.indexOf(worstOf(b)),
  )
}

/** The worst state in a cluster. */
export function worstOf({ entries }: Cluster): State {
  const ranks = entries.map((entry) => STATES.indexOf(stateOf(entry)))
  return STATES[Math.min(...ranks)] ?? 'open'
}
