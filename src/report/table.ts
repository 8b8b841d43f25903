import { HIDE_CURSOR, SHOW_CURSOR } from '../cursor.js'
import type { Snapshot } from './snapshot.js'
import { createRates, tableLines } from './table-lines.js'
import { displayWidth } from './width.js'

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

function withoutEscapes(line: string): string {
  return line.replaceAll(new RegExp(`${'\x1b'}\\[[0-9;]*[A-Za-z]`, 'g'), '')
}
