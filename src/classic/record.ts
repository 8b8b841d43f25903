import {
  createFrameDecoder,
  type DecoderOptions,
  type DecodersOptions,
  makeDecoders,
  type RecordMaker,
} from '../decode/frame-decoder.js'
import { type JsonWriter, type PackedText, packText } from '../decode/json-writer.js'
import { createPlanner, createPlanners, type MessagePlan } from '../decode/plan.js'
import { readableScalar } from '../decode/readable.js'
import { WRITER, writeInOrder, writeMessage } from '../decode/to-json.js'
import type { JsonValue } from '../decode/to-object.js'
import { RowPlan, rowEnum, rowScalar, writeRows } from '../decode/to-rows.js'
import type { UnknownFields } from '../decode/unknown-fields.js'
import { checkWeight } from '../decode/weight.js'
import { readJson } from '../decode/well-known.js'
import { WireReader } from '../decode/wire-reader.js'
import { StreamError } from '../errors.js'
import { getOrMake } from '../maps.js'
import type { TopicPayloads } from '../schema/types/index.js'
import type { Decoder, Decoders, StreamMessage } from '../service.js'
import { Envelope, GeofenceNotices } from './envelope.js'
import { loadSchema, type Schema, shippedMessages } from './schema.js'
import type { Topic } from './topics.js'

/** One record, as printed. */
export type StreamRecord = {
  /** Name of the entry in the input file. */
  customer: string
  /** The envelope's `subject`. */
  topic: string
  /** Nanoseconds since the epoch, as a decimal string (past 2^53). */
  timestamp: string
  /** With `--readable`, the timestamp as RFC 3339. */
  time?: string | null
  customer_id: string
  data: { [name: string]: JsonValue }
  /** The envelope's `msp_id`. */
  msp_ip: string
}

/**
 * The record of a topic, with the fields of its payload; a union over `topic` for several topics. At run time
 * `topic` is the subject that Central sent.
 */
export type ClassicRecordOf<T extends Topic = Topic> = {
  [K in T]: Omit<StreamRecord, 'topic' | 'data'> & { topic: K; data: TopicPayloads[K] }
}[T]

const plannerOf = createPlanners(readableScalar)

/** Rows of a larger frame are made from its record, some at a time. */
const LARGE_FRAME = 64 * 1024

/** Shared by all entries, so that an idle entry keeps neither its last frame nor its last line. */
const READER = new WireReader()

/** The plans of a schema for rows, which are made from the bytes without a record. */
type RowPlans = { readonly payload: RowPlan; readonly notice: RowPlan | undefined }

const ROW_PLANS = new WeakMap<Schema, RowPlans>()

function rowPlansOf(schema: Schema): RowPlans {
  return getOrMake(ROW_PLANS, schema, () => {
    const { topic, payload, notice } = schema
    // Rows carry addresses as text, whatever records do.
    const planOf = createPlanner(rowScalar(readableScalar), rowEnum)
    return {
      payload: new RowPlan(planOf(payload), topic),
      notice: notice && new RowPlan(planOf(notice), topic),
    }
  })
}

const KEYS = {
  customer: packText(',"customer":'),
  topic: packText(',"topic":'),
  time: packText(',"time":'),
  timestamp: packText(',"timestamp":'),
  customerId: packText(',"customer_id":'),
  data: packText(',"data":'),
  noData: packText('{}'),
  mspIp: packText(',"msp_ip":'),
  end: packText('}\n'),
}

/** Makes the decoders of Classic Central. */
export function createDecoders(options: DecodersOptions): Decoders<Topic> {
  return makeDecoders({ loadSchema, shippedMessages, createDecoder }, options)
}

/** Makes the decoder of one subscription. */
export function createDecoder(
  options: DecoderOptions<Schema>,
): Decoder<StreamMessage<StreamRecord>> {
  return createFrameDecoder(options, (unknownFields) => new Maker(options, unknownFields))
}

/** Makes records and lines, each from the bytes of a frame. */
class Maker implements RecordMaker<StreamRecord> {
  readonly #customer: string
  readonly #schema: Schema
  readonly #readable: boolean
  readonly #unknownFields: UnknownFields
  readonly #envelope: Envelope
  readonly #payload: MessagePlan
  readonly #notices: GeofenceNotices | undefined
  readonly #opening: PackedText
  // Two numbers, since a bigint for each frame costs more than the few that are asked for.
  #lastLow: number | undefined
  #lastHigh = 0

