import * as classic from '../classic/topics.js'
import { readableForm } from '../decode/readable.js'
import { wellKnownOf } from '../decode/well-known-types.js'
import * as newCentral from '../newcentral/topics.js'
import { loadDocumented, type ProtoFile } from '../schema/load-proto.js'
import {
  type FieldType,
  isEnum,
  isMessage,
  type MessageType,
  recordName,
} from '../schema/message-type.js'
import type { AnyTopic } from '../service.js'

/** A field of a topic's records. */
export type TopicField = {
  /** Within its group. */
  readonly name: string
  /** The type in the schema, and how JSON has it. */
  readonly type: string
  /** Undefined where there is none, or none is known. */
  readonly unit: string | undefined
  readonly meaning: string
  /** The names of an enum. */
  readonly values: readonly string[] | undefined
}

/** The fields of one message, where it stands in a record. */
export type FieldGroup = {
  /** As `jq` has it: `data.aps[]`; empty for the record itself. */
  readonly path: string
  /** Name of the message in its `.proto` file; undefined for the record itself. */
  readonly message: string | undefined
  /** What comes in this group alone. */
  readonly note: string
  readonly fields: readonly TopicField[]
}

/** Names of an enum that are shown; a longer list is cut. */
const SHOWN_VALUES = 8

/** The fields of a topic by its shipped schema, with what the comments of the schema say of them. */
export function fieldsOf(topic: AnyTopic): readonly FieldGroup[] {
  if (classic.isTopic(topic)) {
    const file = loadDocumented({ service: 'classic', file: topic })
    const notice = topic === 'location' ? groupsOf(file, classic.GEOFENCE_NOTICE) : []
    return [CLASSIC_RECORD, ...groupsOf(file, classic.ROOT_MESSAGES[topic]), ...notice]
  }
  const file = loadDocumented({ service: 'newcentral', file: topic })
  const { message, events } = newCentral.TOPIC_FACTS[topic]
  // Where the events have messages of their own, each stands in `data`.
  const eventOf = (name: string) => Object.keys(events).find((type) => events[type] === name)
  const roots = newCentral.messagesOf(topic).flatMap((name) => {
    const note = message === undefined ? `type ${newCentral.EVENT_TYPE_PREFIX}${eventOf(name)}` : ''
    return groupsOf(file, name, note)
  })
  return [NEW_CENTRAL_RECORD, ...roots]
}

function groupsOf(file: ProtoFile, message: string, note = ''): FieldGroup[] {
  const groups: FieldGroup[] = []
  const add = (type: MessageType, path: string, within: readonly MessageType[]) => {
    const inner: (() => void)[] = []
    const fields = [...type.fieldsArray]
      .sort((a, b) => a.id - b.id)
      .flatMap((field): TopicField[] => {
        const { resolvedType, repeated } = field.resolve()
        const name = recordName(field) + (repeated ? '[]' : '')
        if (!isMessage(resolvedType) || wellKnownOf(resolvedType) || field.map) {
          return [fieldOf(type, field)]
        }
        const address = resolvedType.fields.addr
        if (address) {
          const { meaning, ...own } = fieldOf(resolvedType, address)
          const about = [textOf(field).meaning, meaning].filter(Boolean).join(' ')
          return [{ ...own, name: `${name}.addr`, meaning: about }]
        }
        if (!within.includes(resolvedType)) {
          inner.push(() => add(resolvedType, `${path}.${name}`, [...within, resolvedType]))
        }
        return []
      })
    const about = within.length === 1 ? note : textOf(type).meaning
    if (fields.length > 0) groups.push({ path, message: type.name, note: about, fields })
    for (const each of inner) each()
  }
  const root = file.get(message)
  add(root, 'data', [root])
  return groups
}

function fieldOf(message: MessageType, field: FieldType): TopicField {
  const { resolvedType, repeated, type } = field.resolve()
  const { meaning, unit } = textOf(field)
  const readable = type === 'bytes' && readableForm(message.name, field.name) !== undefined
  const values = isEnum(resolvedType) ? Object.keys(resolvedType.values) : undefined
  const wellKnown = isMessage(resolvedType) ? wellKnownOf(resolvedType) : undefined
  const kind = typeText(type, values !== undefined, wellKnown)
  return {
    name: recordName(field) + (field.map ? '.*' : repeated ? '[]' : ''),
    type: kind,
    unit: wellKnown === 'Timestamp' ? 'RFC 3339' : unit,
    meaning: [
      meaning,
      readable ? 'Text with --readable.' : '',
      values === undefined ? '' : valuesText(values),
    ]
      .filter(Boolean)
      .join(' '),
    values,
  }
}

function typeText(type: string, isEnum: boolean, wellKnown: string | undefined): string {
  if (isEnum) return 'enum'
  if (wellKnown !== undefined) return wellKnown === 'Timestamp' ? 'time' : 'object'
  if (type === 'bytes') return 'bytes as base64'
  return /64$/.test(type) ? `${type} as text` : type
}

function valuesText(values: readonly string[]): string {
  const more = values.length > SHOWN_VALUES ? `, … (${values.length} in all)` : ''
  return `${values.slice(0, SHOWN_VALUES).join(', ')}${more}`
}

/** A comment, apart from the unit at its end: `How strong it is. Unit: dBm, negative.` */
function textOf({ comment }: Pick<FieldType, 'comment'>): {
  readonly meaning: string
  readonly unit: string | undefined
} {
  const text = (comment ?? '').replaceAll(/\s+/g, ' ').trim()
  const [, meaning = text, unit] = /^(.*?)\s*Unit: (.*?)\.?$/.exec(text) ?? []
  return { meaning, unit }
}

function own(name: string, type: string, meaning: string, unit?: string): TopicField {
  return { name, type, unit, meaning, values: undefined }
}

const CUSTOMER = own('customer', 'string', 'Name of the entry in the input file.')
const TOPIC = own('topic', 'string', 'The topic.')
const TIMESTAMP = own('timestamp', 'int64 as text', 'Of the envelope.', 'ns since the epoch')
const TIME = own('time', 'time', 'With --readable: the timestamp as text.', 'RFC 3339')
const CUSTOMER_ID = own('customer_id', 'string', "Central's id of the customer.")

/** The record itself; what Central sends stands in its `data`. */
function recordGroup(...fields: TopicField[]): FieldGroup {
  return { path: '', message: undefined, note: '', fields }
}

const CLASSIC_RECORD = recordGroup(
  CUSTOMER,
  TOPIC,
  TIMESTAMP,
  TIME,
  CUSTOMER_ID,
  own('msp_ip', 'string', 'msp_id of the envelope.'),
)

const NEW_CENTRAL_RECORD = recordGroup(
  CUSTOMER,
  TOPIC,
  { ...TIMESTAMP, meaning: 'When the event happened; null where it has no time.' },
  TIME,
  CUSTOMER_ID,
  own('id', 'string', 'Tells the event from others; repeats have the same one.'),
  own('type', 'string', 'Type of the event.'),
  own('source', 'string', 'Where the event comes from.'),
)
