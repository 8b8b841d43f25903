import { printable } from './text.js'

const QUOTES = '\u00ab\u00bb\u2018-\u201f\u2039\u203a\u301d-\u301f\uff02\uff07'
const DASHES = '\u2010-\u2015\u2212\uff0d'

/** Characters that look like the ones JSON, keys and host names consist of, or that cannot be seen. */
const LOOKALIKE = new RegExp(
  `[${QUOTES}${DASHES}\u2026\uff0c\uff1a]|(?! )[\\p{Z}\\p{Cf}\\p{Cc}]`,
  'u',
)

/** Those that people write instead of `"`; others occur in names, such as an apostrophe. */
export const DOUBLE_QUOTES = /[\u00ab\u00bb\u201c-\u201f\u301d-\u301f\uff02]/
export const TYPOGRAPHIC_QUOTES = new RegExp(`[${QUOTES}]`)

const NAMES: Readonly<Record<number, string>> = {
  0: 'a NUL character',
  9: 'a tab',
  10: 'a line feed',
  13: 'a carriage return',
  27: 'an escape character',
  32: 'a blank',
  127: 'a DEL character',
  160: 'a no-break space',
  173: 'a soft hyphen',
  8203: 'a zero-width space',
  8204: 'a zero-width non-joiner',
  8205: 'a zero-width joiner',
  8230: 'an ellipsis',
  8232: 'a line separator',
  8239: 'a narrow no-break space',
  8288: 'a word joiner',
  65279: 'a byte-order mark',
  65292: 'a full-width comma',
  65306: 'a full-width colon',
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [TYPOGRAPHIC_QUOTES, 'a typographic quotation mark'],
  [new RegExp(`[${DASHES}]`), 'a typographic dash'],
  [/\p{Cc}/u, 'a control character'],
  [/\p{Z}/u, 'a space other than the usual one'],
  [/\p{Cf}/u, 'an invisible character'],
  [/\p{Cs}/u, 'half of a character'],
]

/** What a character is called, with its code: `a zero-width space (U+200B)`, `"Ł" (U+0141)`. */
export function nameCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const [, kind = JSON.stringify(printable(character))] =
    KINDS.find(([each]) => each.test(character)) ?? []
  const name = NAMES[code] ?? kind
  return code < 0x80 ? name : `${name} (U+${code.toString(16).toUpperCase().padStart(4, '0')})`
}

/**
 * The first character of a text that is not meant to be there, with its place counted from 1:
 * `a zero-width space (U+200B) at character 6`. Undefined where there is none.
 * @param unwanted lookalikes (default), or others
 */
export function findCharacter(text: string, unwanted: RegExp = LOOKALIKE): string | undefined {
  const found = unwanted.exec(text)
  return found ? `${nameCharacter(found[0])} at character ${found.index + 1}` : undefined
}

/** A text from the file in a visible form: invisible characters become escapes. */
export function visible(text: string, maxLength?: number): string {
  return printable(text, maxLength).replaceAll(
    /(?! )[\p{Z}\p{Cf}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** A text without lookalikes, for guessing what was meant. */
export function withoutLookalikes(text: string): string {
  return text.replaceAll(new RegExp(LOOKALIKE, 'gu'), '')
}

/** Says what was pasted together with a credential, such as quotation marks; undefined: nothing. */
export function findWrapping(text: string, what: string): string | undefined {
  if (/^(['"`]).*\1$/s.test(text)) {
    return `has quotation marks within the value; expected the ${what} without them`
  }
  const [start = ''] = /^(?:authorization\s*:\s*)?(?:(?:bearer|basic|token)\s+)?/i.exec(text) ?? []
  if (start === '') return undefined
  return `begins with "${start.replaceAll(/\s+/g, ' ')}"; expected the ${what} alone`
}
