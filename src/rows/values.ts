import { readableForm } from '../decode/readable.js'
import { isInt64 } from '../decode/scalars.js'
import type { JsonValue } from '../decode/to-object.js'
import { wellKnownOf } from '../decode/well-known-types.js'
import { readableEvent } from '../newcentral/readable.js'
import {
  type FieldType,
  isEnum,
  isMessage,
  type MessageType,
  recordName,
} from '../schema/message-type.js'

/** What the values of a column are. `any` are values whose type the schema leaves open. */
type Kind = 'int64' | 'number' | 'bool' | 'text' | 'any'

/** How values of one field stand in a row. */
export type Form = {
  readonly kind: Kind
  /** Makes addresses and names of networks readable. */
  readonly convert?: ((value: JsonValue) => JsonValue) | undefined
  /** A value as JSON; undefined for a value of another type than the schema's. */
  json(value: JsonValue): string | undefined
}

/** Which fields are made readable: none where the record has them so already. */
export type Readable = 'none' | 'classic' | 'newCentral'

/** An integer as JSON has it. */
const INTEGER = /^(?:0|-?[1-9]\d{0,19})$/

const FORMS: Readonly<Record<Kind, Form>> = {
  int64: {
    kind: 'int64',
    json: (value) =>
      (typeof value === 'string' && INTEGER.test(value)) || Number.isSafeInteger(value)
        ? String(value)
        : undefined,
  },
  // NaN and the infinities are text in a record, and JSON has no numbers for them.
  number: {
    kind: 'number',
    json: (value) =>
      typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined,
  },
  bool: { kind: 'bool', json: (value) => (typeof value === 'boolean' ? String(value) : undefined) },
  text: {
    kind: 'text',
    json: (value) => (typeof value === 'string' ? JSON.stringify(value) : undefined),
  },
  any: { kind: 'any', json: (value) => JSON.stringify(value) },
}

/** The form of a field's values, of each one where it is repeated; `undefined` for other messages. */
export function formOf(field: FieldType, readable: Readable): Form | undefined {
  const { resolvedType, type } = field
  if (isMessage(resolvedType)) return wellKnownForm(resolvedType)
  if (isEnum(resolvedType)) return FORMS.text
  if (isInt64(type)) return FORMS.int64
  if (type === 'bool') return FORMS.bool
  if (type !== 'string' && type !== 'bytes') return FORMS.number
  const convert = converter(field, readable)
  if (!convert) return FORMS.text
  return { kind: 'text', convert, json: (value) => FORMS.text.json(convert(value)) }
}

/** The form of values that the fields of several messages have in one column. */
export function commonForm(forms: readonly Form[]): Form {
  const [first = FORMS.any, ...others] = forms
  if (others.every(({ kind }) => kind === first.kind)) return first
  // A column keeps one type: text.
  return { kind: 'text', json: (value) => (value === null ? 'null' : textJson(value)) }
}

/** The form of a message inside of a list or a map, as an object with typed values. */
function messageForm(type: MessageType, readable: Readable): Form {
  let fields: Map<string, (value: JsonValue) => string> | undefined
  // Made when a message first comes: a message may contain itself.
  const compiled = () => {
    fields ??= new Map(
      type.fieldsArray.map((field) => {
        const whole = fieldForm(field.resolve(), readable)
        return [recordName(field), (value) => jsonOf(whole, value)] as const
      }),
    )
    return fields
  }
  return {
    kind: 'any',
    json: (value) =>
      objectJson(value, (name, held) => compiled().get(name)?.(held) ?? JSON.stringify(held)),
  }
}

/** The form of a whole field: of a list, a map, a message or a single value. */
export function fieldForm(field: FieldType, readable: Readable): Form {
  const { resolvedType, repeated, map } = field
  const one =
    formOf(field, readable) ??
    (isMessage(resolvedType) ? messageForm(resolvedType, readable) : FORMS.any)
  if (map) return mapForm(one)
  return repeated ? listForm(one) : one
}

function listForm(one: Form): Form {
  return {
    kind: 'any',
    json: (value) =>
      Array.isArray(value) ? `[${value.map((each) => jsonOf(one, each)).join()}]` : undefined,
  }
}

function mapForm(one: Form): Form {
  return { kind: 'any', json: (value) => objectJson(value, (_, held) => jsonOf(one, held)) }
}

/** @param part makes the JSON of the value under a name */
function objectJson(
  value: JsonValue,
  part: (name: string, held: JsonValue) => string,
): string | undefined {
  if (!isObject(value)) return undefined
  const parts = Object.entries(value).map(
    ([name, held]) => `${JSON.stringify(name)}:${part(name, held)}`,
  )
  return `{${parts.join()}}`
}

/** A value as JSON. One of another type than the schema's becomes text. */
export function jsonOf(form: Form, value: JsonValue): string {
  return form.json(value) ?? (value === null ? 'null' : textJson(value))
}

/** A value as text, whatever it is. */
export function textOf(value: JsonValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function isObject(value: unknown): value is { [name: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textJson(value: JsonValue): string {
  return JSON.stringify(textOf(value))
}

/** Google's types are single values in JSON; their own types are known for wrappers alone. */
function wellKnownForm(type: MessageType): Form | undefined {
  switch (wellKnownOf(type)) {
    case undefined:
      return undefined
    case 'Duration':
    case 'FieldMask':
    case 'Timestamp':
      return FORMS.text
    case 'Wrapper': {
      const [field] = type.fieldsArray
      return field && formOf(field.resolve(), 'none')
    }
    default:
      return FORMS.any
  }
}

/** Makes addresses and names of networks readable. */
function converter(
  { parent, name, type }: FieldType,
  readable: Readable,
): ((value: JsonValue) => JsonValue) | undefined {
  const bytesForm =
    readable === 'classic' && type === 'bytes' ? readableForm(parent?.name ?? '', name) : undefined
  if (bytesForm) {
    return (value) =>
      typeof value === 'string' ? (bytesForm(Buffer.from(value, 'base64')) ?? value) : value
  }
  const textForm = readable === 'newCentral' && type === 'string' ? readableEvent(name) : undefined
  return textForm && ((value) => (typeof value === 'string' ? (textForm(value) ?? value) : value))
}
