import type protobuf from 'protobufjs'
import type { StreamRecord } from '../classic/record.js'
import type { Schema } from '../classic/schema.js'
import type { JsonValue } from '../decode/to-object.js'
import { wellKnownOf } from '../decode/well-known-types.js'
import { recordName, Type } from '../schema/protobuf.js'
import { type Cell, type CellOf, cellOf, jsonCell, listCell } from './csv-cells.js'

/** One kind of row, which has a file of its own. */
export type Sheet = {
  /** `monitoring`, or with the list whose elements are its rows: `monitoring.wireless_clients`. */
  readonly name: string
  readonly columns: readonly string[]
  /** The rows that a record has in it, made one after the other: there may be millions. */
  rows(record: StreamRecord): Iterable<Cell[]>
}

type Leaf = {
  readonly path: readonly string[]
  readonly cell: CellOf
}

type List = {
  readonly path: readonly string[]
  readonly leaves: readonly Leaf[]
}

const RECORD_COLUMNS = ['customer', 'topic', 'timestamp', 'customer_id', 'msp_ip'] as const

/**
 * The kinds of rows of a topic: one row for each record, and one for each element of a list of messages,
 * which repeats the record's row. A column's name is the path of its value in the record.
 * @param readable whether records carry addresses as text already
 */
export function createSheets({ topic, payload }: Schema, readable: boolean): Sheet[] {
  const lists: List[] = []
  const single = leavesOf(payload, readable, lists)
  const columns = [...RECORD_COLUMNS, ...single.map(({ path }) => dotted('data', path))]
  const ownCells = (record: StreamRecord): Cell[] => [
    record.customer,
    record.topic,
    BigInt(record.timestamp),
    record.customer_id,
    record.msp_ip,
    ...cellsOf(single, record.data),
  ]
  const listSheets = lists.map(({ path, leaves }) => ({
    name: dotted(topic, path),
    columns: [...columns, ...leaves.map((leaf) => dotted('data', [...path, ...leaf.path]))],
    *rows(record: StreamRecord) {
      const elements = valueAt(record.data, path)
      if (!Array.isArray(elements)) return
      const own = ownCells(record)
      for (const element of elements) yield [...own, ...cellsOf(leaves, element)]
    },
  }))
  return [{ name: topic, columns, rows: (record) => [ownCells(record)] }, ...listSheets]
}

/**
 * The values of a message that make one cell each, those of its singular messages among them.
 * @param lists takes the lists of messages; without it they become cells too
 */
function leavesOf(payload: protobuf.Type, readable: boolean, lists?: List[]): Leaf[] {
  const walk = (
    type: protobuf.Type,
    above: readonly string[],
    within: readonly protobuf.Type[],
  ): Leaf[] =>
    type.fieldsArray
      .toSorted((a, b) => a.id - b.id)
      .flatMap((field): Leaf[] => {
        const { resolvedType, repeated, map } = field.resolve()
        const path = [...above, recordName(field)]
        if (!(resolvedType instanceof Type) || map || wellKnownOf(resolvedType)) {
          const cell = cellOf(field, readable)
          return [
            { path, cell: map ? jsonCell(field, readable) : repeated ? listCell(cell) : cell },
          ]
        }
        // A message that contains itself would have columns without end.
        if (within.includes(resolvedType)) return [{ path, cell: jsonCell(field, readable) }]
        if (!repeated) return walk(resolvedType, path, [...within, resolvedType])
        if (!lists) return [{ path, cell: jsonCell(field, readable) }]
        lists.push({ path, leaves: leavesOf(resolvedType, readable) })
        return []
      })
  return walk(payload, [], [payload])
}

function cellsOf(leaves: readonly Leaf[], message: JsonValue | undefined): Cell[] {
  return leaves.map(({ path, cell }) => {
    const value = valueAt(message, path)
    return value === undefined ? undefined : cell(value)
  })
}

function valueAt(message: JsonValue | undefined, path: readonly string[]): JsonValue | undefined {
  let value = message
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value
}

function dotted(first: string, path: readonly string[]): string {
  return [first, ...path].join('.')
}
