import {
  createFrameDecoder,
  type DecoderOptions,
  type DecodersOptions,
  makeDecoders,
  type RecordMaker,
} from '../decode/frame-decoder.js'
import { type PackedText, packText } from '../decode/json-writer.js'
import { createPlanners, type MessagePlan } from '../decode/plan.js'
import { WRITER, writeInOrder, writeMessage } from '../decode/to-json.js'
import type { JsonValue } from '../decode/to-object.js'
import type { UnknownFields } from '../decode/unknown-fields.js'
import { checkWeight } from '../decode/weight.js'
import { readJson } from '../decode/well-known.js'
import { WireReader } from '../decode/wire-reader.js'
import type { NewCentralPayloads } from '../schema/types/newcentral/index.js'
import type { Decoder, Decoders, StreamMessage } from '../service.js'
import { printable } from '../text.js'
import { Envelope } from './envelope.js'
import { readableText } from './readable.js'
import { loadSchema, type Schema, shippedMessages } from './schema.js'
import { EVENT_TYPE_PREFIX, TOPIC_FACTS, type Topic } from './topics.js'

/** One record of New Central, as printed. */
export type EventRecord = {
  /** Name of the entry in the input file. */
  customer: string
  topic: Topic
  /** The event's time: nanoseconds since the epoch, as a decimal string (past 2^53). */
  timestamp: string | null
  /** With `--readable`, the timestamp as RFC 3339; null where that cannot show it. */
  time?: string | null
  /** The envelope's attribute `subject`. */
  customer_id: string
  /** The event's identifier: a repeat has the same source and id. */
  id: string
  type: string
  source: string
  data: { [name: string]: JsonValue }
  /** The attributes of the envelope other than `subject`, if there are any. */
  attributes?: { [name: string]: JsonValue }
}

/** The record of a topic, with the fields of its payload; a union over `topic` for several topics. */
export type EventRecordOf<T extends Topic = Topic> = {
  [K in T]: Omit<EventRecord, 'topic' | 'data'> & { topic: K; data: NewCentralPayloads[K] }
}[T]

const plannerOf = createPlanners(readableText)

/** Shared by all entries, so that an idle entry keeps neither its last frame nor its last line. */
const READER = new WireReader()

const KEYS = {
  time: packText(',"time":'),
  customerId: packText(',"customer_id":'),
  id: packText(',"id":'),
  type: packText(',"type":'),
  source: packText(',"source":'),
  data: packText(',"data":'),
  noData: packText('{}'),
  attributes: packText(',"attributes":'),
  end: packText('}\n'),
}

/** Makes the decoders of New Central. */
export function createDecoders(options: DecodersOptions): Decoders<Topic> {
  return makeDecoders({ loadSchema, shippedMessages, createDecoder }, options)
}

/** Makes the decoder of one subscription. */
export function createDecoder(
  options: DecoderOptions<Schema>,
): Decoder<StreamMessage<EventRecord>> {
  return createFrameDecoder(options, (unknownFields) => new Maker(options, unknownFields))
}

/** Makes records and lines, each from the bytes of a frame. */
class Maker implements RecordMaker<EventRecord> {
  readonly skipsText = true
  readonly #customer: string
  readonly #topic: Topic
  readonly #readable: boolean
  readonly #unknownFields: UnknownFields
  readonly #envelope: Envelope
  readonly #planOf: (message: string) => MessagePlan | undefined
  /** What every payload is; undefined where each event has a message of its own. */
  readonly #payload: MessagePlan | undefined
  readonly #opening: PackedText
  // Two numbers, since a bigint for each frame costs more than the few that are asked for.
  #lastSeconds: number | undefined
  #lastNanos = 0

