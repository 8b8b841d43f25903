import { printableJson } from '../text.js'

// ANSI: bright blue, green, yellow and magenta read well on dark and light grounds alike.
const COLOURS = { name: '94', text: '32', number: '33', word: '35' } as const

type Paint = (text: string, as: keyof typeof COLOURS) => string

/**
 * JSON for people: indented, coloured where asked for, and without the characters that `JSON.stringify`
 * passes but a terminal obeys (C1 controls, bidi controls); it still reads back as the same value.
 */
export function formatForTerminal(value: object, colour: boolean): string {
  return `${format(value, '\n', colour ? painted : plain)}\n`
}

/** @param margin newline and indentation of the line that the value begins on */
function format(value: unknown, margin: string, paint: Paint): string {
  if (typeof value === 'string') return paint(printableJson(JSON.stringify(value)), 'text')
  if (typeof value === 'number') return paint(JSON.stringify(value), 'number')
  if (typeof value !== 'object' || value === null) return paint(JSON.stringify(value), 'word')
  const inner = `${margin}  `
  if (Array.isArray(value)) {
    return enclosed(
      '[]',
      margin,
      inner,
      value.map((element) => format(element, inner, paint)),
    )
  }
  const fields = Object.entries(value).map(([name, held]) => {
    const key = paint(printableJson(JSON.stringify(name)), 'name')
    return `${key}: ${format(held, inner, paint)}`
  })
  return enclosed('{}', margin, inner, fields)
}

function enclosed(
  brackets: '[]' | '{}',
  margin: string,
  inner: string,
  parts: readonly string[],
): string {
  if (parts.length === 0) return brackets
  return `${brackets[0]}${inner}${parts.join(`,${inner}`)}${margin}${brackets[1]}`
}

function plain(text: string): string {
  return text
}

function painted(text: string, as: keyof typeof COLOURS): string {
  return `\u001b[${COLOURS[as]}m${text}\u001b[39m`
}
