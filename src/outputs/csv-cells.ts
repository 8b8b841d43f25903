import type protobuf from 'protobufjs'
import { readableForm } from '../decode/readable.js'
import type { JsonValue } from '../decode/to-object.js'
import { wellKnownOf } from '../decode/well-known-types.js'
import { recordName, Type } from '../schema/protobuf.js'

/** What a cell holds. Only text is guarded against being run as a formula, so numbers must be numbers. */
export type Cell = string | number | bigint | boolean | undefined

export type CellOf = (value: JsonValue) => Cell

/**
 * A formula behind what a spreadsheet may take for the end of a cell: many split at `;` or tabs, and then
 * no quotes hold a cell together. A plain number is no formula. The formula's first character is looked
 * for first: the time must not grow with the square of the quotes in a text.
 */
const FORMULA_INSIDE =
  /(?=[=+\-@\uff1d\uff0b\uff0d\uff20])(?<=[;\t\r\n]"*)(?![+-]?[\d.]+(?:[;\t\r\n]|$))/g

/** A text in which no spreadsheet runs a part as a formula, wherever it splits it. */
export function guardSplitText(text: string): string {
  return /[;\t\r\n]/.test(text) ? text.replace(FORMULA_INSIDE, "'") : text
}

/** The cell of a single value. */
export function cellOf(field: protobuf.Field, readable: boolean): CellOf {
  const convert = converter(field, readable)
  if (/^s?fixed64$|^[su]?int64$/.test(field.type)) {
    return (value) => (typeof value === 'string' ? BigInt(value) : undefined)
  }
  // NaN and the infinities are text in a record.
  if (field.type === 'float' || field.type === 'double') return Number
  return (value) => {
    const cell = convert(value)
    if (cell === null) return undefined
    return typeof cell === 'object' ? JSON.stringify(cell) : cell
  }
}

/** The cell of a list of values: joined with `;`. In texts, `;` becomes `\;` and `\` becomes `\\`. */
export function listCell(cell: CellOf): CellOf {
  return (value) => {
    if (!Array.isArray(value)) return cell(value)
    const [first] = value
    if (first !== undefined && value.length === 1 && typeof first !== 'string') return cell(first)
    return value.map((element) => String(cell(element)).replace(/[\\;]/g, '\\$&')).join(';')
  }
}

/** The cell of a map or a message: JSON text. */
export function jsonCell(field: protobuf.Field, readable: boolean): CellOf {
  const convert = converter(field, readable)
  return (value) => JSON.stringify(convert(value))
}

/** Makes addresses and names within a value readable, where the record does not carry them so already. */
function converter(field: protobuf.FieldBase, readable: boolean): (value: JsonValue) => JsonValue {
  if (readable) return (value) => value
  const { resolvedType, parent, name, type } = field
  if (resolvedType instanceof Type) {
    if (wellKnownOf(resolvedType)) return (value) => value
    const convert = messageConverter(resolvedType)
    return field.map ? (value) => mapValues(value, (_name, held) => convert(held)) : convert
  }
  const form = type === 'bytes' ? readableForm(parent?.name ?? '', name) : undefined
  if (!form) return (value) => value
  const convert = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(convert)
    return typeof value === 'string' ? (form(Buffer.from(value, 'base64')) ?? value) : value
  }
  return convert
}

function messageConverter(type: protobuf.Type): (value: JsonValue) => JsonValue {
  const fields = new Map(type.fieldsArray.map((field) => [recordName(field), field]))
  // Made when a field first occurs: a message may contain itself.
  const converters = new Map<string, (value: JsonValue) => JsonValue>()
  const convertField = (name: string, value: JsonValue) => {
    let convert = converters.get(name)
    if (!convert) {
      const field = fields.get(name)
      convert = field ? converter(field.resolve(), false) : (same) => same
      converters.set(name, convert)
    }
    return convert(value)
  }
  const convert = (value: JsonValue): JsonValue =>
    Array.isArray(value) ? value.map(convert) : mapValues(value, convertField)
  return convert
}

function mapValues(
  value: JsonValue,
  convert: (name: string, value: JsonValue) => JsonValue,
): JsonValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [name, convert(name, held)]),
  )
}
