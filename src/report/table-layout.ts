import { styleText } from 'node:util'
import { displayWidth, fit, isAscii, printable } from '../text.js'

export type Colour = 'none' | 'bold' | 'dim' | 'green' | 'yellow' | 'red'

export type Cell = { readonly text: string; readonly colour?: Colour }

export type Column = {
  readonly title: string
  readonly align: 'left' | 'right'
  /** The width down to which it may shrink; without it the column keeps the width of its content. */
  readonly shrinkTo?: number
  /** On a narrow terminal the column with the highest rank is left out first. */
  readonly rank: number
}

const GAP = 2

/** Colours a printable text. */
export function paint(text: string, colour: Colour, enabled: boolean): string {
  return enabled && colour !== 'none' ? styleText(colour, text, { validateStream: false }) : text
}

/**
 * Lays rows out in columns of at most `width` together: columns shrink first, then those of the highest
 * rank are left out. Returns lines without trailing blanks, the titles first; texts are made printable.
 * With `cursor`, the cell after a text beyond ASCII is placed by an escape sequence, since terminals
 * disagree about the width of emoji.
 */
export function layOut(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { width, colour, cursor = false }: { width: number; colour: boolean; cursor?: boolean },
): string[] {
  const titles = columns.map(({ title }): Cell => ({ text: title, colour: 'bold' }))
  const table = [titles, ...rows].map((row) =>
    row.map((cell) => ({ ...cell, text: printable(cell.text, 200) })),
  )
  const natural = columns.map((_, at) =>
    Math.max(...table.map((row) => displayWidth(row[at]?.text ?? ''))),
  )
  const widths = chooseWidths(columns, natural, width)

  return table.map((row) => {
    let line = ''
    let position = 0
    /** Blanks before the next cell, so that none follow the last one. */
    let blanks = 0
    let unsure = false
    for (const [at, cell] of row.entries()) {
      const columnWidth = widths.get(at)
      if (columnWidth === undefined) continue
      const text = fit(cell.text, columnWidth)
      const blank = columnWidth - displayWidth(text)
      const right = columns[at]?.align === 'right'
      line += ' '.repeat(blanks)
      if (unsure && cursor) line += `\x1b[${position + 1}G`
      line += `${' '.repeat(right ? blank : 0)}${paint(text, cell.colour ?? 'none', colour)}`
      blanks = GAP + (right ? 0 : blank)
      position += columnWidth + GAP
      unsure = !isAscii(text)
    }
    return line.trimEnd()
  })
}

/** The widths of the columns that are shown, by their index. */
function chooseWidths(
  columns: readonly Column[],
  natural: readonly number[],
  width: number,
): Map<number, number> {
  const shown = columns.map((column, at) => ({ ...column, at, width: natural[at] ?? 0 }))
  const floor = (column: (typeof shown)[number]) =>
    Math.min(column.width, column.shrinkTo ?? column.width)
  const total = (size: (column: (typeof shown)[number]) => number) =>
    shown.reduce((sum, column) => sum + size(column), GAP * (shown.length - 1))

  while (shown.length > 1 && total(floor) > width) {
    const last = shown.reduce((worst, column) => (column.rank > worst.rank ? column : worst))
    shown.splice(shown.indexOf(last), 1)
  }
  for (let excess = total((column) => column.width) - width; excess > 0; excess -= 1) {
    // The widest column shrinks first, so that two long ones end up equal.
    const spare = shown.filter((column) => column.width > floor(column))
    const widest = spare.reduce<(typeof shown)[number] | undefined>(
      (most, column) => (most === undefined || column.width > most.width ? column : most),
      undefined,
    )
    if (widest) widest.width -= 1
    else if (shown[0]) shown[0].width = Math.max(1, shown[0].width - 1)
  }
  return new Map(shown.map((column) => [column.at, column.width]))
}

/** A last column that would be narrower stands in a line of its own. */
const MIN_WIDTH = 24
const INDENT = 4

export type Look = {
  /** Of the terminal; undefined where nothing is cut or wrapped, as in a pipe. */
  readonly columns: number | undefined
  readonly colour: boolean
}

/** Rows in columns. The last column wraps, where the terminal is too narrow. */
export function wrappedTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, colour }: Look,
): string[] {
  const all = [titles, ...rows]
  const last = titles.length - 1
  const widths = titles.map((_, at) => Math.max(...all.map((row) => displayWidth(row[at] ?? ''))))
  const start = widths.slice(0, last).reduce((sum, width) => sum + width + GAP, 0)
  const width = widthOf(columns)
  const room = width - start
  const words = all.flatMap((row) => (row[last] ?? '').split(' '))
  const least = Math.max(MIN_WIDTH, ...words.map(displayWidth))
  const isBelow = room < least && (widths[last] ?? 0) > room
  const indent = isBelow ? INDENT : start
  return all.flatMap((row, at) => {
    const cells = row.slice(0, last).map((text, column) => padded(text, widths[column] ?? 0))
    const head = cells.join(' '.repeat(GAP))
    const lines = wrap(row[last] ?? '', width - indent)
    const [first = '', ...others] = lines
    const rest = others.map((line) => ' '.repeat(indent) + line)
    const made = isBelow
      ? [head, ...lines.filter(Boolean).map((line) => ' '.repeat(INDENT) + line)]
      : [head + ' '.repeat(GAP) + first, ...rest]
    return made.map((line) => paint(line.trimEnd(), at === 0 ? 'bold' : 'none', colour))
  })
}

/** A text in lines as wide as the terminal. */
export function paragraph(text: string, { columns }: Look): string[] {
  return wrap(text, widthOf(columns))
}

/** On some terminals a line wraps when it reaches the last column. */
function widthOf(columns: number | undefined): number {
  return columns === undefined ? Number.POSITIVE_INFINITY : columns - 1
}

/** A text in lines of at most `width` columns; a longer word stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - displayWidth(text))
}
