import { TRANSFORM } from '../outputs/output.js'
import { receivedBy } from '../pipeline/received.js'
import { fit, formatCount, formatDuration, printable } from '../text.js'
import { abnormalSilence } from './health.js'
import {
  describeEntries,
  describeState,
  describeUndelivered,
  type EntrySnapshot,
  type ExporterSnapshot,
  exportersOf,
  type Snapshot,
} from './snapshot.js'
import { type Cell, type Colour, type Column, layOut, paint } from './table-layout.js'

/** The rate is that of the last five seconds. */
const RATE_MS = 5000

const COLUMNS: readonly Column[] = [
  { title: 'ENTRY', align: 'left', shrinkTo: 12, rank: 0 },
  { title: 'TOPIC', align: 'left', rank: 4 },
  { title: 'STATE', align: 'left', shrinkTo: 10, rank: 1 },
  { title: 'MESSAGES', align: 'right', rank: 2 },
  { title: 'RATE/S', align: 'right', rank: 5 },
  { title: 'LAST', align: 'right', rank: 3 },
  { title: 'RECONN', align: 'right', rank: 6 },
]

/** Messages a second of an entry. */
type RateOf = (entry: EntrySnapshot) => number

type Drawing = {
  readonly width: number
  readonly height: number
  readonly colour: boolean
  readonly rateOf: RateOf
}

/**
 * The lines of the table: titles, entries, exporters, sums. Where not all entries fit, those in trouble
 * are shown first.
 */
export function tableLines(
  snapshot: Snapshot,
  { width, height, colour, rateOf }: Drawing,
): string[] {
  const { entries, earlier, deadLetterFile, upMs } = snapshot
  const exporterLines = exportersOf(snapshot)
    .slice(0, Math.max(0, height - 4))
    .map((exporter) => exporterLine(exporter, deadLetterFile))
  const room = Math.max(0, height - 2 - exporterLines.length)
  const shown = entries.length <= room ? entries : byTrouble(entries).slice(0, room)
  const hidden = entries.length - shown.length
  const { messages, filtered } = receivedBy(entries, earlier)
  const total = entries.reduce((sum, entry) => sum + rateOf(entry), 0)
  const summary = [
    hidden > 0 ? `${hidden} more not shown` : '',
    describeEntries(entries),
    `${formatCount(messages)} messages`,
    filtered === undefined ? '' : `${formatCount(filtered)} filtered`,
    `${formatRate(total)}/s`,
    `up ${formatDuration(upMs)}`,
  ]
  const cells = shown.map((entry) => entryCells(entry, rateOf(entry)))
  const below = [...exporterLines, summary.filter(Boolean).join(' · ')]
  return [
    ...layOut(COLUMNS, cells, { width, colour, cursor: true }),
    ...below.map((line) => paint(fit(line, width), 'dim', colour)),
  ]
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

function entryCells(entry: EntrySnapshot, rate: number): Cell[] {
  const { name, topic, status, messages } = entry
  const trouble = troubleOf(entry)
  const { frameAgeMs } = status
  return [
    { text: name },
    { text: topic },
    {
      text: trouble === 'silent' ? 'open, silent' : describeState(entry),
      colour: STATE_COLOURS[trouble],
    },
    { text: formatCount(messages) },
    { text: formatRate(rate) },
    { text: frameAgeMs === undefined ? '-' : formatDuration(frameAgeMs) },
    { text: formatCount(status.reconnects) },
  ]
}

/** The worst first. */
const STATE_COLOURS = {
  refused: 'red',
  retrying: 'yellow',
  connecting: 'yellow',
  silent: 'yellow',
  ended: 'dim',
  open: 'green',
} as const satisfies Record<string, Colour>
type Trouble = keyof typeof STATE_COLOURS
const TROUBLES = Object.keys(STATE_COLOURS)

function troubleOf(entry: EntrySnapshot): Trouble {
  return abnormalSilence(entry) === undefined ? entry.status.type : 'silent'
}

function byTrouble(entries: readonly EntrySnapshot[]): EntrySnapshot[] {
  const rank = (entry: EntrySnapshot) => TROUBLES.indexOf(troubleOf(entry))
  return [...entries].sort((a, b) => rank(a) - rank(b))
}

/** Makes a function that measures the rates of the last seconds. Call it for each drawing. */
export function createRates(): (snapshot: Snapshot) => RateOf {
  const samples: { upMs: number; messages: Map<string, number> }[] = []
  return ({ entries, upMs }) => {
    samples.push({ upMs, messages: new Map(entries.map(({ name, messages }) => [name, messages])) })
    while (samples[1] && upMs - samples[1].upMs >= RATE_MS) samples.shift()
    const [oldest] = samples
    return ({ name, messages }) => {
      if (!oldest || upMs <= oldest.upMs) return 0
      const before = oldest.messages.get(name) ?? messages
      // An entry that a reload has replaced counts from zero.
      return (Math.max(0, messages - before) * 1000) / (upMs - oldest.upMs)
    }
  }
}

function formatRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : formatCount(Math.round(rate))
}