  constructor(
    { customer, schema, readable = false }: DecoderOptions<Schema>,
    unknownFields: UnknownFields,
  ) {
    const planOf = plannerOf(schema, readable)
    const { topic, payload } = schema
    this.#customer = customer
    this.#topic = topic
    this.#readable = readable
    this.#unknownFields = unknownFields
    this.#envelope = new Envelope(planOf(schema.envelope))
    this.#payload = payload && planOf(payload)
    this.#planOf = (name) => {
      const message = schema.message(name)
      return message && planOf(message)
    }
    this.#opening = packText(
      `{"customer":${JSON.stringify(customer)},"topic":"${topic}","timestamp":`,
    )
  }

  get lastTimestamp(): bigint | undefined {
    if (this.#lastSeconds === undefined) return undefined
    return BigInt(this.#lastSeconds) * 1_000_000_000n + BigInt(this.#lastNanos)
  }

  timestamp(frame: Uint8Array): bigint | undefined {
    this.#open(frame)
    const text = this.#envelope.timestampText()
    return text === null ? undefined : BigInt(text)
  }

  keepTimestamp(): void {
    if (!this.#envelope.hasTime) return
    this.#lastSeconds = this.#envelope.seconds
    this.#lastNanos = this.#envelope.nanos
  }

  /**
   * What tells an event from others: its source and id.
   * @returns undefined for an event without id
   * @throws StreamError `frame-undecodable`
   */
  identify(frame: Uint8Array): string | undefined {
    this.#open(frame)
    const envelope = this.#envelope
    const id = envelope.readString(READER, envelope.id)
    return id === '' ? undefined : `${envelope.readString(READER, envelope.source)}\n${id}`
  }

  record(frame: Uint8Array): EventRecord {
    this.#open(frame)
    const envelope = this.#envelope
    const payload = this.#openPayload()
    const data = payload ? readJson(READER, payload) : {}
    const { subject, others } = envelope.attributes.read(READER)
    const record: EventRecord = {
      customer: this.#customer,
      topic: this.#topic,
      timestamp: envelope.timestampText(),
      ...(this.#readable ? { time: envelope.timeText() } : {}),
      customer_id: subject,
      id: envelope.readString(READER, envelope.id),
      type: envelope.readString(READER, envelope.type),
      source: envelope.readString(READER, envelope.source),
      data,
    }
    if (others !== undefined) record.attributes = others
    return record
  }

  line(frame: Uint8Array): Uint8Array {
    this.#open(frame)
    if (this.#write()) return WRITER.take()
    const written = writeInOrder(READER, () => {
      this.#open(frame)
      return this.#write()
    })
    return written ?? Buffer.from(`${JSON.stringify(this.record(frame))}\n`)
  }

  /** Writes the line; false where only the record has the right text. */
  #write(): boolean {
    const envelope = this.#envelope
    if (!envelope.attributes.regular) return false
    const out = WRITER
    out.restart()
    out.packed(this.#opening)
    envelope.writeTimestamp(out)
    if (this.#readable) {
      out.packed(KEYS.time)
      envelope.writeTime(out)
    }
    out.packed(KEYS.customerId)
    envelope.attributes.writeSubject(READER, out)
    out.packed(KEYS.id)
    envelope.writeString(READER, envelope.id, out)
    out.packed(KEYS.type)
    envelope.writeString(READER, envelope.type, out)
    out.packed(KEYS.source)
    envelope.writeString(READER, envelope.source, out)
    out.packed(KEYS.data)
    const payload = this.#openPayload()
    if (payload === undefined) out.packed(KEYS.noData)
    else if (!writeMessage(READER, payload, out, 0)) return false
    if (envelope.attributes.hasOthers) {
      out.packed(KEYS.attributes)
      if (!envelope.attributes.write(READER, out)) return false
    }
    out.packed(KEYS.end)
    return true
  }

  #open(frame: Uint8Array): void {
    READER.open(frame, this.#customer, this.#unknownFields)
    this.#envelope.locate(READER)
  }

  /** Moves the reader to the payload and returns its plan; undefined where none was sent. */
  #openPayload(): MessagePlan | undefined {
    const envelope = this.#envelope
    if (envelope.isText) READER.reject('its payload is text; expected a protobuf message')
    const plan = this.#payload ?? this.#ownMessage()
    if (!envelope.openData(READER)) return undefined
    checkWeight(READER, plan)
    return plan
  }

  /** The message that `proto_data` names, else that of the event's type. */
  #ownMessage(): MessagePlan {
    const named = this.#envelope.messageName(READER)
    const found = named === '' ? undefined : this.#planOf(named)
    if (found !== undefined) return found
    const type = this.#envelope.readString(READER, this.#envelope.type)
    const { events } = TOPIC_FACTS[this.#topic]
    const short = type.startsWith(EVENT_TYPE_PREFIX) ? type.slice(EVENT_TYPE_PREFIX.length) : type
    const message = Object.hasOwn(events, short) ? events[short] : undefined
    const plan = message ? this.#planOf(message) : undefined
    if (plan !== undefined) return plan
    const name = named === '' ? 'a message' : `message ${printable(named, 100)}`
    return READER.reject(
      `the schema does not know ${name} of event type ${printable(type, 200) || '""'}`,
      {
        eventType: type,
      },
    )
  }
}
