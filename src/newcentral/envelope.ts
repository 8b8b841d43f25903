import type { JsonWriter } from '../decode/json-writer.js'
import type { MessagePlan, Step } from '../decode/plan.js'
import { SCALARS, type Scalar, writeString } from '../decode/scalars.js'
import { nanosText, timeText, writeNanos, writeTime } from '../decode/time-text.js'
import { WIRE, type WireReader } from '../decode/wire-reader.js'
import { plainName } from '../schema/message-type.js'
import { Attributes } from './attributes.js'

const STRING = SCALARS.string as Scalar

const NOT_SENT = -1

/** Fields 1 and 2 of `Any`, and of the entry of a map. */
const BYTES_1 = 8 + WIRE.bytes
const BYTES_2 = 2 * 8 + WIRE.bytes
/** Fields 1 and 2 of `Timestamp`. */
const VARINT_1 = 8 + WIRE.varint
const VARINT_2 = 2 * 8 + WIRE.varint

/** The fields that are read, by their plain names: comparing numbers is quicker. */
const FIELD = {
  id: 1,
  source: 2,
  type: 3,
  attributes: 4,
  protodata: 5,
  binarydata: 6,
  textdata: 7,
  time: 8,
} as const
const OTHER_FIELD = 0

/**
 * The envelope of a frame, `CloudEvent`: its time, and the offsets of its other values in the frame. Of a
 * value that comes twice, the last one counts.
 */
export class Envelope {
  id = NOT_SENT
  source = NOT_SENT
  type = NOT_SENT
  /** What `proto_data` says of its message. */
  typeUrl = NOT_SENT
  /** The payload, with its length. */
  data = NOT_SENT
  /** Whether the payload is text. */
  isText = false
  /** Whether the time was sent. */
  hasTime = false
  /** Seconds since the epoch: the lower 32 bits, signed, and the upper ones. */
  secondsLow = 0
  secondsHigh = 0
  nanos = 0
  readonly attributes: Attributes
  readonly #plan: MessagePlan
  /** Which field each tag is of. */
  readonly #fields: readonly (number | undefined)[]
  readonly #anyPlan: MessagePlan | undefined
  readonly #timePlan: MessagePlan | undefined

  constructor(plan: MessagePlan) {
    const { steps } = plan.compiled
    const stepOf = (name: string) => steps.find((step) => step && plainName(step.name) === name)
    this.#plan = plan
    const fields: Readonly<Record<string, number>> = FIELD
    this.#fields = steps.map((step) => step && (fields[plainName(step.name)] ?? OTHER_FIELD))
    this.#anyPlan = stepOf('protodata')?.message
    this.#timePlan = stepOf('time')?.message
    this.attributes = new Attributes(stepOf('attributes') as Step)
  }

  /** Finds the values of the frame that the reader is at the beginning of. */
  locate(wire: WireReader): void {
    this.id = this.source = this.type = this.typeUrl = this.data = NOT_SENT
    this.isText = this.hasTime = false
    this.attributes.clear()
    this.secondsLow = this.secondsHigh = this.nanos = 0
    let fromProto = false
    while (wire.pos < wire.end) {
      const tag = wire.tag()
      const at = wire.pos
      switch (this.#fields[tag]) {
        case undefined:
          wire.unknown(this.#plan, tag)
          break
        case FIELD.id:
          this.id = at
          wire.take()
          break
        case FIELD.source:
          this.source = at
          wire.take()
          break
        case FIELD.type:
          this.type = at
          wire.take()
          break
        case FIELD.attributes:
          this.attributes.add(wire)
          break
        case FIELD.protodata:
          // Of a oneof the last member counts; the same one twice is merged.
          if (!fromProto) this.data = this.typeUrl = NOT_SENT
          fromProto = true
          this.isText = false
          this.#locateAny(wire)
          break
        case FIELD.binarydata:
        case FIELD.textdata:
          fromProto = false
          this.isText = this.#fields[tag] === FIELD.textdata
          this.typeUrl = NOT_SENT
          this.data = at
          wire.take()
          break
        case FIELD.time:
          this.hasTime = true
          this.#readTime(wire)
          break
        default:
          wire.skip(tag)
      }
    }
  }

  /** Moves the reader to the payload; false where none was sent. */
  openData(wire: WireReader): boolean {
    if (this.data === NOT_SENT) return false
    this.#goTo(wire, this.data)
    wire.limit()
    return true
  }

  /** The time in nanoseconds since the epoch, in decimal; null where none was sent. */
  timestampText(): string | null {
    if (!this.hasTime) return null
    return nanosText(this.secondsLow, this.secondsHigh, this.nanos)
  }

  writeTimestamp(out: JsonWriter): void {
    if (this.hasTime) writeNanos(out, this.secondsLow, this.secondsHigh, this.nanos)
    else out.ascii('null')
  }

  /** The time as RFC 3339; null where none was sent, or one that cannot be shown. */
  timeText(): string | null {
    return (this.hasTime && timeText(this.seconds, this.nanos)) || null
  }

  writeTime(out: JsonWriter): void {
    if (!this.hasTime || !writeTime(out, this.seconds, this.nanos)) out.ascii('null')
  }

  get seconds(): number {
    return this.secondsHigh * 2 ** 32 + (this.secondsLow >>> 0)
  }

  /** @param at offset of the string: one of the fields above */
  readString(wire: WireReader, at: number): string {
    if (at === NOT_SENT) return ''
    this.#goTo(wire, at)
    return String(STRING.read(wire))
  }

  writeString(wire: WireReader, at: number, out: JsonWriter): void {
    if (at === NOT_SENT) {
      out.ascii('""')
      return
    }
    this.#goTo(wire, at)
    writeString(wire, out)
  }

  /** What follows the last dot or slash of `type_url`: the message's name without package. */
  messageName(wire: WireReader): string {
    if (this.typeUrl === NOT_SENT) return ''
    this.#goTo(wire, this.typeUrl)
    const begin = wire.take()
    const { bytes, pos: end } = wire
    let start = end
    while (start > begin && bytes[start - 1] !== 0x2e && bytes[start - 1] !== 0x2f) start--
    return bytes.toString('latin1', start, end)
  }

  #locateAny(wire: WireReader): void {
    const outerEnd = wire.limit()
    while (wire.pos < wire.end) {
      const tag = wire.tag()
      const at = wire.pos
      if (tag === BYTES_1) {
        this.typeUrl = at
        wire.take()
      } else if (tag === BYTES_2) {
        this.data = at
        wire.take()
      } else if (this.#anyPlan) wire.unknown(this.#anyPlan, tag)
      else wire.skip(tag)
    }
    wire.end = outerEnd
  }

  #readTime(wire: WireReader): void {
    const outerEnd = wire.limit()
    while (wire.pos < wire.end) {
      const tag = wire.tag()
      if (tag === VARINT_1) {
        this.secondsLow = wire.varint()
        this.secondsHigh = wire.high
      } else if (tag === VARINT_2) this.nanos = wire.varint()
      else if (this.#timePlan) wire.unknown(this.#timePlan, tag)
      else wire.skip(tag)
    }
    wire.end = outerEnd
  }

  #goTo(wire: WireReader, at: number): void {
    wire.pos = at
    wire.end = wire.bytes.length
  }
}
