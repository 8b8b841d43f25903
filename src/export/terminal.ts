import { printableJson } from '../text.js'

// ANSI: bright blue, green, yellow and magenta read well on dark and light grounds alike.
const COLOURS = { name: '94', text: '32', number: '33', word: '35' } as const

const TOKENS = /("(?:[^"\\]|\\.)*")(:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g

/**
 * JSON for people: indented, coloured where asked for, and without the characters that `JSON.stringify`
 * passes but a terminal obeys (C1 controls, bidi controls); it still reads back as the same value.
 */
export function formatForTerminal(value: object, colour: boolean): string {
  const text = JSON.stringify(value, null, 2).replace(
    TOKENS,
    (token: string, string?: string, colon?: string) => {
      const paint = colour ? painted : plain
      if (string === undefined) return paint(token, /^[tfn]/.test(token) ? 'word' : 'number')
      const safe = printableJson(string)
      return colon === undefined ? paint(safe, 'text') : `${paint(safe, 'name')}:`
    },
  )
  return `${text}\n`
}

function plain(text: string): string {
  return text
}

function painted(text: string, as: keyof typeof COLOURS): string {
  return `\u001b[${COLOURS[as]}m${text}\u001b[39m`
}
