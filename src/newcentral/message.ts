import type { Frame } from '../connection/frame.js'
import { type DecodersOptions, makeDecoders } from '../decode/decoders.js'
import { type UnknownField, UnknownFields } from '../decode/unknown-fields.js'
import { StreamError } from '../errors.js'
import type { Decoder, Decoders } from '../service.js'
import { type EventRecord, RecordMaker } from './record.js'
import { loadSchema, type Schema, shippedMessages } from './schema.js'
import type { Topic } from './topics.js'

/** One decoded event; frame, record and line are three forms of it. */
export interface EventMessage {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** One word for entry and topic, see the input file; the entry's name by default. */
  readonly label: string
  /** The subscription's topic. */
  readonly topic: Topic
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** The bytes of the WebSocket message. */
  readonly frame: Uint8Array
  /** The event's time, nanoseconds since the epoch; undefined where it has none. */
  readonly timestamp: bigint | undefined
  /** Source and id of the event; undefined where it has no id. */
  readonly identity: string | undefined
  /** The record as an object; made when first asked for. */
  readonly record: EventRecord
  /** The record as one line of UTF-8 JSON with its newline; made when first asked for. */
  readonly line: Uint8Array
}

export type DecoderOptions = {
  /** Name of the entry; it stands in every record. */
  readonly customer: string
  /** One word for entry and topic, for the log and names of files; `customer` by default. */
  readonly label?: string
  readonly schema: Schema
  /** MAC and IP addresses in one spelling, and the time as text; default: no. */
  readonly readable?: boolean
  /** Gets what the schema does not know, each thing once; the things of one frame together. */
  readonly onUnknown?: (news: readonly UnknownField[]) => void
}

/** Makes the decoders of New Central. */
export function createDecoders(options: DecodersOptions): Decoders<Topic> {
  return makeDecoders({ loadSchema, shippedMessages, createDecoder }, options)
}

/** Makes the decoder of one subscription. */
export function createDecoder(options: DecoderOptions): Decoder<EventMessage> {
  const { customer, schema } = options
  const unknownFields = new UnknownFields(options.onUnknown ?? (() => undefined))
  const maker = new RecordMaker(options, unknownFields)
  // Two numbers, since a bigint for each frame costs more than the few that are asked for.
  let lastSeconds: number | undefined
  let lastNanos = 0
  return {
    skipsText: true,
    get lastTimestamp() {
      if (lastSeconds === undefined) return undefined
      return BigInt(lastSeconds) * 1_000_000_000n + BigInt(lastNanos)
    },
    get unknownTotal() {
      return unknownFields.total
    },
    identify(frame) {
      if (frame.text) return undefined
      try {
        return maker.identify(frame.bytes)
      } catch {
        return undefined
      } finally {
        unknownFields.discard()
      }
    },
    decode(frame, first) {
      if (frame.text) {
        throw new StreamError(
          'frame-undecodable',
          `${customer}: a text frame of ${frame.bytes.length} bytes came where a binary one was expected`,
        )
      }
      unknownFields.discard()
      const made = first === 'record' ? maker.record(frame.bytes) : maker.line(frame.bytes)
      unknownFields.commit()
      if (maker.hasTime) {
        lastSeconds = maker.seconds
        lastNanos = maker.nanos
      }
      return new DecodedMessage(options, schema.topic, frame, maker, made)
    },
  }
}

type NamedEntry = { readonly customer: string; readonly label?: string }

class DecodedMessage implements EventMessage {
  readonly customer: string
  readonly label: string
  readonly topic: Topic
  readonly receivedAt: number
  readonly frame: Uint8Array
  readonly #maker: RecordMaker
  #record: EventRecord | undefined
  #line: Uint8Array | undefined

  constructor(
    { customer, label = customer }: NamedEntry,
    topic: Topic,
    { bytes, receivedAt }: Frame,
    maker: RecordMaker,
    made: EventRecord | Uint8Array,
  ) {
    this.customer = customer
    this.label = label
    this.topic = topic
    this.receivedAt = receivedAt
    this.frame = bytes
    this.#maker = maker
    if (made instanceof Uint8Array) this.#line = made
    else this.#record = made
  }

  get timestamp(): bigint | undefined {
    return this.#maker.timestamp(this.frame)
  }

  get identity(): string | undefined {
    return this.#maker.identify(this.frame)
  }

  get record(): EventRecord {
    this.#record ??= this.#maker.record(this.frame)
    return this.#record
  }

  get line(): Uint8Array {
    this.#line ??= this.#maker.line(this.frame)
    return this.#line
  }
}
