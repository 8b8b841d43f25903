import { TRANSFORM } from '../outputs/output.js'
import { receivedBy } from '../pipeline/streams.js'
import { fit, formatBytes, formatCount, formatDuration, printable } from '../text.js'
import { formatRate, type RateOf } from './rates.js'
import {
  describeEntries,
  describeState,
  describeStates,
  describeUndelivered,
  type EntrySnapshot,
  FEW,
  frameAgeOf,
  type OutputSnapshot,
  outputsOf,
  type Snapshot,
  sumOf,
} from './snapshot.js'
import { type Cell, type Colour, type Column, layOut, paint } from './table-layout.js'
import {
  asAtEnd,
  byTrouble,
  type Cluster,
  clustersOf,
  isTrouble,
  reasonsOf,
  type State,
  stateOf,
} from './trouble.js'

const MOST_CLUSTERS = 8
const MOST_REASONS = 3
/** Those in trouble that the last drawing names. */
const MOST_AT_END = 10

type Drawing = {
  readonly width: number
  readonly height: number
  readonly colour: boolean
  readonly rateOf: RateOf
}

/**
 * The lines of the table: titles, rows, reasons of trouble, outputs, sums. Those in trouble are first. Where
 * not all subscriptions fit, there is a row for each cluster above them.
 */
export function tableLines(snapshot: Snapshot, drawing: Drawing): string[] {
  const { height, width, colour } = drawing
  const { entries } = snapshot
  const below = outputsOf(snapshot)
    .slice(0, Math.max(0, height - 4))
    .map((output) => outputLine(output, snapshot.deadLetterFile))
  const room = Math.max(0, height - 2 - below.length)
  // The rows of a few entries show the reasons.
  const why = entries.length <= FEW ? [] : reasonLines(entries).slice(0, room >> 2)
  const rest = room - why.length
  const fits = entries.length <= rest
  const all = clustersOf(entries)
  const isGrouped = !fits && all.length > 1
  const clusters = isGrouped ? all.slice(0, Math.min(MOST_CLUSTERS, rest >> 1)) : []
  const shown = byTrouble(entries).slice(0, rest - clusters.length)
  const rows = [
    ...clusters.map((cluster) => clusterCells(cluster, drawing.rateOf)),
    ...shown.map((entry) => entryCells(entry, drawing.rateOf(entry))),
  ]
  const hidden = entries.length - shown.length
  const summary = summaryLine(snapshot, drawing.rateOf)
  return [
    ...layOut(columnsFor(entries), rows, { width, colour, cursor: true }),
    ...why.map((line) => paint(fit(line, width), 'yellow', colour)),
    ...[...below, hidden > 0 ? `${formatCount(hidden)} more not shown · ${summary}` : summary].map(
      (line) => paint(fit(line, width), 'dim', colour),
    ),
  ]
}

/**
 * The lines that stay at the end: all subscriptions where there are few, else those in trouble.
 * @param troubled in trouble when the end began; all others have ended as asked
 */
export function finalLines(
  snapshot: Snapshot,
  troubled: readonly EntrySnapshot[],
  drawing: Drawing,
): string[] {
  const { width, colour, rateOf } = drawing
  const entries = asAtEnd(snapshot.entries, troubled)
  const chosen = byTrouble(entries.length <= FEW ? entries : entries.filter(isTrouble))
  const shown = chosen.slice(0, MOST_AT_END)
  const rows = shown.map((entry) => entryCells(entry, rateOf(entry)))
  const more = chosen.length - shown.length
  const below = [
    more > 0 ? `${formatCount(more)} more were in trouble` : '',
    ...outputsOf(snapshot).map((output) => outputLine(output, snapshot.deadLetterFile)),
    summaryLine(snapshot, rateOf),
  ]
  return [
    ...(rows.length === 0
      ? []
      : layOut(columnsFor(entries), rows, { width, colour, cursor: true })),
    ...below.filter(Boolean).map((line) => paint(fit(line, width), 'dim', colour)),
  ]
}

function summaryLine({ entries, earlier, upMs }: Snapshot, rateOf: RateOf): string {
  const { messages, filtered } = receivedBy(entries, earlier)
  const rate = sumOf(entries, rateOf)
  return [
    describeEntries(entries),
    `${formatCount(messages)} messages`,
    filtered === undefined ? '' : `${formatCount(filtered)} filtered`,
    `${formatRate(rate)}/s`,
    `up ${formatDuration(upMs)}`,
  ]
    .filter(Boolean)
    .join(' · ')
}

/** `78 retrying: unreachable · eu.example` */
function reasonLines(entries: readonly EntrySnapshot[]): string[] {
  const reasons = reasonsOf(entries)
  const lines = reasons
    .slice(0, MOST_REASONS)
    .map(({ host, what, entries: of }) => `${formatCount(of.length)} ${what} · ${host}`)
  const more = reasons.length - lines.length
  return more > 0 ? [...lines, `${more} more reasons`] : lines
}

function outputLine(output: OutputSnapshot, deadLetterFile: string | undefined): string {
  const { name, counters } = output
  const { delivered, waiting, retried } = counters
  const parts = [
    name !== TRANSFORM ? `${formatCount(delivered)} delivered` : '',
    waiting > 0 ? `${formatCount(waiting)} waiting` : '',
    retried > 0 ? `${formatCount(retried)} retried` : '',
    ...describeUndelivered(output, deadLetterFile).map((text) => printable(text, 100)),
  ]
  return `${printable(name, 100)}: ${parts.filter(Boolean).join(' · ')}`
}

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
function columnsFor(entries: readonly EntrySnapshot[]): readonly Column[] {
  const hosts = new Set(entries.map(({ host }) => host))
  return hosts.size > 1 ? COLUMNS : COLUMNS.filter((column) => column !== HOST)
}

function entryCells(entry: EntrySnapshot, rate: number): Cell[] {
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

function clusterCells({ host, away, state, entries }: Cluster, rateOf: RateOf): Cell[] {
  return [
    { text: host, colour: 'bold' },
    { text: `${formatCount(entries.length)} topics`, colour: 'bold' },
    { text: describeStates(entries), colour: away ? 'red' : STATE_COLOURS[state] },
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