  constructor(
    { customer, schema, readable = false }: DecoderOptions<Schema>,
    unknownFields: UnknownFields,
  ) {
    const { envelope, payload, notice } = schema
    const planOf = plannerOf(schema, readable)
    this.#customer = customer
    this.#schema = schema
    this.#readable = readable
    this.#unknownFields = unknownFields
    this.#envelope = new Envelope(planOf(envelope), envelope)
    this.#payload = planOf(payload)
    this.#notices = notice && new GeofenceNotices(planOf(payload), planOf(notice))
    this.#opening = packText(`{"customer":${JSON.stringify(customer)},"topic":`)
  }

  get lastTimestamp(): bigint | undefined {
    return this.#lastLow === undefined
      ? undefined
      : BigInt(this.#envelope.timestampText(this.#lastLow, this.#lastHigh))
  }

  timestamp(frame: Uint8Array): bigint {
    return BigInt(this.#open(frame).envelope.timestampText())
  }

  keepTimestamp(): void {
    this.#lastLow = this.#envelope.timestampLow
    this.#lastHigh = this.#envelope.timestampHigh
  }

  record(frame: Uint8Array): StreamRecord {
    const { wire, envelope } = this.#open(frame)
    const payload = this.#openPayload()
    const data = payload ? readJson(wire, payload) : {}
    return {
      customer: this.#customer,
      topic: envelope.readString(wire, envelope.subject),
      timestamp: envelope.timestampText(),
      ...(this.#readable ? { time: envelope.timeText() } : {}),
      customer_id: envelope.readString(wire, envelope.customer_id),
      data,
      msp_ip: envelope.readString(wire, envelope.msp_id),
    }
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

  /** The lines of a frame's rows; undefined where they have to be made from its record. */
  rows(frame: Uint8Array): Uint8Array | undefined {
    if (frame.length > LARGE_FRAME) return undefined
    try {
      this.#open(frame)
      const plan = this.#openPayload()
      const { payload, notice } = rowPlansOf(this.#schema)
      const rowPlan = plan === this.#payload ? payload : notice
      const rows = plan && rowPlan && writeRows(READER, rowPlan, this.#writeHead)
      if (rows) return rows
    } catch (error) {
      // The record's way comes to faults in the order of the bytes.
      if (!(error instanceof StreamError)) throw error
    }
    this.#unknownFields.discard()
    return undefined
  }

  /** Writes what each row has in front of its columns. */
  readonly #writeHead = (out: JsonWriter): void => {
    const envelope = this.#envelope
    out.packed(KEYS.time)
    envelope.writeTime(out)
    out.packed(KEYS.customer)
    out.text(this.#customer)
    out.packed(KEYS.topic)
    envelope.writeString(READER, envelope.subject, out)
    out.packed(KEYS.customerId)
    envelope.writeString(READER, envelope.customer_id, out)
    out.packed(KEYS.timestamp)
    envelope.writeTimestamp(out)
    out.packed(KEYS.mspIp)
    envelope.writeString(READER, envelope.msp_id, out)
  }

  /** Writes the line; false where only the record has the right text. */
  #write(): boolean {
    const envelope = this.#envelope
    const wire = READER
    const out = WRITER
    out.restart()
    out.packed(this.#opening)
    envelope.writeString(wire, envelope.subject, out)
    out.packed(KEYS.timestamp)
    envelope.writeTimestamp(out)
    if (this.#readable) {
      out.packed(KEYS.time)
      envelope.writeTime(out)
    }
    out.packed(KEYS.customerId)
    envelope.writeString(wire, envelope.customer_id, out)
    out.packed(KEYS.data)
    const payload = this.#openPayload()
    if (payload === undefined) out.packed(KEYS.noData)
    else if (!writeMessage(wire, payload, out, 0)) return false
    out.packed(KEYS.mspIp)
    envelope.writeString(wire, envelope.msp_id, out)
    out.packed(KEYS.end)
    return true
  }

  #open(frame: Uint8Array): { wire: WireReader; envelope: Envelope } {
    READER.open(frame, this.#customer, this.#unknownFields)
    this.#envelope.locate(READER)
    return { wire: READER, envelope: this.#envelope }
  }

  /** Moves the reader to the payload and returns its plan; undefined where none was sent. */
  #openPayload(): MessagePlan | undefined {
    if (!this.#envelope.openData(READER)) return undefined
    const plan = this.#notices?.planFor(READER) ?? this.#payload
    checkWeight(READER, plan)
    return plan
  }
}
