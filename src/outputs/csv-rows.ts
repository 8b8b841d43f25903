import { timeText } from '../decode/time-text.js'
import { define, type JsonObject, type JsonValue } from '../decode/to-object.js'
import type { Column, Table } from '../rows/tables.js'
import { textOf } from '../rows/values.js'
import { type Cells, momentOf, walkElement, walkRecord } from '../rows/walk.js'
import type { AnyRecord } from '../service.js'

/** What a row begins with. */
export const HEADS = {
  classic: ['customer', 'topic', 'timestamp', 'customer_id', 'msp_ip'],
  newCentral: [
    'customer',
    'topic',
    'timestamp',
    'customer_id',
    'id',
    'type',
    'source',
    'attributes',
  ],
} as const

export type Head = (typeof HEADS)[keyof typeof HEADS]

/** What is done to text: nothing where programs read it. */
type Style = {
  readonly text: (text: string) => string
  readonly integer: (digits: string) => string
}

export const GUARDED: Style = { text: guard, integer: guardInteger }
export const PLAIN: Style = { text: (text) => text, integer: (digits) => digits }

/** The first line of a table's file. */
export function heading(head: Head, own: Table, list?: Table): string {
  const columns = [...own.columns, ...(list?.columns ?? [])].map(({ name }) => name)
  return `${['time', ...head, ...columns, 'extra'].map(quote).join()}\n`
}

/** The cells of one row, or of the part of it that a message or an element has. */
class CsvCells implements Cells {
  readonly cells: string[]
  readonly extra: JsonObject
  readonly #style: Style

  constructor(table: Table, style: Style, extra: JsonObject) {
    this.cells = new Array<string>(table.columns.length).fill('')
    this.#style = style
    this.extra = extra
  }

  value({ index, form, element }: Column, value: JsonValue): void {
    if (value === null) return
    const style = this.#style
    if (element && Array.isArray(value)) this.cells[index] = listCell(element, value, style)
    else this.cells[index] = cellOf(form, value, style)
  }

  other(path: string, value: JsonValue): void {
    define(this.extra, path, value)
  }

  get text(): string {
    return this.cells.join()
  }

  get extraCell(): string {
    const isEmpty = Object.keys(this.extra).length === 0
    return isEmpty ? '' : quote(this.#style.text(JSON.stringify(this.extra)))
  }
}

/** A row, and the table that it is of. */
type CsvRow = { readonly table: Table; readonly text: string }

/** The rows of a record, made one after the other: there may be millions. */
export function* csvRows(
  table: Table,
  record: AnyRecord,
  head: Head,
  style: Style,
): Generator<CsvRow> {
  const own = new CsvCells(table, style, {})
  const lists = walkRecord(table, record, own)
  const shared = [
    timeCell(record),
    ...head.map((name) => headCell(record, name, style)),
    ...own.cells,
  ]
  const start = shared.join()
  yield { table, text: `${start},${own.extraCell}\n` }
  for (const { table: list, elements } of lists) {
    for (const element of elements) {
      const cells = new CsvCells(list, style, { ...own.extra })
      walkElement(list, element, cells)
      const text = list.columns.length === 0 ? start : `${start},${cells.text}`
      yield { table: list, text: `${text},${cells.extraCell}\n` }
    }
  }
}

/** A single value, or anything that is not a list of them. */
function cellOf({ kind, json, convert }: Column['form'], value: JsonValue, style: Style): string {
  if (kind === 'int64' || kind === 'number' || kind === 'bool') {
    const text = json(value)
    if (text !== undefined) return kind === 'int64' ? style.integer(text) : text
  }
  const shown = convert ? convert(value) : value
  if (typeof shown === 'number') return String(shown)
  const isText = typeof shown !== 'object'
  return quote(style.text(isText ? String(shown) : (json(shown) ?? textOf(shown))))
}

/** A list of values: joined with `;`. In texts, `;` becomes `\;` and `\` becomes `\\`. */
function listCell(form: Column['form'], values: readonly JsonValue[], style: Style): string {
  const [first] = values
  if (values.length === 1 && first !== undefined && typeof first !== 'string') {
    return cellOf(form, first, style)
  }
  const texts = values.map((value) => {
    const shown = form.convert ? form.convert(value) : value
    return textOf(shown).replace(/[\\;]/g, '\\$&')
  })
  return quote(style.text(texts.join(';')))
}

function headCell(record: AnyRecord, name: string, style: Style): string {
  const value: JsonValue | undefined = Reflect.get(record, name)
  if (value === undefined || value === null) return ''
  return quote(style.text(textOf(value)))
}

/** The moment of a record as spreadsheets take it for one, in UTC. */
function timeCell(record: AnyRecord): string {
  const moment = momentOf(record)
  const text = moment && timeText(moment.seconds, moment.nanos)
  if (!moment || text === undefined) return ''
  const millis = String(Math.floor(moment.nanos / 1e6)).padStart(3, '0')
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${millis}`
}

/** A formula, for Excel, LibreOffice and others; also with the full-width forms of its first character. */
const FORMULA = /^[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

/**
 * A formula behind what a spreadsheet may take for the end of a cell: many split at `;` or tabs, and then
 * no quotes hold a cell together. A plain number is no formula. The formula's first character is looked
 * for first: the time must not grow with the square of the quotes in a text.
 */
const FORMULA_INSIDE =
  /(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?<=[;\t\r\n]"*)(?![+-]?[\d.]+(?:[;\t\r\n]|$))/g

/** What a time may end with: Excel takes "7 a" for one, too. */
const HALF_OF_DAY = '(?:[ap]\\.?m\\.?|(?<=\\s)[ap])?'
const IN_NUMBERS = '[\\d\\s.,:/%()$\u20ac\u00a3\u00a5eE+-]*'
/** Digits with what stands in numbers, dates, times, fractions, percentages and sums of money. */
const NUMBER_LIKE = new RegExp(`^${IN_NUMBERS}\\d${IN_NUMBERS}${HALF_OF_DAY}$`, 'i')
/** Digits that stay as they are. */
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/
/** Addresses: no spreadsheet changes them. */
const ADDRESS = /^(?:[\da-f]{1,4}[.:-]+){3,}[\da-f]{0,4}$/i
const MONTH = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}'
const DATE = new RegExp(
  `^(?:[\\d\\s./,-]*\\d)?[\\s./,-]*${MONTH}[\\s./,-]*(?:\\d[\\d\\s.:,/-]*${HALF_OF_DAY})?$`,
  'i',
)
const WORD = /^(?:true|false)$/i

/** Longer texts are none of these. */
const MAX_LENGTH = 40

/** A text that no spreadsheet changes or runs a part of, wherever it splits it: with `'` in front. */
function guard(text: string): string {
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
function guardInteger(digits: string): string {
  return digits.replace('-', '').length > 15 ? `'${digits}` : digits
}

/** A text as a cell: an empty one differs from none. */
function quote(text: string): string {
  if (text === '') return '""'
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
