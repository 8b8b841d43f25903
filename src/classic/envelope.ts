import type protobuf from 'protobufjs'
import type { JsonWriter } from '../decode/json-writer.js'
import type { MessagePlan } from '../decode/plan.js'
import { SCALARS, type Scalar } from '../decode/scalars.js'
import type { WireReader } from '../decode/wire-reader.js'

const STRING = SCALARS.string as Scalar

/** Where a value of the envelope begins in the frame; before that, that it was not sent. */
const NOT_SENT = -1

/**
 * The envelope of a frame, `MsgProto`: where in the frame its five values are. The last one counts
 * where one is sent twice.
 */
export class Envelope {
  subject = NOT_SENT
  data = NOT_SENT
  timestamp = NOT_SENT
  customer_id = NOT_SENT
  msp_id = NOT_SENT
  readonly #plan: MessagePlan
  readonly #timestamp: Scalar

  constructor(plan: MessagePlan, type: protobuf.Type) {
    this.#plan = plan
    this.#timestamp = SCALARS[type.fields.timestamp?.type ?? 'int64'] as Scalar
  }

  /** Finds the values of the frame that the reader stands at the beginning of. */
  locate(wire: WireReader): void {
    this.subject = this.data = this.timestamp = this.customer_id = this.msp_id = NOT_SENT
    const { steps } = this.#plan.compiled
    while (wire.pos < wire.end) {
      const tag = wire.tag()
      const step = steps[tag]
      if (step === undefined) {
        wire.unknown(this.#plan, tag)
        continue
      }
      const at = wire.pos
      wire.skip(tag)
      switch (step.name) {
        case 'subject':
          this.subject = at
          break
        case 'data':
          this.data = at
          break
        case 'timestamp':
          this.timestamp = at
          break
        case 'customer_id':
          this.customer_id = at
          break
        case 'msp_id':
          this.msp_id = at
      }
    }
  }

  /** Sets the reader to the payload; false where none was sent. */
  openData(wire: WireReader): boolean {
    if (this.data === NOT_SENT) return false
    this.#goTo(wire, this.data)
    wire.limit()
    return true
  }

  /** Nanoseconds since the epoch, in decimal. */
  readTimestamp(wire: WireReader): string {
    if (this.timestamp === NOT_SENT) return '0'
    this.#goTo(wire, this.timestamp)
    return String(this.#timestamp.read(wire))
  }

  writeTimestamp(wire: WireReader, out: JsonWriter): void {
    if (this.timestamp === NOT_SENT) {
      out.ascii('"0"')
      return
    }
    this.#goTo(wire, this.timestamp)
    this.#timestamp.write(wire, out)
  }

  /** @param at where the string is: one of the places above */
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
    STRING.write(wire, out)
  }

  #goTo(wire: WireReader, at: number): void {
    wire.pos = at
    wire.end = wire.bytes.length
  }
}
