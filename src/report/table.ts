import { type Cell, type Colour, type Column, layOut, paint } from '../table-layout.js'
import { displayWidth, fit } from '../width.js'
import { abnormalSilence } from './silence.js'
import type { EntrySnapshot, Snapshot } from './snapshot.js'
import { showCount, showDuration, showState, showTotals } from './words.js'

export type TableOptions = {
  /** Writes to the terminal. */
  readonly write: (text: string) => void
  /** Size of the terminal now. */
  readonly columns: () => number
  readonly rows: () => number
  readonly colour: boolean
  readonly snapshot: () => Snapshot
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** The live table: it owns the last lines of the terminal until it is closed. */
export interface Table {
  /** Draws the table as things stand; to be called a few times a second and on a resize. */
  redraw(): void
  /** Writes whole log lines above the table. */
  log(text: string): void
  /** Draws the table a last time and leaves it standing, cursor below; what comes after is written plainly. */
  close(): void
}

/** How often `redraw` is worth its while. */
export const REDRAW_MS = 500
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

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const ERASE_LINE_END = '\x1b[K'
const ERASE_BELOW = '\x1b[J'

/** Makes the table; nothing is written before the first `redraw`. */
export function createTable(options: TableOptions): Table {
  const { write, columns, rows, colour, snapshot, now = Date.now } = options
  const rateOf = createRates()
  /** Widths of the lines that stand on the terminal. */
  let drawn: number[] = []
  let lines: string[] = []
  let open = true
  let hidden = false

  /** To the first line of the table, however the terminal wrapped its lines after a resize. */
  const toTop = () => {
    const width = Math.max(1, columns())
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line / width)), 0)
    const up = Math.min(height, Math.max(0, rows() - 1))
    return up === 0 ? '\r' : `\r\x1b[${up}A`
  }

  const compose = () => {
    const at = now()
    const state = snapshot()
    // A line that reaches the last column wraps on some terminals.
    const width = Math.max(10, columns() - 1)
    lines = tableLines(state, { at, width, height: Math.max(2, rows() - 1), colour, rateOf })
    drawn = lines.map((line) => Math.min(width, displayWidth(withoutEscapes(line))))
  }

  const draw = (top: string) =>
    write(`${top}${lines.map((line) => `${line}${ERASE_LINE_END}\n`).join('')}${ERASE_BELOW}`)

  return {
    redraw() {
      if (!open) return
      const top = `${hidden ? '' : HIDE_CURSOR}${toTop()}`
      hidden = true
      compose()
      draw(top)
    },
    log(text) {
      if (!open || lines.length === 0) return write(text)
      draw(`${toTop()}${ERASE_BELOW}${text}`)
    },
    close() {
      if (!open) return
      open = false
      const top = toTop()
      compose()
      draw(top)
      if (hidden) write(SHOW_CURSOR)
    },
  }
}

type Drawing = {
  readonly at: number
  readonly width: number
  readonly height: number
  readonly colour: boolean
  readonly rateOf: (snapshot: Snapshot, at: number) => (entry: EntrySnapshot) => number
}

/** Titles, as many entries as fit, and a summary: the troubled ones first where not all fit. */
function tableLines(snapshot: Snapshot, { at, width, height, colour, rateOf }: Drawing): string[] {
  const { entries, startedAt } = snapshot
  const rate = rateOf(snapshot, at)
  const room = Math.max(0, height - 2)
  const shown = entries.length <= room ? entries : byTrouble(entries, at).slice(0, room)
  const hidden = entries.length - shown.length
  const messages = entries.reduce((sum, entry) => sum + entry.messages, 0)
  const total = entries.reduce((sum, entry) => sum + rate(entry), 0)
  const summary = [
    hidden > 0 ? `${hidden} more not shown` : '',
    showTotals(entries),
    `${showCount(messages)} messages`,
    `${showRate(total)}/s`,
    `up ${showDuration(at - startedAt)}`,
  ]
  const cells = shown.map((entry) => entryCells(entry, rate(entry), at))
  return [
    ...layOut(COLUMNS, cells, { width, colour, cursor: true }),
    paint(fit(summary.filter(Boolean).join(' · '), width), 'dim', colour),
  ]
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
function createRates(): Drawing['rateOf'] {
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

function withoutEscapes(line: string): string {
  return line.replaceAll(new RegExp(`${'\x1b'}\\[[0-9;]*[A-Za-z]`, 'g'), '')
}
