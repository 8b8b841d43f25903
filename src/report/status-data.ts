import type { LogEvent } from '../log.js'
import { TRANSFORM } from '../outputs/output.js'
import { receivedBy } from '../pipeline/streams.js'
import { formatBytes, formatCount, formatDuration, listed, printable } from '../text.js'
import { formatRate, type RateOf, SAMPLE_MS } from './rates.js'
import {
  causeOf,
  countOf,
  describeEntries,
  describeUndelivered,
  type EntrySnapshot,
  frameAgeOf,
  type OutputSnapshot,
  outputsOf,
  type Snapshot,
  sumOf,
} from './snapshot.js'
import {
  byTrouble,
  type Cluster,
  clustersOf,
  holdsOf,
  isTrouble,
  reasonsOf,
  type State,
  stateOf,
  whatOf,
  worstOf,
} from './trouble.js'

type Row = {
  /** Gives the row its colour. An output is open or refused, a cluster that is away is refused. */
  readonly state: State
  /** In the order of the columns of the page. */
  readonly cells: readonly string[]
  /** The message of the failure. */
  readonly why?: string
}

type Reason = {
  readonly state: State
  readonly what: string
  readonly why: string
  /** Some of the subscriptions. */
  readonly names: string
}

/** What the page shows: texts for people, safe to show in one line. */
type Status = {
  readonly version: string
  readonly machine: string
  readonly state: State
  readonly headline: string
  readonly summary: string
  readonly note: string
  readonly totals: readonly (readonly [name: string, value: string])[]
  readonly history: { readonly seconds: number; readonly rates: readonly number[] }
  readonly reasons: readonly Reason[]
  readonly outputs: readonly Row[]
  readonly clusters: readonly Row[]
  readonly subscriptions: readonly Row[]
  readonly log: readonly { readonly time: string; readonly level: string; readonly text: string }[]
}

type Source = {
  readonly version: string
  readonly machine: string
  readonly rateOf: RateOf
  /** Messages a second in each ten seconds, the oldest first. */
  readonly rates: readonly number[]
  /** The newest first. */
  readonly events: readonly LogEvent[]
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A warning for people, or empty. */
  readonly note: string
}

/** What the page shows. It has no keys, tokens or values of records. */
export function statusData(snapshot: Snapshot, source: Source): Status {
  const { rateOf, rates, events, version, machine } = source
  const { entries } = snapshot
  const outputs = outputsOf(snapshot)
  const holding: Holding = new Map(
    holdsOf(snapshot).map(({ name, ofEntry }) => [
      name,
      ofEntry ? 'an entry waits' : 'the streams wait',
    ]),
  )
  return {
    version,
    machine,
    ...verdictOf(entries, outputs, holding),
    summary: describeEntries(entries),
    note: source.note,
    totals: totalsOf(snapshot, rateOf),
    history: {
      seconds: SAMPLE_MS / 1000,
      rates: rates.map((rate) => Math.round(rate * 100) / 100),
    },
    reasons: troubleOf(entries, outputs, holding),
    outputs: outputs.map((output) => outputRow(output, snapshot.deadLetterFile, source.now)),
    clusters: clustersOf(entries).map((cluster) => clusterRow(cluster, rateOf)),
    subscriptions: byTrouble(entries).map((entry) => subscriptionRow(entry, rateOf(entry))),
    log: events.map(({ at, level, text }) => ({ time: new Date(at).toISOString(), level, text })),
  }
}

/** By output: what waits for it. */
type Holding = ReadonlyMap<string, string>

function troubleOf(
  entries: readonly EntrySnapshot[],
  outputs: readonly OutputSnapshot[],
  holding: Holding,
): Reason[] {
  const down = new Map(
    outputs.filter(({ state }) => !state.up).map(({ name, state }) => [name, state]),
  )
  return [
    ...Array.from(new Set([...holding.keys(), ...down.keys()]), (name): Reason => {
      const what = [down.has(name) && 'output not up', holding.get(name)].filter(Boolean).join(', ')
      const why = printable(down.get(name)?.lastError?.message ?? '')
      return { state: 'refused', what: `${what} · ${printable(name)}`, why, names: '' }
    }),
    ...reasonsOf(entries).map(({ host, away, state, what, entries: of }) => ({
      state: away ? ('refused' as const) : state,
      what: `${formatCount(of.length)} ${what} · ${printable(host)}`,
      why: whyOf(of[0]),
      names: listed(of.map(({ label }) => label)),
    })),
  ]
}

