import { formatBytes, formatCount, formatDuration } from '../text.js'
import type { RateOf } from './rates.js'
import { describeState, describeStates, type EntrySnapshot, frameAgeOf, sumOf } from './snapshot.js'
import type { Cell, Colour, Column } from './table-layout.js'
import { type Cluster, type State, stateOf } from './trouble.js'

const STATE_COLOURS: Readonly<Record<State, Colour>> = {
  refused: 'red',
  retrying: 'yellow',
  connecting: 'yellow',
  silent: 'yellow',
  ended: 'dim',
  open: 'green',
}

const HOST: Column = { title: 'HOST', align: 'left', shrinkTo: 12, rank: 9 }
const COLUMNS: readonly Column[] = [
  { title: 'ENTRY', align: 'left', shrinkTo: 18, rank: 0 },
  { title: 'TOPIC', align: 'left', rank: 4 },
  { title: 'STATE', align: 'left', shrinkTo: 14, rank: 1 },
  { title: 'MESSAGES', align: 'right', rank: 2 },
  { title: 'RATE/S', align: 'right', rank: 5 },
  { title: 'BYTES', align: 'right', rank: 7 },
  { title: 'LAST', align: 'right', rank: 3 },
  { title: 'DELAY', align: 'right', rank: 8 },
  { title: 'RECONN', align: 'right', rank: 6 },
  HOST,
]

/** The columns of the table, without the host where all entries have the same. */
export function columnsFor(entries: readonly EntrySnapshot[]): readonly Column[] {
  const hosts = new Set(entries.map(({ host }) => host))
  return hosts.size > 1 ? COLUMNS : COLUMNS.filter((column) => column !== HOST)
}

export function entryCells(entry: EntrySnapshot, rate: number): Cell[] {
  const { name, topic, status, messages, delayMs, host } = entry
  const state = stateOf(entry)
  const { frameAgeMs, bytes, reconnects } = status
  return [
    { text: name },
    { text: topic },
    {
      text: state === 'silent' ? 'open, silent' : describeState(entry),
      colour: STATE_COLOURS[state],
    },
    { text: formatCount(messages) },
    { text: formatRate(rate) },
    { text: formatBytes(bytes) },
    { text: formatAge(frameAgeMs) },
    { text: delayMs === undefined ? '-' : formatDelay(delayMs) },
    { text: formatCount(reconnects) },
    { text: host },
  ]
}

export function clusterCells({ host, state, entries }: Cluster, rateOf: RateOf): Cell[] {
  return [
    { text: host, colour: 'bold' },
    { text: `${formatCount(entries.length)} topics`, colour: 'bold' },
    { text: describeStates(entries), colour: STATE_COLOURS[state] },
    { text: formatCount(sumOf(entries, ({ messages }) => messages)) },
    { text: formatRate(sumOf(entries, rateOf)) },
    { text: formatBytes(sumOf(entries, ({ status }) => status.bytes)) },
    { text: formatAge(frameAgeOf(entries)) },
    { text: '' },
    { text: formatCount(sumOf(entries, ({ status }) => status.reconnects)) },
    { text: '' },
  ]
}

function formatAge(ms: number | undefined): string {
  return ms === undefined ? '-' : formatDuration(ms)
}

function formatDelay(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : formatDuration(ms)
}

export function formatRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))
}
