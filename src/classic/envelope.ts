import type { JsonWriter } from '../decode/json-writer.js'
import { int64Text } from '../decode/numbers.js'
import type { MessagePlan } from '../decode/plan.js'
import { INT64, type Int64, SCALARS, type Scalar } from '../decode/scalars.js'
import { nanosTimeText, writeNanosTime } from '../decode/time-text.js'
import type { WireReader } from '../decode/wire-reader.js'
import type { MessageType } from '../schema/message-type.js'

const STRING = SCALARS.string as Scalar

const NOT_SENT = -1

/**
 * The envelope of a frame, `MsgProto`: its timestamp, and the offsets of its other values in the frame.
 * Of a value that comes twice, the last one counts.
 */
export class Envelope {
  subject = NOT_SENT
  data = NOT_SENT
  customer_id = NOT_SENT
  msp_id = NOT_SENT
  /** Nanoseconds since the epoch: the lower 32 bits, signed, and the upper ones. */
  timestampLow = 0
  timestampHigh = 0
  readonly #plan: MessagePlan
  readonly #timestamp: Int64

  constructor(plan: MessagePlan, type: MessageType) {
    this.#plan = plan
    this.#timestamp = INT64[(type.fields.timestamp?.type ?? 'int64') as keyof typeof INT64]
  }

  /** Finds the values of the frame that the reader is at the beginning of. */
  locate(wire: WireReader): void {
    this.subject = this.data = this.customer_id = this.msp_id = NOT_SENT
    this.timestampLow = this.timestampHigh = 0
    const { steps } = this.#plan.compiled
    while (wire.pos < wire.end) {
      const tag = wire.tag()
      const step = steps[tag]
      if (step === undefined) {
        wire.unknown(this.#plan, tag)
        continue
      }
      const at = wire.pos
      if (step.name === 'timestamp') {
        this.timestampLow = this.#timestamp.readLow(wire)
        this.timestampHigh = wire.high
        continue
      }
      wire.skip(tag)
      switch (step.name) {
        case 'subject':
          this.subject = at
          break
        case 'data':
          this.data = at
          break
        case 'customer_id':
          this.customer_id = at
          break
        case 'msp_id':
          this.msp_id = at
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

  /** The timestamp of its halves, in decimal. */
  timestampText(low = this.timestampLow, high = this.timestampHigh): string {
    return int64Text(low, high, this.#timestamp.signed)
  }

  writeTimestamp(out: JsonWriter): void {
    out.int64(this.timestampLow, this.timestampHigh, this.#timestamp.signed)
  }

  /** The timestamp as RFC 3339; null where that cannot show it. */
  timeText(): string | null {
    return nanosTimeText(this.timestampLow, this.timestampHigh, this.#timestamp.signed) ?? null
  }

  writeTime(out: JsonWriter): void {
    const { timestampLow, timestampHigh } = this
    const { signed } = this.#timestamp
    if (!writeNanosTime(out, timestampLow, timestampHigh, signed)) out.ascii('null')
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
    STRING.write(wire, out)
  }

  #goTo(wire: WireReader, at: number): void {
    wire.pos = at
    wire.end = wire.bytes.length
  }
}

/**
 * Tells geofence notices from positions, which both come on `location`. Nothing in the envelope does, but
 * the wire types of fields 1 to 3 differ. A payload without these is a notice where it has fields of a
 * notice alone, and none of a position alone.
 */
export class GeofenceNotices {
  readonly #notice: MessagePlan
  readonly #location: MessagePlan
  /** Tags of fields 1 to 3, and whether a notice has them. */
  readonly #tags: ReadonlyMap<number, boolean>

  constructor(location: MessagePlan, notice: MessagePlan) {
    const tags = new Map<number, boolean>()
    for (let tag = 8; tag < 32; tag++) {
      const inNotice = notice.compiled.steps[tag] !== undefined
      if (inNotice !== (location.compiled.steps[tag] !== undefined)) tags.set(tag, inNotice)
    }
    this.#notice = notice
    this.#location = location
    this.#tags = tags
  }

  /** The plan of a notice if the payload that the reader is at the beginning of is one. */
  planFor(wire: WireReader): MessagePlan | undefined {
    const { pos } = wire
    let isNotice: boolean | undefined
    let hasOfNotice = false
    let hasOfPosition = false
    // The first field decides, as a rule: fields come in the order of their numbers.
    while (wire.pos < wire.end) {
      const tag = wire.tag()
      isNotice = this.#tags.get(tag)
      if (isNotice !== undefined) break
      wire.skip(tag)
      const inNotice = this.#notice.compiled.steps[tag] !== undefined
      const inPosition = this.#location.compiled.steps[tag] !== undefined
      hasOfNotice ||= inNotice && !inPosition
      hasOfPosition ||= inPosition && !inNotice
    }
    wire.pos = pos
    return (isNotice ?? (hasOfNotice && !hasOfPosition)) ? this.#notice : undefined
  }
}
