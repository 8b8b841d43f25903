import { TRANSFORM } from '../outputs/output.js'
import { receivedBy } from '../pipeline/received.js'
import { fit, formatCount, formatDuration, printable } from '../text.js'
import { FEW } from './log-status.js'
import type { RateOf } from './rates.js'
import {
  describeEntries,
  describeUndelivered,
  type EntrySnapshot,
  type ExporterSnapshot,
  exportersOf,
  type Snapshot,
  sumOf,
} from './snapshot.js'
import { layOut, paint } from './table-layout.js'
import { clusterCells, columnsFor, entryCells, formatRate } from './table-rows.js'
import { byTrouble, clustersOf, reasonsOf } from './trouble.js'

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
  const below = exportersOf(snapshot)
    .slice(0, Math.max(0, height - 4))
    .map((exporter) => exporterLine(exporter, snapshot.deadLetterFile))
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
  const { entries } = snapshot
  if (entries.length <= FEW) return tableLines(snapshot, drawing)
  const { width, colour, rateOf } = drawing
  const shown = byTrouble(troubled).slice(0, MOST_AT_END)
  const rows = shown.map((entry) => entryCells(entry, rateOf(entry)))
  const more = troubled.length - shown.length
  const below = [
    more > 0 ? `${formatCount(more)} more were in trouble` : '',
    ...exportersOf(snapshot).map((exporter) => exporterLine(exporter, snapshot.deadLetterFile)),
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

function exporterLine(exporter: ExporterSnapshot, deadLetterFile: string | undefined): string {
  const { name, counters } = exporter
  const { delivered, waiting, retried } = counters
  const parts = [
    name !== TRANSFORM ? `${formatCount(delivered)} delivered` : '',
    waiting > 0 ? `${formatCount(waiting)} waiting` : '',
    retried > 0 ? `${formatCount(retried)} retried` : '',
    ...describeUndelivered(exporter, deadLetterFile).map((text) => printable(text, 100)),
  ]
  return `${printable(name, 100)}: ${parts.filter(Boolean).join(' · ')}`
}
