import type { JsonValue } from '../decode/to-object.js'
import type { AnyRecord } from '../service.js'
import { displayWidth, fit, printable } from '../text.js'
import { about } from './about.js'
import type { Column, Table } from './tables.js'
import { isObject, textOf } from './values.js'
import { type Cells, momentOf, walkElement, walkRecord } from './walk.js'

export type BriefOptions = {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Columns of the terminal; undefined where lines are not cut. */
  readonly columns: number | undefined
  readonly colour: boolean
}

/** Longer values are cut. */
const MAX_VALUE = 200

/** Widths of the entry and of the kind of row; less on a narrow terminal. */
const NAME_WIDTH = 20
const TABLE_WIDTH = 24

/** A message of one member may have another value beside it, such as `tenant_id`. */
const MAX_MEMBERS = 2

/** Words of a state, as both services have them. */
const GOOD = /\b(?:UP|CONNECTED|ONLINE|SUCCESS|associated)\b/g
const BAD = /\b(?:DOWN|DISCONNECTED|OFFLINE|FAILED|FAILURE|BLOCKED|DELETE)\b/g

/** Values by the last part of their column's name. */
class NamedCells implements Cells {
  readonly values = new Map<string, string>()

  value({ name, form }: Column, value: JsonValue): void {
    this.other(name, form.convert ? form.convert(value) : value)
  }

  other(path: string, value: JsonValue): void {
    const [last = '', above = ''] = path.split('.').reverse()
    const name = last === 'addr' ? above : last
    const text = Array.isArray(value) ? value.map(briefText).join(', ') : briefText(value)
    if (!this.values.has(name)) this.values.set(name, printable(text, MAX_VALUE))
  }
}

/**
 * The rows of a record as lines for people, made one after the other. The message's own row is left out
 * where its lists have some: it says nothing more.
 */
export function* briefLines(
  table: Table,
  record: AnyRecord,
  options: BriefOptions,
): Generator<string> {
  const own = new NamedCells()
  const lists = walkRecord(table, record, own)
  const lineOf = (kind: string, rows: string, values: ReadonlyMap<string, string>) =>
    briefLine(record, kind, table.name, about(rows, values), options)
  let count = 0
  for (const { table: list, elements } of lists) {
    const kind = list.name.slice(list.name.lastIndexOf('.'))
    for (const element of elements) {
      const cells = new NamedCells()
      walkElement(list, element, cells)
      for (const [key, value] of own.values) {
        if (!cells.values.has(key)) cells.values.set(key, value)
      }
      yield lineOf(kind, list.name, cells.values)
      count++
    }
  }
  const kind = kindOf(record)
  if (count === 0) yield lineOf(kind, table.name + kind, own.values)
}

/** A value, with two decimals at most. */
function briefText(value: JsonValue): string {
  return textOf(typeof value === 'number' ? Number(value.toFixed(2)) : value)
}

/** What the event of a topic with several kinds is of: a member of its message, or the end of its type. */
function kindOf(record: AnyRecord): string {
  if (!('source' in record)) return ''
  const members = Object.entries(isObject(record.data) ? record.data : {})
  const [[member] = [''], ...others] = members.filter(([, held]) => isObject(held))
  if (member !== '' && others.length === 0 && members.length <= MAX_MEMBERS) {
    return `.${printable(member, MAX_VALUE)}`
  }
  return printable(/\.\w+$/.exec(String(record.type))?.[0] ?? '', MAX_VALUE)
}

function briefLine(
  record: AnyRecord,
  kind: string,
  topic: string,
  text: string,
  { now, columns, colour }: BriefOptions,
): string {
  const column = (value: string, width: number, share: number) => {
    const safe = printable(value, MAX_VALUE)
    if (columns === undefined) return safe + ' '.repeat(Math.max(0, width - displayWidth(safe)))
    const room = Math.min(width, Math.floor(columns / share))
    const cut = fit(safe, room)
    return cut + ' '.repeat(room - displayWidth(cut))
  }
  const name = column(String(record.customer ?? ''), NAME_WIDTH, 6)
  const place = column(topic + kind, TABLE_WIDTH, 5)
  const line = `${localTime(record, now())} ${name} ${place} ${text}`.trimEnd()
  const cut = columns === undefined ? line : fit(line, columns)
  return `${colour ? painted(cut) : cut}\n`
}

function painted(line: string): string {
  return line.replace(BAD, '\u001b[31m$&\u001b[39m').replace(GOOD, '\u001b[32m$&\u001b[39m')
}

/** The moment of a record by the clock on the wall, with the day where that is another one. */
function localTime(record: AnyRecord, nowMs: number): string {
  const moment = momentOf(record)
  const date = new Date(moment ? moment.seconds * 1000 : Number.NaN)
  if (Number.isNaN(date.getTime())) return '--:--:--'
  const two = (number: number) => String(number).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  if (date.toDateString() === new Date(nowMs).toDateString()) return time
  const year = String(date.getFullYear()).padStart(4, '0')
  const day = [year, two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${time}`
}
