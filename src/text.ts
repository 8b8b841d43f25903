/**
 * What a text from outside must not carry into a line for people: control characters (a newline
 * forges a line, an escape sequence moves the cursor), C1, line and paragraph separators, bidi
 * controls (they turn the rest of the line around), invisible tags, and halves of surrogate pairs.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * A text from outside as one harmless piece of a line: what is not printable is shown as an escape
 * (`\n`, `\u001b`), and what is longer than `maxLength` UTF-16 units ends in `…`.
 */
export function printable(text: string, maxLength = 1000): string {
  // Cut before and after: escapes make a text up to six times longer.
  const cut = truncate(text, maxLength)
  return truncate(cut.replace(UNPRINTABLE, escapeCharacter), maxLength)
}

/**
 * Escapes in a JSON text what `JSON.stringify` leaves as it is; the result reads back the same.
 * Newlines stay: `JSON.stringify` writes them between its values only, where it was told to indent.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return character
    // Half a pair at a time, since these escapes have four digits. A loop: there may be millions.
    let escapes = ''
    for (let at = 0; at < character.length; at++) escapes += unicodeEscape(character.charCodeAt(at))
    return escapes
  })
}

/** At most `maxLength` UTF-16 units, the last of them `…` where something was cut; never half a pair. */
export function truncate(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  return `${text.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return (
    SHORT_ESCAPES[character] ?? (code > 0xffff ? `\\u{${code.toString(16)}}` : unicodeEscape(code))
  )
}

function unicodeEscape(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}

/** The first line of a text from outside, such as the body of a refusal, fit for a message. */
export function firstLine(text: string, maxLength = 200): string {
  return printable(text.trim().split(/[\r\n]/, 1)[0] ?? '', maxLength)
}

/** A JWT: three parts in base64url, the first of which begins with `{"`; a host's name is in lower case. */
const TOKEN = /eyj[\w-]*\.[\w-]+\.[\w-]+/gi

/** Masks what looks like a key: somebody may have pasted one where it does not belong. */
export function maskTokens(text: string): string {
  return text.replace(TOKEN, '****')
}

/** A text without the first of these starts that it has. */
export function withoutStart(text: string, ...starts: readonly string[]): string {
  const start = starts.find((each) => text.startsWith(each)) ?? ''
  return text.slice(start.length)
}
