import type { JsonValue } from '../decode/to-object.js'
import type { AnyRecord } from '../service.js'
import type { Column, Shape, Table } from './tables.js'
import { isObject } from './values.js'

/** Gets the values of one row, or of the part of it that a message or an element has. */
export interface Cells {
  value(column: Column, value: JsonValue): void
  /** A value that no column is for: of a key that is not in the schema, or in place of a list. */
  other(path: string, value: JsonValue): void
}

/** A list whose elements have rows of their own. */
type ElementRows = { readonly table: Table; readonly elements: readonly JsonValue[] }

/** What a row has in front of the data, as far as the record has it. */
export const HEAD = [
  'customer',
  'topic',
  'customer_id',
  'timestamp',
  'msp_ip',
  'id',
  'type',
  'source',
  'attributes',
] as const

const KNOWN: ReadonlySet<string> = new Set([...HEAD, 'time', 'data'])

/**
 * Hands out the values of a record's data in its own row.
 * @returns the lists that have rows of their own
 */
export function walkRecord(table: Table, record: AnyRecord, cells: Cells): readonly ElementRows[] {
  const lists: ElementRows[] = []
  const { data } = record
  if (isObject(data)) walk(table.shape, table.path, data, cells, lists)
  else if (data !== undefined) cells.other('data', data)
  for (const name in record) {
    if (!KNOWN.has(name)) walkOther(name, Reflect.get(record, name), cells)
  }
  return lists
}

/** Hands out the values of an element of a list. */
export function walkElement(table: Table, element: JsonValue, cells: Cells): void {
  if (isObject(element)) walk(table.shape, table.path, element, cells, undefined)
  else cells.other(table.path, element)
}

function walk(
  shape: Shape,
  path: string,
  message: { readonly [name: string]: JsonValue },
  cells: Cells,
  lists: ElementRows[] | undefined,
): void {
  for (const name in message) {
    const value = message[name]
    if (value === undefined) continue
    const part = shape.get(name)
    if (part?.type === 'column') cells.value(part.column, value)
    else if (part?.type === 'message' && isObject(value)) {
      walk(part.shape, part.path, value, cells, lists)
    } else if (part?.type === 'table' && Array.isArray(value)) {
      lists?.push({ table: part.table, elements: value })
    } else walkOther(`${path}.${name}`, value, cells)
  }
}

/** Objects that the schema does not know have a path for each of their values; lists stay whole. */
function walkOther(path: string, value: JsonValue | undefined, cells: Cells): void {
  if (value === undefined) return
  if (!isObject(value) || Object.keys(value).length === 0) {
    cells.other(path, value)
    return
  }
  for (const name in value) walkOther(`${path}.${name}`, value[name], cells)
}

/** The moment of a record in seconds and nanoseconds; undefined where its timestamp is none. */
export function momentOf({ timestamp }: AnyRecord): { seconds: number; nanos: number } | undefined {
  // The last moment of the year 9999, the last that RFC 3339 can show, has 21 digits.
  if (typeof timestamp !== 'string' || !/^-?\d{1,21}$/.test(timestamp)) return undefined
  if (timestamp.length < 10 || timestamp.startsWith('-')) {
    const all = BigInt(timestamp)
    const nanos = Number(((all % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)
    return { seconds: Number((all - BigInt(nanos)) / 1_000_000_000n), nanos }
  }
  return { seconds: Number(timestamp.slice(0, -9)), nanos: Number(timestamp.slice(-9)) }
}
