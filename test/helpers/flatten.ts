import assert from 'node:assert/strict'
import type { JsonObject, JsonValue } from '../../src/decode/to-object.js'
import {
  type FieldType,
  isEnum,
  isMessage,
  type MessageType,
} from '../../src/schema/message-type.js'

/** A row as the rules say it must be: its table, and the values of its columns by their paths. */
type FlatRow = { readonly table: string; readonly values: Map<string, JsonValue> }

type Lists = { path: string; elements: JsonObject[]; type: MessageType }[]

/**
 * The rows of a record, worked out from the record and the `.proto` file without the code under test.
 * @param types what the data may be: the one with fields for all of it is taken
 * @param asText columns that fields of different types share
 */
export function flatten(
  topic: string,
  data: JsonObject,
  types: readonly MessageType[],
  asText: ReadonlySet<string> = new Set(),
): FlatRow[] {
  const type = types.find(({ fields }) => Object.keys(data).every((name) => name in fields))
  assert.ok(type, `${topic}: no message has ${Object.keys(data)}`)
  const lists: Lists = []
  const own = new Map<string, JsonValue>()
  addValues(own, 'data', data, type, lists)
  for (const path of asText) if (own.has(path)) own.set(path, String(own.get(path)))
  const rows: FlatRow[] = [{ table: topic, values: own }]
  for (const { path, elements, type: inner } of lists) {
    for (const element of elements) {
      const values = new Map(own)
      addValues(values, path, element, inner, undefined)
      rows.push({ table: path.replace(/^data/, topic), values })
    }
  }
  return rows
}

function addValues(
  row: Map<string, JsonValue>,
  path: string,
  message: JsonObject,
  type: MessageType,
  lists: Lists | undefined,
): void {
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name]?.resolve() ?? assert.fail(`${type.name}.${name}`)
    const inner = plainMessage(field)
    const column = `${path}.${name}`
    if (inner && field.repeated && lists) {
      lists.push({ path: column, elements: value as JsonObject[], type: inner })
    } else if (inner && !field.repeated) {
      addValues(row, column, value as JsonObject, inner, lists)
    } else row.set(column, typed(value, field))
  }
}

function plainMessage({ resolvedType, map }: FieldType): MessageType | undefined {
  if (map || !isMessage(resolvedType)) return undefined
  return resolvedType.fullName.startsWith('.google.protobuf.') ? undefined : resolvedType
}

/** A value as a row has it. A long integer is text with `#` in front, see `parseRow`. */
function typed(value: JsonValue, field: FieldType): JsonValue {
  if (field.repeated) return (value as JsonValue[]).map((one) => typedOne(one, field))
  return typedOne(value, field)
}

function typedOne(value: JsonValue, field: FieldType): JsonValue {
  const inner = plainMessage(field)
  if (inner) {
    const entries = Object.entries(value as JsonObject).map(([name, held]) => [
      name,
      typed(held, inner.fields[name]?.resolve() ?? assert.fail(name)),
    ])
    return Object.fromEntries(entries)
  }
  if (/64$/.test(field.type)) return longOrNumber(String(value))
  if (typeof value === 'number' && /^-?\d{16,}$/.test(String(value))) return `#${value}`
  // The number of an enum value without a name.
  return isEnum(field.resolvedType) ? String(value) : value
}

function longOrNumber(digits: string): JsonValue {
  return digits.length > 15 ? `#${digits}` : Number(digits)
}

/** A row, with numbers of more than 15 digits as text: JavaScript would round them. */
export function parseRow(line: string): Record<string, JsonValue> {
  const exact = line.replace(/("(?:[^"\\]|\\.)*")|(-?\d{16,})(?![\d.e])/g, (all, text, digits) =>
    text === undefined && !all.startsWith('"') ? `"#${digits}"` : all,
  )
  return JSON.parse(exact)
}
