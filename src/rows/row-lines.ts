import { timeText } from '../decode/time-text.js'
import type { JsonValue } from '../decode/to-object.js'
import type { AnyRecord } from '../stream-record.js'
import type { Column, Table } from './tables.js'
import { isObject, jsonOf, textOf } from './values.js'
import { type Cells, HEAD, momentOf, walkElement, walkRecord } from './walk.js'

/** Names that a row has of its own. */
const ROW_NAMES: ReadonlySet<string> = new Set(['table', 'time'])

/** Columns as JSON text, each with its comma in front. */
class JsonCells implements Cells {
  text = ''

  value({ key, form }: Column, value: JsonValue): void {
    this.text += key + jsonOf(form, value)
  }

  other(path: string, value: JsonValue): void {
    const name = ROW_NAMES.has(path) ? `extra.${path}` : path
    this.text += `,${JSON.stringify(name)}:${JSON.stringify(value)}`
  }
}

/** The rows of a record as lines of JSON, made one after the other: there may be millions. */
export function* rowLines(table: Table, record: AnyRecord): Generator<string> {
  const own = new JsonCells()
  const lists = walkRecord(table, record, own)
  const shared = headOf(record) + own.text
  yield `{"table":${JSON.stringify(table.name)}${shared}}\n`
  for (const { table: list, elements } of lists) {
    const start = `{"table":${JSON.stringify(list.name)}${shared}`
    for (const element of elements) {
      const cells = new JsonCells()
      walkElement(list, element, cells)
      yield `${start}${cells.text}}\n`
    }
  }
}

/** What a row has in front of its columns. */
function headOf(record: AnyRecord): string {
  let text = `,"time":${JSON.stringify(rowTime(record))}`
  for (const name of HEAD) {
    const value: JsonValue | undefined = Reflect.get(record, name)
    if (value === undefined) continue
    const isWhole = value === null || (name === 'attributes' && isObject(value))
    text += `,"${name}":${JSON.stringify(isWhole ? value : textOf(value))}`
  }
  return text
}

/** The moment of a record as RFC 3339; null where it has none. */
function rowTime(record: AnyRecord): string | null {
  const moment = momentOf(record)
  return (moment && timeText(moment.seconds, moment.nanos)) ?? null
}
