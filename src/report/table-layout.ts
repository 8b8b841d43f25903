import { printable } from '../text.js'
import { displayWidth, fit, isAscii } from './width.js'

export type Colour = 'none' | 'bold' | 'dim' | 'green' | 'yellow' | 'red'

export type Cell = { readonly text: string; readonly colour?: Colour }

export type Column = {
  readonly title: string
  readonly align: 'left' | 'right'
  /** Narrower than that it is not shrunk; columns without it keep the width of their content. */
  readonly shrinkTo?: number
  /** Columns with the highest number are left out first where the terminal is narrow. */
  readonly rank: number
}

const GAP = 2
const SGR: Readonly<Record<Colour, string>> = {
  none: '',
  bold: '1',
  dim: '2',
  green: '32',
  yellow: '33',
  red: '31',
}

/** Colours a text that was made printable before. */
export function paint(text: string, colour: Colour, enabled: boolean): string {
  return enabled && SGR[colour] !== '' ? `\x1b[${SGR[colour]}m${text}\x1b[0m` : text
}

/**
 * Lays rows out in columns that together take at most `width`: columns shrink first, then the least
 * important ones are left out. Gives the lines, the titles first, without trailing blanks. Texts are
 * made printable here. With `cursor`, what follows text beyond ASCII is placed by its column, since
 * terminals disagree about the width of emoji.
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
    /** Blanks owed to the next cell; none are written after the last one. */
    let owed = 0
    let unsure = false
    for (const [at, cell] of row.entries()) {
      const columnWidth = widths.get(at)
      if (columnWidth === undefined) continue
      const text = fit(cell.text, columnWidth)
      const blank = columnWidth - displayWidth(text)
      const right = columns[at]?.align === 'right'
      line += ' '.repeat(owed)
      if (unsure && cursor) line += `\x1b[${position + 1}G`
      line += `${' '.repeat(right ? blank : 0)}${paint(text, cell.colour ?? 'none', colour)}`
      owed = GAP + (right ? 0 : blank)
      position += columnWidth + GAP
      unsure = !isAscii(text)
    }
    return line
  })
}

/** By column number: its width; what is left out has none. */
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
    // The widest gives first, so that two long columns end up alike.
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