function verdictOf(
  entries: readonly EntrySnapshot[],
  outputs: readonly OutputSnapshot[],
  holding: Holding,
): Pick<Status, 'state' | 'headline'> {
  const troubled = entries.filter(isTrouble).length
  const open = countOf(entries, 'open')
  const down = outputs.filter(({ state }) => !state.up).length
  const clusters = clustersOf(entries)
  const away = clusters.filter((cluster) => cluster.away)
  const isBad = away.length > 0 || down > 0 || holding.size > 0 || (troubled > 0 && open === 0)
  const headline = [
    clusters.length > 1
      ? describeAway(
          away.map(({ host }) => printable(host)),
          clusters.length,
        )
      : '',
    troubled > 0
      ? `${formatCount(troubled)} of ${formatCount(entries.length)} subscriptions in trouble`
      : '',
    down > 0 ? `${down} of ${outputs.length} outputs not up` : '',
    ...new Set(holding.values()),
  ].filter(Boolean)
  const count = `${formatCount(open)} of ${formatCount(entries.length)} subscriptions open`
  const fine = open === entries.length ? 'All subscriptions are open' : count
  return {
    state: isBad ? 'refused' : worstOf(entries),
    headline: headline.join(', ') || fine,
  }
}

function describeAway(hosts: readonly string[], total: number): string {
  if (hosts.length > 1) return `${hosts.length} of ${total} clusters are away`
  return hosts.length === 1 ? `${hosts[0]} is away` : ''
}

function totalsOf({ entries, earlier, upMs }: Snapshot, rateOf: RateOf): Status['totals'] {
  const { messages, bytes, undecodable, filtered } = receivedBy(entries, earlier)
  return [
    ['Messages/s', formatRate(sumOf(entries, rateOf))],
    ['Messages', formatCount(messages)],
    ['Received', formatBytes(bytes)],
    ['Undecodable', formatCount(undecodable)],
    ...(filtered === undefined ? [] : ([['Filtered', formatCount(filtered)]] as const)),
    ['Up', formatDuration(upMs)],
  ]
}

function outputRow(output: OutputSnapshot, deadLetter: string | undefined, now: number): Row {
  const { name, counters, state } = output
  const { lastError, since } = state
  const isTransform = name === TRANSFORM
  return {
    state: state.up ? 'open' : 'refused',
    cells: [
      printable(name),
      state.up ? 'up' : `not up for ${formatDuration(now - since)}`,
      isTransform ? '' : formatCount(counters.delivered),
      formatCount(counters.waiting),
      formatCount(counters.retried),
      formatCount(counters.givenUp),
      describeUndelivered(output, deadLetter)
        .map((text) => printable(text))
        .join(', '),
    ],
    ...(lastError && { why: printable(lastError.message) }),
  }
}

function clusterRow({ host, away, state, entries }: Cluster, rateOf: RateOf): Row {
  return {
    state: away ? 'refused' : state,
    cells: [
      printable(host),
      `${formatCount(countOf(entries, 'open'))} of ${formatCount(entries.length)}`,
      formatCount(entries.filter(isTrouble).length),
      formatRate(sumOf(entries, rateOf)),
      formatCount(sumOf(entries, ({ messages }) => messages)),
      ago(frameAgeOf(entries)),
    ],
  }
}

function subscriptionRow(entry: EntrySnapshot, rate: number): Row {
  const { name, topic, host, status, messages, credentialAge } = entry
  const why = whyOf(entry)
  return {
    state: stateOf(entry),
    cells: [
      printable(name),
      topic,
      whatOf(entry),
      formatRate(rate),
      formatCount(messages),
      ago(status.frameAgeMs),
      status.reconnects === 0 ? '' : `${formatDuration(status.gapMs)} in ${status.reconnects}`,
      credentialAge === undefined ? '' : `${formatDuration(credentialAge * 1000)} old`,
      printable(host),
    ],
    ...(why !== '' && { why }),
  }
}

function whyOf(entry: EntrySnapshot | undefined): string {
  return printable((entry && causeOf(entry)?.message) ?? '')
}

function ago(ms: number | undefined): string {
  return ms === undefined ? '' : `${formatDuration(ms)} ago`
}
