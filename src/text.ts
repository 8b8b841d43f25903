import { createHash } from 'node:crypto'

/**
 * Characters that a text from outside must not bring into a line for people: control characters (a
 * newline forges a line, an escape sequence moves the cursor), line and paragraph separators, bidi
 * controls (they reverse the rest of the line), invisible tags, and halves of surrogate pairs.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * A text from outside, safe to show in one line: unprintable characters become escapes (`\n`,
 * `\u001b`). Longer than `maxLength` UTF-16 units, it is cut and ends in `…`.
 */
export function printable(text: string, maxLength = 1000): string {
  // Cut before, since the text may be huge, and after, since escapes make it up to six times longer.
  const cut = truncate(text, maxLength)
  return truncate(cut.replace(UNPRINTABLE, escapeCharacter), maxLength)
}

/**
 * A JSON text with the unprintable characters that `JSON.stringify` leaves as they are escaped too;
 * it parses to the same value. Newlines stay: they are those of the indentation.
 */
export function printableJson(json: string): string {
  return json.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return character
    // One UTF-16 unit at a time, since these escapes have four digits.
    let escapes = ''
    for (let at = 0; at < character.length; at++) escapes += unicodeEscape(character.charCodeAt(at))
    return escapes
  })
}

/** Cuts a text to `maxLength` UTF-16 units, `…` included, and never in the middle of a character. */
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

/** Names are shorter. */
const MAX_KEPT = 200

/**
 * What tells a text from outside from others, to be kept in memory: its hash where it is long. Thousands of
 * texts may be kept, and each may be as long as a frame.
 */
export function distinctive(text: string): string {
  return text.length <= MAX_KEPT ? text : createHash('sha256').update(text).digest('base64url')
}

/** What tells a reason from others: another number makes no other reason. */
export function withoutNumbers(reason: string): string {
  return reason.replaceAll(/\d+/g, '#')
}

/** The first line of a text from outside, such as an HTTP body, safe to quote in a message. */
export function firstLine(text: string, maxLength = 200): string {
  return printable(text.trim().split(/[\r\n]/, 1)[0] ?? '', maxLength)
}

/** A JWT: three parts in base64url, the first begins with `{"`. Host names come in lower case. */
const TOKEN = /eyj[\w-]*\.[\w-]+\.[\w-]+/gi

/** Masks whatever looks like a key, since a user may have pasted one in the wrong place. */
export function maskTokens(text: string): string {
  return text.replace(TOKEN, '****')
}

/** A text without its start, where that is one of these. */
export function withoutStart(text: string, ...starts: readonly string[]): string {
  const start = starts.find((each) => text.startsWith(each)) ?? ''
  return text.slice(start.length)
}

/** A duration in its largest unit, rounded down: `3 s`, `12 min`, `5 h`, `9 d`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `1,234,567`. What Node has for this loads 11 MB of data about languages. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** The first names of a list, and how many there are besides: `A, B, C and 37 more`. */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).map((name) => printable(name, 100))
  const more = names.length - shown.length
  return `${shown.join(', ')}${more === 0 ? '' : ` and ${formatCount(more)} more`}`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `512 B`, `1.2 kB`, `34 MB` */
export function formatBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 1000 && unit < BYTE_UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`
}

/** Characters of two columns: CJK, Hangul and kana (but for half-width forms), full-width forms, emoji. */
const WIDE =
  /^(?![\uff61-\uffdc])(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u
/** Combining marks and format characters that stand alone take no column. */
const ZERO = /^[\p{M}\p{Cf}]+$/u

/** Made when the first text needs it: that takes 18 ms. */
let graphemes: Intl.Segmenter | undefined

/** The number of terminal columns that a text without control characters takes. */
export function displayWidth(text: string): number {
  return fitted(text, Number.POSITIVE_INFINITY).width
}

/** Cuts a text to `width` terminal columns, `…` included. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  return width <= 0 ? '' : `${fitted(text, width - 1).text}…`
}

/** Whether all terminals agree about the width of a text. */
export function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

/** As much of a text as fits into `maxWidth` columns, and its width. */
function fitted(text: string, maxWidth: number): { text: string; width: number } {
  if (isAscii(text)) {
    const width = Math.min(text.length, maxWidth)
    return { text: text.slice(0, width), width }
  }
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  let end = 0
  let width = 0
  for (const { segment, index } of graphemes.segment(text)) {
    const columns = WIDE.test(segment) ? 2 : Number(!ZERO.test(segment))
    if (width + columns > maxWidth) break
    width += columns
    end = index + segment.length
  }
  return { text: text.slice(0, end), width }
}

/** A longer text is no typing error, and comparing it takes time. */
const MAX_LENGTH = 40

/**
 * The candidate that `text` most likely means: the same letters in another spelling, one that begins
 * with the text or holds it, else the one with the fewest typing errors. Undefined where none is close:
 * a wrong suggestion is worse than none.
 */
export function closest(text: string, candidates: readonly string[]): string | undefined {
  const wanted = letters(text)
  if (wanted.length < 2 || wanted.length > MAX_LENGTH) return undefined
  const find = (fits: (candidate: string) => boolean) =>
    candidates.find((candidate) => fits(letters(candidate)))
  const related =
    find((candidate) => candidate === wanted) ??
    find((candidate) => candidate.startsWith(wanted)) ??
    find((candidate) => wanted.length > 3 && candidate.includes(wanted))
  if (related !== undefined) return related

  let best: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const name = letters(candidate)
    const errors = countErrors(wanted, name)
    // One error in three letters: "jsn" is json, "mqtt" is not http.
    if (errors < fewest && errors <= Math.max(wanted.length, name.length) / 3) {
      best = candidate
      fewest = errors
    }
  }
  return best
}

/** `--Dead-Letter` -> `deadletter`: capitals, hyphens and underscores do not matter. */
function letters(text: string): string {
  return text.trim().toLowerCase().replaceAll(/[-_]/g, '')
}

/** How many letters are wrong, missing, too many, or swapped with their neighbour. */
function countErrors(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(
        Math.min(
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}

/** A word as a POSIX shell reads it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
