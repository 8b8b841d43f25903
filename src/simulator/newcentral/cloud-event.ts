import { createHash } from 'node:crypto'
import type protobuf from 'protobufjs'
import { getOrMake } from '../../maps.js'
import { EVENT_TYPE_PREFIX, TOPIC_FACTS, type Topic } from '../../newcentral/topics.js'
import { loadDocumented } from '../../schema/load-proto.js'
import type { NewCentralSettings } from '../settings.js'
import type { Device } from '../site.js'
import type { Moment as CustomerMoment } from '../traffic.js'

/** A message in the names of its `.proto` file. */
export type Payload = Readonly<Record<string, unknown>>

/** What happened, before it is encoded. */
export type EventContent = {
  /** Without `com.hpe.greenlake.`. */
  readonly type: string
  /** The payload's message; only `ap-events` has several. Default: the topic's. */
  readonly message?: string
  readonly payload: Payload
}

/** What an event is made of. */
export type Moment = CustomerMoment & {
  readonly settings: NewCentralSettings
  readonly mac: (bytes: Uint8Array) => string
  /** Whether the value of a thing differs from the one at the call before; false at the first call. */
  readonly hasChanged: (thing: object, value: unknown) => boolean
}

/** Makes the events of a topic, one after another. */
export type EventMaker = (moment: Moment) => EventContent

/** The fields that most messages about a device begin with. */
export function aboutDevice({ customerId }: Moment, { serial }: Device): Payload {
  return { tenant_id: customerId, serial_number: serial }
}

/** The element of a list whose turn it is. */
export function inTurn<T>(list: readonly T[], count: number): T {
  const element = list[count % list.length]
  if (element === undefined) throw new RangeError('nothing to take a turn')
  return element
}

type EventOptions = Omit<CustomerMoment, 'site'> & {
  readonly topic: Topic
  readonly settings: NewCentralSettings
}

/** Encodes an event: its payload, and the CloudEvent around it. */
export function encodeEvent(content: EventContent, options: EventOptions): Uint8Array {
  const { topic, customerId, now, count, settings } = options
  const type = typeOf(topic, content.message ?? TOPIC_FACTS[topic].message ?? '')
  const value = type.encode(type.fromObject(content.payload)).finish()
  const [, service = ''] = TOPIC_FACTS[topic].path.split('/')
  const data =
    settings.payload === 'proto_data'
      ? { proto_data: { type_url: typeUrl(type, settings), value } }
      : { binary_data: value }
  const envelope = typeOf(...ENVELOPE)
  return envelope
    .encode(
      envelope.fromObject({
        id: uuid(`${customerId} ${topic} ${now} ${count}`),
        source: `https://central.example/${service}`,
        specversion: '1.0',
        type: EVENT_TYPE_PREFIX + content.type,
        attributes: { subject: { ce_string: customerId } },
        ...data,
        ...(settings.time === 'yes' && { time: timestamp(now) }),
        datacontenttype: 'application/protobuf',
      }),
    )
    .finish()
}

const NO_EVENT = { id: '', type: '' } as const

/** The id and type of a frame; empty where it is no CloudEvent. */
export function readEvent(frame: Uint8Array | string): {
  readonly id: string
  readonly type: string
} {
  if (typeof frame === 'string') return NO_EVENT
  const envelope = typeOf(...ENVELOPE)
  try {
    const { id, type } = envelope.toObject(envelope.decode(frame), { defaults: true })
    return { id, type }
  } catch {
    return NO_EVENT
  }
}

/** A `google.protobuf.Timestamp`. */
export function timestamp(ms: number): Payload {
  return { seconds: Math.floor(ms / 1000), nanos: Math.floor(ms % 1000) * 1_000_000 }
}

/** A `google.protobuf.Struct` of texts, numbers and booleans. */
export function struct(values: Readonly<Record<string, string | number | boolean>>): Payload {
  const fields = Object.entries(values).map(([name, value]) => {
    const kind = { string: 'stringValue', number: 'numberValue', boolean: 'boolValue' }
    return [name, { [kind[typeof value as keyof typeof kind]]: value }]
  })
  return { fields: Object.fromEntries(fields) }
}

/** An IPv4 or IPv6 address as text. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g) ?? []
  return groups.map((group) => group.replace(/^0{1,3}/, '')).join(':')
}

/** A MAC address in the spelling that the settings choose. */
export function macText(bytes: Uint8Array, { mac }: NewCentralSettings): string {
  const [form, isUpper] = mac.split('_')
  const hex = Buffer.from(bytes).toString('hex')
  const digits = isUpper ? hex.toUpperCase() : hex
  const separators: Readonly<Record<string, string>> = { colon: ':', dash: '-', dot: '.' }
  const size = form === 'dot' ? 4 : 2
  const parts = digits.match(new RegExp(`.{${size}}`, 'g')) ?? []
  return parts.join(separators[form ?? ''] ?? '')
}

/** A text in the form of a UUIDv4, made from another text. */
export function uuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = '89ab'[Number.parseInt(hex[16] ?? '0', 16) % 4]
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`]
  return [...parts, `${variant}${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}

const ENVELOPE = ['cloudevent', 'CloudEvent'] as const
const types = new Map<string, protobuf.Type>()

function typeOf(file: string, message: string): protobuf.Type {
  const load = () => loadDocumented({ service: 'newcentral', file }).get(message)
  return getOrMake(types, `${file} ${message}`, load)
}

/** As seen, `type.googleapis.com/ap.APInfo`; the published files have longer packages. */
function typeUrl(type: protobuf.Type, { type_url }: NewCentralSettings): string {
  if (type_url === 'empty') return ''
  if (type_url === 'bare') return type.name
  const full = type.fullName.slice(1)
  if (type_url === 'long') return `type.googleapis.com/${full}`
  const name = full.split('.').filter((part) => !/^v\d/.test(part))
  return `type.googleapis.com/${name.slice(-2).join('.')}`
}
