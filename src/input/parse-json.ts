import type { Node, ParseError } from 'jsonc-parser'
import { loadCommonJs } from '../load-common-js.js'

const { parseTree, printParseErrorCode } =
  loadCommonJs<typeof import('jsonc-parser')>('jsonc-parser')

/** A JSON text as a tree of nodes with their offsets; or why it is none, with line and column. */
export type ParsedJson =
  | { readonly root: Node; readonly fault?: never }
  | { readonly root?: never; readonly fault: string }

/** In words, because the text at that place may be a key and is never quoted. */
const FAULTS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'expected a value or a name in double quotes; this is neither',
  InvalidNumberFormat: 'this number is not written as in JSON',
  PropertyNameExpected:
    'expected a name in double quotes (no comma may stand behind the last property)',
  ValueExpected: 'expected a value (no comma may stand behind the last one)',
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
  // What comes after the first is mostly its consequence.
  const [first] = errors
  if (root !== undefined && first === undefined) return { root }
  const { line, column } = position(text, first?.offset ?? 0)
  const fault = FAULTS[first ? printParseErrorCode(first.error) : ''] ?? 'expected a JSON object'
  return { fault: `line ${line}, column ${column}: is not JSON: ${fault}` }
}

/** Line and column of an offset, both counted from 1. */
export function position(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/)
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

/** A property of an object in the text. */
export type Member = { readonly name: string; readonly value: Node; readonly offset: number }

/** The properties of an object in their order, the same name twice where it stands twice. */
export function members(node: Node): Member[] {
  const found: Member[] = []
  for (const { children: [name, value] = [], offset } of node.children ?? []) {
    if (name && value) found.push({ name: String(name.value), value, offset })
  }
  return found
}
