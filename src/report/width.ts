/** Letters that take two columns: CJK, Hangul, kana, full-width forms, and what is shown as emoji. */
const WIDE =
  /^(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u
/** What takes none when it stands alone. */
const ZERO = /^[\p{M}\p{Cf}]+$/u

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Columns that a text without control characters takes on a terminal. */
export function displayWidth(text: string): number {
  if (isAscii(text)) return text.length
  let width = 0
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment)
  return width
}

/** The text in at most `width` columns, the last of them `…` where something was cut. */
export function fit(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  if (width <= 0) return ''
  let fitted = ''
  let left = width - 1
  for (const { segment } of segmenter.segment(text)) {
    left -= graphemeWidth(segment)
    if (left < 0) break
    fitted += segment
  }
  return `${fitted}…`
}

/** Whether terminals cannot disagree about the width. */
export function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2
  return ZERO.test(grapheme) ? 0 : 1
}
