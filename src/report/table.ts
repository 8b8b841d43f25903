import { stripVTControlCharacters } from 'node:util'
import { displayWidth } from '../text.js'
import { createRates } from './rates.js'
import { HIDE_CURSOR, SHOW_CURSOR } from './screen.js'
import type { EntrySnapshot, Snapshot } from './snapshot.js'
import { finalLines, tableLines } from './table-lines.js'

type TableOptions = {
  /** Writes to the terminal. */
  readonly write: (text: string) => boolean
  /** Size of the terminal now. */
  readonly columns: () => number
  readonly rows: () => number
  readonly colour: boolean
  readonly snapshot: () => Snapshot
}

/** The live table. It owns the last lines of the terminal until it is closed. */
export interface Table {
  /** Draws the table anew. Call it a few times a second and on a resize. */
  redraw(): void
  /** Writes whole log lines above the table. */
  log(text: string): boolean
  /**
   * Draws the table a last time and leaves it on the screen. Later log lines follow below.
   * @param troubled in trouble when the end began; all others have ended as asked
   */
  close(troubled?: readonly EntrySnapshot[]): void
}

const ERASE_LINE_END = '\x1b[K'
const ERASE_BELOW = '\x1b[J'

/** Makes the table. Nothing is written before the first `redraw`. */
export function createTable(options: TableOptions): Table {
  const { write, columns, rows, colour, snapshot } = options
  const rates = createRates()
  /** Widths of the lines on the terminal. */
  let drawn: number[] = []
  let lines: string[] = []
  let open = true
  let hidden = false

  /** Moves to the first line of the table, also where a resize made the terminal wrap its lines. */
  const toTop = () => {
    const width = Math.max(1, columns())
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line / width)), 0)
    const up = Math.min(height, Math.max(0, rows() - 1))
    return up === 0 ? '\r' : `\r\x1b[${up}A`
  }

  const compose = (troubled?: readonly EntrySnapshot[]) => {
    // On some terminals a line wraps when it reaches the last column.
    const width = Math.max(10, columns() - 1)
    const height = Math.max(2, rows() - 1)
    const state = snapshot()
    const drawing = { width, height, colour, rateOf: rates(state) }
    lines = troubled ? finalLines(state, troubled, drawing) : tableLines(state, drawing)
    drawn = lines.map((line) => Math.min(width, displayWidth(stripVTControlCharacters(line))))
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
      return draw(`${toTop()}${ERASE_BELOW}${text}`)
    },
    close(troubled = []) {
      if (!open) return
      open = false
      const top = toTop()
      compose(troubled)
      draw(top)
      if (hidden) write(SHOW_CURSOR)
    },
  }
}
