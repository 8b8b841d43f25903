import { receivedBy } from '../pipeline/received.js'
import { printable } from '../text.js'
import { abnormalSilence } from './silence.js'
import type { EntrySnapshot, ExporterSnapshot, Snapshot } from './snapshot.js'
import { type Cell, type Colour, type Column, layOut, paint } from './table-layout.js'
import { fit } from './width.js'
import { showCount, showDuration, showState, showTotals } from './words.js'

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

export type Drawing = {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly width: number
  readonly height: number
  readonly colour: boolean
  readonly rateOf: (snapshot: Snapshot, at: number) => (entry: EntrySnapshot) => number
}

/** Titles, as many entries as fit (the troubled ones first where not all do), and the sums. */
export function tableLines(
  snapshot: Snapshot,
  { at, width, height, colour, rateOf }: Drawing,
): string[] {
  const { entries, exporters, earlier, startedAt } = snapshot
  const rate = rateOf(snapshot, at)
  const exporterLines = exporters.slice(0, Math.max(0, height - 4)).map(exporterLine)
  const room = Math.max(0, height - 2 - exporterLines.length)
  const shown = entries.length <= room ? entries : byTrouble(entries, at).slice(0, room)
  const hidden = entries.length - shown.length
  const { messages } = receivedBy(entries, earlier)
  const total = entries.reduce((sum, entry) => sum + rate(entry), 0)
  const summary = [
    hidden > 0 ? `${hidden} more not shown` : '',
    showTotals(entries),
    `${showCount(messages)} messages`,
    `${showRate(total)}/s`,
    `up ${showDuration(at - startedAt)}`,
  ]
  const cells = shown.map((entry) => entryCells(entry, rate(entry), at))
  const below = [...exporterLines, summary.filter(Boolean).join(' · ')]
  return [
    ...layOut(COLUMNS, cells, { width, colour, cursor: true }),
    ...below.map((line) => paint(fit(line, width), 'dim', colour)),
  ]
}

function exporterLine({ name, counters }: ExporterSnapshot): string {
  const { delivered, waiting, retried, givenUp } = counters
  return [
    `${printable(name, 100)}: ${showCount(delivered)} delivered`,
    waiting > 0 ? `${showCount(waiting)} waiting` : '',
    retried > 0 ? `${showCount(retried)} retried` : '',
    givenUp > 0 ? `${showCount(givenUp)} given up` : '',
  ]
    .filter(Boolean)
    .join(' · ')
}

function entryCells(entry: EntrySnapshot, rate: number, at: number): Cell[] {
  const { name, topic, status, messages } = entry
  const silent = abnormalSilence(entry, at) !== undefined
  const last = status.lastFrameAt
  return [
    { text: name },
    { text: topic },
    {
      text: silent ? 'open, silent' : showState(entry),
      colour: STATE_COLOURS[troubleOf(entry, at)],
    },
    { text: showCount(messages) },
    { text: showRate(rate) },
    { text: last === undefined ? '-' : showDuration(at - last) },
    { text: showCount(status.reconnects) },
  ]
}

type Trouble = 'refused' | 'retrying' | 'connecting' | 'silent' | 'ended' | 'open'
const TROUBLES: readonly Trouble[] = [
  'refused',
  'retrying',
  'connecting',
  'silent',
  'ended',
  'open',
]
const STATE_COLOURS: Readonly<Record<Trouble, Colour>> = {
  refused: 'red',
  retrying: 'yellow',
  connecting: 'yellow',
  silent: 'yellow',
  ended: 'dim',
  open: 'green',
}

function troubleOf(entry: EntrySnapshot, at: number): Trouble {
  return abnormalSilence(entry, at) === undefined ? entry.status.type : 'silent'
}

function byTrouble(entries: readonly EntrySnapshot[], at: number): EntrySnapshot[] {
  const rank = (entry: EntrySnapshot) => TROUBLES.indexOf(troubleOf(entry, at))
  return [...entries].sort((a, b) => rank(a) - rank(b))
}

/** Messages a second over the last few seconds, by entry; keeps what it saw. */
export function createRates(): Drawing['rateOf'] {
  const samples: { at: number; messages: Map<string, number> }[] = []
  return ({ entries }, at) => {
    samples.push({ at, messages: new Map(entries.map(({ name, messages }) => [name, messages])) })
    while (samples[1] && at - samples[1].at >= RATE_MS) samples.shift()
    const oldest = samples[0]
    return ({ name, messages }) => {
      const before = oldest?.messages.get(name) ?? messages
      return oldest && at > oldest.at ? ((messages - before) * 1000) / (at - oldest.at) : 0
    }
  }
}

function showRate(rate: number): string {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : showCount(Math.round(rate))
}
