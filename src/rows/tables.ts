import { loadSchema as loadClassic } from '../classic/schema.js'
import { isTopic } from '../classic/topics.js'
import { wellKnownOf } from '../decode/well-known-types.js'
import { loadSchema as loadNewCentral } from '../newcentral/schema.js'
import { messagesOf } from '../newcentral/topics.js'
import { type FieldType, isMessage, type MessageType, recordName } from '../schema/message-type.js'
import type { AnyTopic } from '../service.js'
import { commonForm, type Form, fieldForm, formOf, type Readable } from './values.js'

/** A column of a table. */
export type Column = {
  /** The path of its values in the record. */
  readonly name: string
  /** Its place among the columns that the table has of its own. */
  readonly index: number
  /** `,"name":` */
  readonly key: string
  readonly form: Form
  /** Of a list of values, the form of one of them. */
  readonly element: Form | undefined
}

/** What the fields of a message are in rows. */
export type Shape = ReadonlyMap<string, Part>

type Part =
  | { readonly type: 'column'; readonly column: Column }
  | { readonly type: 'message'; readonly path: string; readonly shape: Shape }
  | { readonly type: 'table'; readonly table: Table }

/** One kind of row. */
export type Table = {
  /** `monitoring`, or with the list whose elements are its rows: `monitoring.aps`. */
  readonly name: string
  /** Where its values are in the record. */
  readonly path: string
  /** The columns of its own. A list's rows repeat those of the message in front of them. */
  readonly columns: readonly Column[]
  readonly shape: Shape
  /** Tables of its lists. */
  readonly lists: readonly Table[]
}

export type TableOptions = {
  /** `--proto_dir` */
  readonly protoDir: string | undefined
  /** `--readable`: records carry addresses as text already. */
  readonly readable: boolean
}

/**
 * The tables of a topic: the message's own, which has a row for each record, and in `lists` one for each
 * list of messages.
 */
export function tablesOf(topic: AnyTopic, { protoDir, readable }: TableOptions): Table {
  const classic = isTopic(topic)
  const form = readable ? 'none' : classic ? 'classic' : 'newCentral'
  return tableOf(topic, payloadsOf(topic, protoDir), form)
}

/** The table of messages that are any of these types. */
export function tableOf(topic: string, types: readonly MessageType[], readable: Readable): Table {
  return makeTable(topic, 'data', types, readable, (path) => topic + path.slice('data'.length))
}

function payloadsOf(topic: AnyTopic, protoDir: string | undefined): MessageType[] {
  if (isTopic(topic)) {
    const { payload, notice } = loadClassic(topic, { protoDir })
    return notice ? [payload, notice] : [payload]
  }
  const { payload, message } = loadNewCentral(topic, { protoDir })
  return payload ? [payload] : messagesOf(topic).flatMap((name) => message(name) ?? [])
}

/** @param nameOf the name of a list's table; without it, lists of messages are columns */
function makeTable(
  name: string,
  path: string,
  types: readonly MessageType[],
  readable: Readable,
  nameOf: ((path: string) => string) | undefined,
): Table {
  const columns: Column[] = []
  const lists: Table[] = []

  const addColumn = (columnPath: string, form: Form, element: Form | undefined): Part => {
    const key = `,${JSON.stringify(columnPath)}:`
    const column = { name: columnPath, index: columns.length, key, form, element }
    columns.push(column)
    return { type: 'column', column }
  }

  const shapeOf = (
    of: readonly MessageType[],
    above: string,
    within: readonly MessageType[],
  ): Shape => {
    const shape = new Map<string, Part>()
    for (const [fieldName, fields] of fieldsOf(of)) {
      shape.set(fieldName, partOf(fields, `${above}.${fieldName}`, within))
    }
    return shape
  }

  const partOf = (
    fields: readonly FieldType[],
    at: string,
    within: readonly MessageType[],
  ): Part => {
    const messages = fields.flatMap((field) => messageIn(field, within) ?? [])
    const repeated = fields.every((field) => field.repeated)
    if (messages.length === fields.length) {
      if (fields.every((field) => !field.repeated)) {
        return { type: 'message', path: at, shape: shapeOf(messages, at, [...within, ...messages]) }
      }
      if (repeated && nameOf) {
        const table = makeTable(nameOf(at), at, messages, readable, undefined)
        lists.push(table)
        return { type: 'table', table }
      }
    }
    const whole = commonForm(fields.map((field) => fieldForm(field, readable)))
    const elements = fields.map((field) => (field.map ? undefined : formOf(field, readable)))
    const [element] = elements
    return addColumn(at, whole, repeated && elements.every((form) => form) ? element : undefined)
  }

  const shape = shapeOf(types, path, types)
  return { name, path, columns, shape, lists }
}

/** The fields of messages by their names, in the order of their numbers. */
function fieldsOf(types: readonly MessageType[]): Map<string, FieldType[]> {
  const found = new Map<string, FieldType[]>()
  for (const { fieldsArray } of types) {
    for (const field of [...fieldsArray].sort((a, b) => a.id - b.id)) {
      const name = recordName(field)
      found.set(name, [...(found.get(name) ?? []), field.resolve()])
    }
  }
  return found
}

/** The message that a field holds, where its values make columns of their own. */
function messageIn(
  { resolvedType, map }: FieldType,
  within: readonly MessageType[],
): MessageType | undefined {
  if (!isMessage(resolvedType) || map || wellKnownOf(resolvedType)) return undefined
  // A message that contains itself would have columns without end.
  return within.includes(resolvedType) ? undefined : resolvedType
}
