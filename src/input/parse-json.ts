import type { Node, ParseError } from 'jsonc-parser'
import { DOUBLE_QUOTES, findCharacter, nameCharacter, TYPOGRAPHIC_QUOTES } from '../characters.js'
import { loadCommonJs } from '../packages.js'

const { parseTree, printParseErrorCode } =
  loadCommonJs<typeof import('jsonc-parser')>('jsonc-parser')

/** A JSON text as a tree of nodes with their offsets; or why it is none, with line and column. */
type ParsedJson =
  | { readonly root: Node; readonly fault?: never }
  | { readonly root?: never; readonly fault: string }

/** In words, because the text at that place may be a key and is never quoted. */
const FAULTS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'expected a value or a name in double quotes; this is neither',
  InvalidNumberFormat: 'this number is not written as in JSON',
  PropertyNameExpected: 'expected a name in double quotes (no comma after the last property)',
  ValueExpected: 'expected a value (no comma after the last one)',
  ColonExpected: 'expected a colon between name and value',
  CommaExpected: 'expected a comma or the closing bracket before this',
  CloseBraceExpected: 'the file ends before a closing }',
  CloseBracketExpected: 'the file ends before a closing ]',
  EndOfFileExpected: 'expected nothing more: the object has ended before this',
  InvalidCommentToken: 'comments are not allowed in JSON',
  UnexpectedEndOfComment: 'comments are not allowed in JSON',
  UnexpectedEndOfString: 'this text has no closing quote on its line',
  UnexpectedEndOfNumber: 'this number is not written as in JSON',
  InvalidUnicode: 'this text holds a \\u that is not followed by four hex digits',
  InvalidEscapeCharacter: 'this text holds a backslash that JSON does not know',
  InvalidCharacter: 'this text holds a control character, such as a tab',
}

/** Parses JSON strictly: no comments, no trailing commas. */
export function parseJson(text: string): ParsedJson {
  const errors: ParseError[] = []
  let root: Node | undefined
  try {
    root = parseTree(text, errors, {
      disallowComments: true,
      allowTrailingComma: false,
      allowEmptyContent: false,
    })
  } catch (error) {
    if (error instanceof RangeError) return { fault: 'is not JSON: it is nested too deeply' }
    throw error
  }
  // Further errors mostly follow from the first.
  const [first] = errors
  if (root !== undefined && first === undefined) return { root }
  const offset = placeOf(text, first?.offset ?? 0)
  const lines = new LineCounter(text)
  const fault = FAULTS[first ? printParseErrorCode(first.error) : ''] ?? 'expected a JSON object'
  const words = faultHere(text, offset) ?? fault + quotesHint(text, offset, lines)
  return { fault: `${lines.place(offset)}: is not JSON: ${words}` }
}

/** The parser stops behind a comma that is too much, and behind the blanks at the end. A reader looks before them. */
function placeOf(text: string, offset: number): number {
  const before = text.slice(0, offset).trimEnd()
  const isAfterComma = before.endsWith(',') && /^[}\]]/.test(text.slice(offset, offset + 1))
  const isAtEnd = text.slice(offset).trim() === ''
  return before !== '' && (isAfterComma || isAtEnd) ? before.length - 1 : offset
}

/** How far from a fault its reason is looked for. */
const NEAR = 300

/** Words of other languages, and what JSON has for them. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  True: 'true',
  False: 'false',
  None: 'null',
  nil: 'null',
  undefined: 'null',
}
const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?!\S)/

/** Names what is at a fault: another kind of file, or something that looks like JSON, but is none. */
function faultHere(text: string, offset: number): string | undefined {
  const [word = ''] = /^\w{1,9}(?!\w)/.exec(text.slice(offset, offset + 10)) ?? []
  const right = Object.hasOwn(OTHER_WORDS, word) ? OTHER_WORDS[word] : undefined
  if (right !== undefined) return `expected ${right}; got ${word}`
  if (CONFLICT.test(text.slice(offset, offset + 8))) {
    return 'this is the mark of a merge conflict; resolve the conflict'
  }
  const character = text.charAt(offset)
  const before = text.slice(Math.max(0, offset - NEAR), offset).trim()
  if (character === '{' && before.endsWith('}')) {
    return 'a second object begins here; expected one object in the file, or a comma between two'
  }
  if (character === '<') return 'this is HTML or XML; expected a JSON object, which begins with {'
  if (before === '' && /^[\w#-]/.test(character))
    return 'expected a JSON object, which begins with {'
  if (character === "'") return 'expected the plain "; got a single quotation mark'
  if (!findCharacter(character)) return undefined
  const plain = character.trim() === '' ? 'a plain space or none' : 'a character of JSON'
  const expected = TYPOGRAPHIC_QUOTES.test(character) ? 'the plain "' : plain
  return `expected ${expected}; got ${nameCharacter(character)}`
}

/** A typographic quotation mark does not end a text. The parser notices that only later. */
function quotesHint(text: string, offset: number, lines: LineCounter): string {
  const before = text.slice(Math.max(lines.lineStart(offset), offset - NEAR), offset)
  const [after = ''] = /^.*/.exec(text.slice(offset, offset + NEAR)) ?? []
  const at = (before + after).search(DOUBLE_QUOTES)
  if (at === -1) return ''
  const place = offset - before.length + at
  return `; there is ${nameCharacter(text.charAt(place))} at ${lines.place(place)}, where JSON needs the plain "`
}

/** Counts the lines of a text once, for offsets that mostly increase. */
export class LineCounter {
  readonly #text: string
  /** Up to here lines were counted. */
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The line of an offset, counted from 1. */
  line(offset: number): number {
    if (offset < this.#at) {
      this.#at = this.#lineStart = 0
      this.#line = 1
    }
    for (; this.#at < offset; this.#at++) {
      const code = this.#text.charCodeAt(this.#at)
      const ends = code === 10 || (code === 13 && this.#text.charCodeAt(this.#at + 1) !== 10)
      if (!ends) continue
      this.#line++
      this.#lineStart = this.#at + 1
    }
    return this.#line
  }

  /** Offset of the line's first character. */
  lineStart(offset: number): number {
    this.line(offset)
    return this.#lineStart
  }

  /** `line 3, column 7`, both counted from 1. */
  place(offset: number): string {
    const column = offset - this.lineStart(offset) + 1
    return `line ${this.#line}, column ${column}`
  }
}

/** A property of an object in the text. */
export type Member = { readonly name: string; readonly value: Node; readonly offset: number }

/** The properties of an object in their order; a name that occurs twice comes twice. */
export function members(node: Node): Member[] {
  const found: Member[] = []
  for (const { children: [name, value] = [], offset } of node.children ?? []) {
    if (name && value) found.push({ name: String(name.value), value, offset })
  }
  return found
}
