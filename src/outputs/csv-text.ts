/** A formula, for Excel, LibreOffice and others; also with the full-width forms of its first character. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

/**
 * A formula behind what a spreadsheet may take for the end of a cell: many split at `;` or tabs, and then
 * no quotes hold a cell together. A plain number is no formula. The formula's first character is looked
 * for first: the time must not grow with the square of the quotes in a text.
 */
const FORMULA_INSIDE =
  /(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?<=[;\t\r\n]"*)(?![+-]?[\d.]+(?:[;\t\r\n]|$))/g

/** Digits with what stands in numbers, dates, times, fractions, percentages and sums of money. */
const NUMBER_LIKE = /^[\d\s.,:/%()$\u20ac\u00a3\u00a5eE+-]*\d[\d\s.,:/%()$\u20ac\u00a3\u00a5eE+-]*$/
/** Digits that stay as they are. */
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/
/** Addresses: no spreadsheet changes them. */
const ADDRESS = /^(?:[\da-f]{1,4}[.:-]+){3,}[\da-f]{0,4}$/i
const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}'
const DATE = new RegExp(
  `^(?:[\\d\\s./,-]*\\d)?[\\s./,-]*${MONTH}[\\s./,-]*(?:\\d[\\d\\s.:,/-]*)?$`,
  'i',
)
const WORD = /^(?:true|false)$/i

/** Longer texts are none of these. */
const MAX_LENGTH = 40

/** A text that no spreadsheet changes or runs a part of, wherever it splits it: with `'` in front. */
export function guard(text: string): string {
  const safe = /[;\t\r\n]/.test(text) ? text.replace(FORMULA_INSIDE, "'") : text
  return FORMULA.test(safe) || isChanged(safe) ? `'${safe}` : safe
}

/** Whether a spreadsheet would take a text for something else: a date, a number, a boolean. */
function isChanged(text: string): boolean {
  if (text.length > MAX_LENGTH) return /^\d+$/.test(text)
  if (NUMBER_LIKE.test(text)) return !(PLAIN_NUMBER.test(text) || ADDRESS.test(text))
  return WORD.test(text) || (DATE.test(text) && /\d/.test(text))
}

/** The digits of an integer that a spreadsheet would round after the fifteenth are text for it. */
export function guardInteger(digits: string): string {
  return digits.replace('-', '').length > 15 ? `'${digits}` : digits
}

/** A text as a cell: an empty one differs from none. */
export function quote(text: string): string {
  if (text === '') return '""'
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
