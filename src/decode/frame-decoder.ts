import { StreamError } from '../errors.js'
import type { Logger } from '../log.js'
import { getOrMake } from '../maps.js'
import type { MessageType } from '../schema/message-type.js'
import type {
  AnyRecord,
  AnyTopic,
  Decoder,
  Decoders,
  Form,
  Frame,
  StreamMessage,
} from '../service.js'
import { type UnknownField, UnknownFields } from './unknown-fields.js'
import { UnknownReport } from './unknown-report.js'

/** Makes records of the frames of one subscription. What it makes is decided by the service. */
export interface RecordMaker<Record extends AnyRecord> {
  /** @throws StreamError `frame-undecodable` */
  record(frame: Uint8Array): Record
  /**
   * @returns the record as one line of UTF-8 JSON with its newline
   * @throws StreamError `frame-undecodable`
   */
  line(frame: Uint8Array): Uint8Array
  /** The lines of its rows; undefined where they have to be made from the record. */
  rows?(frame: Uint8Array): Uint8Array | undefined
  /** When the frame's message was sent, nanoseconds since the epoch. */
  timestamp(frame: Uint8Array): bigint | undefined
  /** Text frames mean nothing: they are skipped. */
  readonly skipsText?: boolean
  /** The id of the frame's event, where the service has ids; undefined for an event without one. */
  identify?(frame: Uint8Array): string | undefined
  /** Keeps the timestamp of the frame that was read last, if it has one, as that of the last message. */
  keepTimestamp(): void
  /** What was kept, nanoseconds since the epoch. */
  readonly lastTimestamp: bigint | undefined
}

export type DecoderOptions<Schema> = {
  /** Name of the entry; it stands in every record. */
  readonly customer: string
  /** One word for entry and topic, for the log and names of files; `customer` by default. */
  readonly label?: string
  readonly schema: Schema
  /** Addresses as text instead of base64, and the time as text; default: no. */
  readonly readable?: boolean
  /** Gets what the schema does not know, each thing once; the things of one frame together. */
  readonly onUnknown?: (news: readonly UnknownField[]) => void
}

/** Makes the decoder of one subscription, with the maker of its service. */
export function createFrameDecoder<
  Record extends AnyRecord,
  Schema extends { readonly topic: AnyTopic },
>(
  options: DecoderOptions<Schema>,
  createMaker: (unknownFields: UnknownFields) => RecordMaker<Record>,
): Decoder<StreamMessage<Record>> {
  const unknownFields = new UnknownFields(options.onUnknown ?? (() => undefined))
  const { customer, label = customer } = options
  const entry = { customer, label, topic: options.schema.topic }
  return new FrameDecoder(entry, createMaker(unknownFields), unknownFields)
}

class FrameDecoder<Record extends AnyRecord> implements Decoder<StreamMessage<Record>> {
  readonly skipsText: boolean
  readonly identify: ((frame: Frame) => string | undefined) | undefined
  readonly #entry: Entry
  readonly #maker: RecordMaker<Record>
  readonly #unknownFields: UnknownFields

  constructor(entry: Entry, maker: RecordMaker<Record>, unknownFields: UnknownFields) {
    this.#entry = entry
    this.#maker = maker
    this.#unknownFields = unknownFields
    this.skipsText = maker.skipsText ?? false
    this.identify = maker.identify && ((frame) => this.#identify(frame))
  }

  get unknownTotal(): number {
    return this.#unknownFields.total
  }

  get lastTimestamp(): bigint | undefined {
    return this.#maker.lastTimestamp
  }

  #identify({ bytes, text }: Frame): string | undefined {
    if (text) return undefined
    try {
      return this.#maker.identify?.(bytes)
    } catch {
      return undefined
    } finally {
      this.#unknownFields.discard()
    }
  }

  decode(frame: Frame, first: Form): StreamMessage<Record> {
    if (frame.text) {
      throw new StreamError(
        'frame-undecodable',
        `${this.#entry.customer}: a text frame of ${frame.bytes.length} bytes came where a binary one was expected`,
      )
    }
    this.#unknownFields.discard()
    const message = new DecodedMessage(this.#entry, frame, this.#maker, first)
    this.#unknownFields.commit()
    this.#maker.keepTimestamp()
    return message
  }
}

type Entry = Pick<StreamMessage, 'customer' | 'label' | 'topic'>

/** A message as it was decoded. Record and line are made when they are first asked for, or at once. */
class DecodedMessage<Record extends AnyRecord> implements StreamMessage<Record> {
  readonly customer: string
  readonly label: string
  readonly topic: AnyTopic
  readonly receivedAt: number
  readonly frame: Uint8Array
  readonly part = 1
  readonly rows: Uint8Array | undefined
  readonly #maker: RecordMaker<Record>
  #record: Record | undefined
  #line: Uint8Array | undefined

  constructor(
    { customer, label, topic }: Entry,
    { bytes, receivedAt }: Frame,
    maker: RecordMaker<Record>,
    first: Form,
  ) {
    this.customer = customer
    this.label = label
    this.topic = topic
    this.receivedAt = receivedAt
    this.frame = bytes
    this.#maker = maker
    if (first === 'rows') this.rows = maker.rows?.(bytes)
    if (first === 'line') this.#line = maker.line(bytes)
    else if (!this.rows) this.#record = maker.record(bytes)
  }

  get timestamp(): bigint | undefined {
    return this.#maker.timestamp(this.frame)
  }

  get identity(): string | undefined {
    return this.#maker.identify?.(this.frame)
  }

  get record(): Record {
    this.#record ??= this.#maker.record(this.frame)
    return this.#record
  }

  get line(): Uint8Array {
    this.#line ??= this.#maker.line(this.frame)
    return this.#line
  }
}

export type DecodersOptions = {
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** What differs between the decoders of the services. */
type DecoderKind<T extends AnyTopic, Schema> = {
  /** @throws StreamError `schema-invalid` */
  loadSchema(topic: T, options: { readonly protoDir: string | undefined }): Schema
  /** All messages of the shipped schema of a topic. */
  shippedMessages(topic: T): readonly MessageType[]
  createDecoder(options: DecoderOptions<Schema>): Decoder
}

/** Makes the decoders of entries; what those of a topic share is made once. */
export function makeDecoders<
  T extends AnyTopic,
  Schema extends { readonly notes: readonly string[] },
>(kind: DecoderKind<T, Schema>, { protoDir, readable, log }: DecodersOptions): Decoders<T> {
  type Shared = { readonly schema: Schema; readonly onUnknown: UnknownReport['add'] }
  const topics = new Map<T, Shared>()
  const notes = new Set<string>()

  const load = (topic: T): Shared => {
    const schema = kind.loadSchema(topic, { protoDir })
    const report = new UnknownReport({
      name: topic,
      protoDir,
      shipped: () => kind.shippedMessages(topic),
      log,
    })
    for (const note of schema.notes) {
      // Several topics of a folder have the same note, such as two files for the envelope.
      if (notes.has(note)) continue
      notes.add(note)
      log.warn(note)
    }
    return { schema, onUnknown: (news) => report.add(news) }
  }
  const sharedBy = (topic: T) => getOrMake(topics, topic, () => load(topic))

  return {
    load(names) {
      for (const topic of names) sharedBy(topic)
    },
    of({ name, topic, label = name }) {
      const { schema, onUnknown } = sharedBy(topic)
      return kind.createDecoder({ customer: name, label, schema, readable, onUnknown })
    },
  }
}
