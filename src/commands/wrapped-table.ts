import { paint } from '../report/table-layout.js'
import { displayWidth } from '../text.js'

const GAP = 2
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
