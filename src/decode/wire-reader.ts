import { StreamError, type StreamErrorOptions } from '../errors.js'
import type { MessagePlan } from './plan.js'
import { UnknownFields } from './unknown-fields.js'

/** Wire types of protobuf: how long a value is, whatever its field means. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, group: 3, groupEnd: 4, fixed32: 5 } as const

/** How deep messages and groups may nest; the limit of the other protobuf decoders. */
const MAX_DEPTH = 100

const EMPTY = Buffer.alloc(0)
const NO_UNKNOWN_FIELDS = new UnknownFields(() => undefined)

/**
 * A cursor over the bytes of one frame. `end` is the end of the message being read. Nothing is read past
 * it, and a wrong length is found before it is used.
 *
 * Every fault is a StreamError `frame-undecodable` with the offset in the frame.
 */
export class WireReader {
  bytes: Buffer = EMPTY
  pos = 0
  end = 0
  /** Upper half of the 64-bit value read last; its lower half is what the reader returned. */
  high = 0
  /** Whether messages are written with their fields put in order, not as they come. */
  anyOrder = false
  /** How many messages of type Any these bytes lie in. */
  anys = 0
  #depth = 0
  unknownFields = NO_UNKNOWN_FIELDS
  #owner = ''

  /**
   * Starts at the beginning of a frame.
   * @param owner name of the entry, for the text of a fault
   */
  open(bytes: Uint8Array, owner: string, unknownFields: UnknownFields): void {
    this.#owner = owner
    this.unknownFields = unknownFields
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.pos = 0
    this.end = bytes.length
    this.#depth = 0
  }

  fail(offset: number, reason: string): never {
    return this.reject(`${reason} at byte ${offset} of ${this.bytes.length}`)
  }

  reject(reason: string, options?: StreamErrorOptions): never {
    throw new StreamError(
      'frame-undecodable',
      `${this.#owner}: the frame cannot be decoded: ${reason}`,
      options,
    )
  }

  /** A field's number and wire type, as an unsigned 32-bit integer. */
  tag(): number {
    const start = this.pos
    const first = start < this.end ? (this.bytes[start] as number) : 0
    if (first >= 8 && first < 0x80) {
      this.pos++
      return first
    }
    const tag = this.varint() >>> 0
    // Number 0 is kept for "no field"; a tag has 32 bits, and 5 bytes hold them.
    if (tag < 8 || this.pos - start > 5 || this.high !== 0) {
      this.fail(start, tag < 8 ? 'field number 0' : 'a field tag longer than 32 bits')
    }
    return tag
  }

  /** Moves past a tag if it comes next. */
  skipTag(tag: number): boolean {
    const start = this.pos
    if (start < this.end && this.tag() === tag) return true
    this.pos = start
    return false
  }

  /** A varint's lower 32 bits, signed; the upper 32 are in `high`. */
  varint(): number {
    if (this.pos < this.end) {
      const byte = this.bytes[this.pos] as number
      if (byte < 0x80) {
        this.pos++
        this.high = 0
        return byte
      }
    }
    return this.#longVarint()
  }

  #longVarint(): number {
    const { bytes, end, pos: start } = this
    let pos = start
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= end) this.fail(start, 'a varint cut short')
      const byte = bytes[pos++] as number
      if (shift < 28) low |= (byte & 0x7f) << shift
      else if (shift === 28) {
        low |= byte << 28
        high = (byte & 0x7f) >>> 4
      } else high |= (byte & 0x7f) << (shift - 32)
      if (byte < 0x80) {
        this.pos = pos
        this.high = high
        return low
      }
    }
    return this.fail(start, 'a varint longer than 10 bytes')
  }

  /** Lower 32 bits of a little-endian 64-bit value, signed; the upper 32 are in `high`. */
  fixed64(): number {
    const pos = this.#takeFixed(8)
    this.high = this.bytes.readInt32LE(pos + 4)
    return this.bytes.readInt32LE(pos)
  }

  /** A little-endian 32-bit value, signed. */
  fixed32(): number {
    return this.bytes.readInt32LE(this.#takeFixed(4))
  }

  float(): number {
    return this.bytes.readFloatLE(this.#takeFixed(4))
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#takeFixed(8))
  }

  /** The length of what follows, which lies within the message. */
  length(): number {
    const start = this.pos
    const length = this.varint() >>> 0
    if (this.high !== 0 || this.pos - start > 5 || length > this.end - this.pos) {
      this.fail(
        start,
        `a length of ${this.high === 0 ? length : 'over 4 GiB'} where ${this.end - this.pos} bytes are left`,
      )
    }
    return length
  }

  /** Moves past a length and its content; returns where the content starts. It ends at the cursor. */
  take(): number {
    const length = this.length()
    const start = this.pos
    this.pos = start + length
    return start
  }

  /** Goes one message or group deeper. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) this.fail(this.pos, `more than ${MAX_DEPTH} nested messages`)
  }

  leave(): void {
    this.#depth--
  }

  /** Reads a length and sets `end` accordingly; returns the previous `end`, to be restored. */
  limit(): number {
    const outerEnd = this.end
    const length = this.length()
    this.end = this.pos + length
    return outerEnd
  }

  /** Skips a value that the schema does not know, and counts it. */
  unknown(plan: MessagePlan, tag: number): void {
    this.skip(tag)
    this.unknownFields.field(plan, tag)
  }

  /** Skips the value of a tag, of any wire type; a group with all its content. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE.varint:
        this.varint()
        return
      case WIRE.fixed64:
        this.#takeFixed(8)
        return
      case WIRE.bytes:
        this.take()
        return
      case WIRE.group:
        this.#skipGroup(tag >>> 3)
        return
      case WIRE.groupEnd:
        this.fail(this.pos, `end of group ${tag >>> 3}, which was not open,`)
        break
      case WIRE.fixed32:
        this.#takeFixed(4)
        return
      default:
        this.fail(this.pos, `wire type ${tag & 7}, which does not exist,`)
    }
  }

  /**
   * Skips a value that is zero or empty; leaves the cursor where it was otherwise.
   * @param wide whether all 64 bits count, or the lower 32 alone
   */
  skipZero(wireType: number, wide: boolean): boolean {
    const start = this.pos
    let low: number
    if (wireType === WIRE.bytes) low = this.length()
    else if (wireType === WIRE.varint) low = this.varint()
    else low = wireType === WIRE.fixed64 ? this.fixed64() : this.fixed32()
    const zero = low === 0 && (!wide || this.high === 0)
    if (!zero) this.pos = start
    return zero
  }

  #skipGroup(number: number): void {
    const start = this.pos
    this.enter()
    while (this.pos < this.end) {
      const tag = this.tag()
      if ((tag & 7) === WIRE.groupEnd && tag >>> 3 === number) {
        this.leave()
        return
      }
      this.skip(tag)
    }
    this.fail(start, `group ${number} without an end`)
  }

  /** Moves past a value of a fixed size and returns where it starts. */
  #takeFixed(size: number): number {
    const start = this.pos
    if (this.end - start < size) this.fail(start, `a ${size * 8}-bit value cut short`)
    this.pos = start + size
    return start
  }
}
