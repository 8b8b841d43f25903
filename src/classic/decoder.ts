import type { Frame } from '../connection/frame.js'
import { type Drift, DriftTally } from '../decode/drift.js'
import { JsonWriter } from '../decode/json-writer.js'
import { type PackedText, packText } from '../decode/packed-text.js'
import { createPlanner, type MessagePlan } from '../decode/plan.js'
import { readableScalar } from '../decode/readable.js'
import { writeMessage } from '../decode/to-json.js'
import { readMessage } from '../decode/to-object.js'
import { WireReader } from '../decode/wire-reader.js'
import { StreamError } from '../errors.js'
import type { Schema } from '../schema/load-schema.js'
import { Envelope } from './envelope.js'
import type { StreamMessage, StreamRecord } from './message.js'
import type { Topic } from './topics.js'

export type DecoderOptions = {
  /** Name of the entry; it stands in every record. */
  readonly customer: string
  readonly schema: Schema
  /** MAC and IP addresses and network names as text instead of base64; default: no. */
  readonly readable?: boolean
  /** Is told once of each thing that the schema does not know. */
  readonly onDrift?: (drift: Drift) => void
}

export type Decoder = {
  /**
   * Decodes a frame.
   * @param first the form that is made at once; the other one is made when it is asked for
   * @throws StreamError `frame-undecodable`, with offset and reason
   */
  decode(frame: Frame, first: 'record' | 'line'): StreamMessage
  /** How often each thing was met that the schema does not know, by the sentence that reports it. */
  readonly driftCounts: ReadonlyMap<string, number>
  /** How often anything was met that the schema does not know. */
  readonly drifts: number
}

/** Makes the decoder of one entry. */
export function createDecoder(options: DecoderOptions): Decoder {
  const { customer, schema } = options
  const drift = new DriftTally(schema.topic, options.onDrift ?? (() => undefined))
  const forms = new Forms(options, drift)
  return {
    driftCounts: drift.counts,
    get drifts() {
      return drift.total
    },
    decode(frame, first) {
      if (frame.text) {
        throw new StreamError(
          'frame-undecodable',
          `${customer}: a text frame of ${frame.bytes.length} bytes came where a binary one was expected`,
        )
      }
      drift.discard()
      const made = first === 'record' ? forms.record(frame.bytes) : forms.line(frame.bytes)
      drift.commit()
      return new DecodedMessage(customer, schema.topic, frame, forms, made)
    },
  }
}

type Planner = ReturnType<typeof createPlanner>

/** By schema: a thousand entries of a topic share its plans, and the text that is being written. */
const PLANNERS = { plain: new WeakMap<Schema, Planner>(), readable: new WeakMap<Schema, Planner>() }
const OUT = new JsonWriter()

function plannerOf(schema: Schema, readable: boolean): Planner {
  const planners = PLANNERS[readable ? 'readable' : 'plain']
  let planner = planners.get(schema)
  if (planner === undefined) {
    planner = createPlanner(readable ? readableScalar : () => undefined)
    planners.set(schema, planner)
  }
  return planner
}

/** Makes record and line of a frame, each from its bytes alone. */
class Forms {
  readonly #customer: string
  readonly #drift: DriftTally
  readonly #wire: WireReader
  readonly #envelope: Envelope
  readonly #payload: MessagePlan
  readonly #opening: PackedText

  constructor({ customer, schema, readable = false }: DecoderOptions, drift: DriftTally) {
    const planOf = plannerOf(schema, readable)
    this.#customer = customer
    this.#drift = drift
    this.#wire = new WireReader(customer, drift)
    this.#envelope = new Envelope(planOf(schema.envelope), schema.envelope)
    this.#payload = planOf(schema.payload)
    this.#opening = packText(`{"customer":${JSON.stringify(customer)},"topic":`)
  }

  record(frame: Uint8Array): StreamRecord {
    const { wire, envelope } = this.#open(frame)
    const { subject, customer_id, msp_id } = envelope
    return {
      customer: this.#customer,
      topic: envelope.readString(wire, subject),
      timestamp: envelope.readTimestamp(wire),
      customer_id: envelope.readString(wire, customer_id),
      data: envelope.openData(wire) ? readMessage(wire, this.#payload, undefined, 0) : {},
      msp_ip: envelope.readString(wire, msp_id),
    }
  }

  line(frame: Uint8Array): Uint8Array {
    const { wire, envelope } = this.#open(frame)
    const out = OUT
    out.restart()
    out.packed(this.#opening)
    envelope.writeString(wire, envelope.subject, out)
    out.packed(KEYS.timestamp)
    envelope.writeTimestamp(wire, out)
    out.packed(KEYS.customerId)
    envelope.writeString(wire, envelope.customer_id, out)
    out.packed(KEYS.data)
    if (!envelope.openData(wire)) out.packed(KEYS.noData)
    else if (!writeMessage(wire, this.#payload, out, 0)) {
      this.#drift.discard()
      return Buffer.from(`${JSON.stringify(this.record(frame))}\n`)
    }
    out.packed(KEYS.mspIp)
    envelope.writeString(wire, envelope.msp_id, out)
    out.packed(KEYS.end)
    return out.take()
  }

  timestamp(frame: Uint8Array): bigint {
    const { wire, envelope } = this.#open(frame)
    return BigInt(envelope.readTimestamp(wire))
  }

  #open(frame: Uint8Array): { wire: WireReader; envelope: Envelope } {
    this.#wire.open(frame)
    this.#envelope.locate(this.#wire)
    return { wire: this.#wire, envelope: this.#envelope }
  }
}

const KEYS = {
  timestamp: packText(',"timestamp":'),
  customerId: packText(',"customer_id":'),
  data: packText(',"data":'),
  noData: packText('{}'),
  mspIp: packText(',"msp_ip":'),
  end: packText('}\n'),
}

class DecodedMessage implements StreamMessage {
  readonly customer: string
  readonly topic: Topic
  readonly receivedAt: number
  readonly frame: Uint8Array
  readonly #forms: Forms
  #record: StreamRecord | undefined
  #line: Uint8Array | undefined

  constructor(
    customer: string,
    topic: Topic,
    { bytes, receivedAt }: Frame,
    forms: Forms,
    made: StreamRecord | Uint8Array,
  ) {
    this.customer = customer
    this.topic = topic
    this.receivedAt = receivedAt
    this.frame = bytes
    this.#forms = forms
    if (made instanceof Uint8Array) this.#line = made
    else this.#record = made
  }

  get timestamp(): bigint {
    return this.#forms.timestamp(this.frame)
  }

  get record(): StreamRecord {
    this.#record ??= this.#forms.record(this.frame)
    return this.#record
  }

  get line(): Uint8Array {
    this.#line ??= this.#forms.line(this.frame)
    return this.#line
  }
}
