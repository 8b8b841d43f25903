import { receivedBy } from '../pipeline/received.js'
import type { LogEvent } from '../recent-log.js'
import { printable } from '../text.js'
import type { RateOf } from './rates.js'
import {
  causeOf,
  describeEntries,
  type EntrySnapshot,
  exportersOf,
  type Snapshot,
} from './snapshot.js'
import { byTrouble, clustersOf, reasonsOf, stateOf } from './trouble.js'

/** What the status page shows beside the snapshot. */
export type StatusExtras = {
  readonly version: string
  readonly rateOf: RateOf
  /** Messages a second, the oldest first. */
  readonly rates: readonly number[]
  readonly events: readonly LogEvent[]
  /** Sentences for people. */
  readonly notes: readonly string[]
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/** What `/status.json` holds. It has no keys, tokens or values of records. */
export function statusData(snapshot: Snapshot, extras: StatusExtras): object {
  const { entries, upMs } = snapshot
  const { version, rateOf, rates, events, notes } = extras
  return {
    version,
    up_ms: upMs,
    summary: describeEntries(entries),
    states: statesOf(entries),
    notes,
    reasons: reasonsOf(entries).map(({ host, what, entries: of }) => ({
      host,
      what,
      count: of.length,
    })),
    totals: totalsOf(snapshot, rateOf),
    rates: rates.map((rate) => Math.round(rate * 10) / 10),
    clusters: clustersOf(entries).map(({ host, entries: of }) => ({
      host,
      service: of[0]?.service,
      states: statesOf(of),
      rate: sum(of.map(rateOf)),
      messages: sum(of.map(({ messages }) => messages)),
    })),
    outputs: outputsOf(snapshot, extras),
    subscriptions: byTrouble(entries).map((entry) => subscription(entry, rateOf(entry))),
    events: events.map(({ at, ...event }) => ({ time: new Date(at).toISOString(), ...event })),
  }
}

function statesOf(entries: readonly EntrySnapshot[]): Record<string, number> {
  const states: Record<string, number> = {}
  for (const entry of byTrouble(entries)) {
    const state = stateOf(entry)
    states[state] = (states[state] ?? 0) + 1
  }
  return states
}

function totalsOf(snapshot: Snapshot, rateOf: RateOf): object {
  const counters = exportersOf(snapshot).map((exporter) => exporter.counters)
  const { messages, bytes } = receivedBy(snapshot.entries, snapshot.earlier)
  return {
    messages,
    bytes,
    rate: sum(snapshot.entries.map(rateOf)),
    delivered: sum(counters.map(({ delivered }) => delivered)),
    waiting: sum(counters.map(({ waiting }) => waiting)),
    given_up: sum(counters.map(({ givenUp }) => givenUp)),
  }
}

function outputsOf(snapshot: Snapshot, { nowMs }: StatusExtras): object[] {
  return exportersOf(snapshot).map(({ name, state, counters }) => ({
    name,
    up: state.up,
    since_ms: nowMs - state.since,
    ...(state.lastError && { error: printable(state.lastError.message, 300) }),
    delivered: counters.delivered,
    waiting: counters.waiting,
    retried: counters.retried,
    given_up: counters.givenUp,
    kept: counters.kept,
  }))
}

function subscription(entry: EntrySnapshot, rate: number): object {
  const { name, topic, host, status, messages, credentialAge, delayMs } = entry
  const cause = causeOf(entry)
  return {
    customer: name,
    topic,
    host,
    state: stateOf(entry),
    ...(cause && { code: cause.code, message: printable(cause.message, 300) }),
    rate,
    messages,
    last_ms: status.frameAgeMs,
    gap_ms: status.gapMs,
    delay_ms: delayMs,
    credential_age_ms: credentialAge === undefined ? undefined : credentialAge * 1000,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
