import type { EnumField } from './drift.js'
import { shortestFloat32 } from './float32.js'
import { int64Text } from './int64.js'
import type { JsonWriter } from './json-writer.js'
import { type PackedText, packText } from './packed-text.js'
import { SHORT_LENGTH, shortBase64, shortText } from './short-text.js'
import { WIRE, type WireReader } from './wire-reader.js'

/** How values of one type go from the wire to a record, and from the wire to JSON text. */
export type Scalar = {
  readonly wireType: number
  /** Whether the upper 32 bits of what is read belong to the value. */
  readonly wide: boolean
  /** Reads a value as a record has it. */
  read(wire: WireReader): string | number | boolean
  /** Reads a value and writes it as JSON. */
  write(wire: WireReader, out: JsonWriter): void
  /** What a map has where the value was not sent. */
  readonly zero: string | number | boolean
}

const TRUE = packText('true')
const FALSE = packText('false')

/** The scalar types of protobuf, by their names in `.proto` files. */
export const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: int32(WIRE.varint, (wire) => wire.varint()),
  sint32: int32(WIRE.varint, (wire) => unZigzag(wire.varint())),
  sfixed32: int32(WIRE.fixed32, (wire) => wire.fixed32()),
  uint32: uint32(WIRE.varint, (wire) => wire.varint()),
  fixed32: uint32(WIRE.fixed32, (wire) => wire.fixed32()),
  int64: int64(WIRE.varint, true, (wire) => wire.varint()),
  uint64: int64(WIRE.varint, false, (wire) => wire.varint()),
  sfixed64: int64(WIRE.fixed64, true, (wire) => wire.fixed64()),
  fixed64: int64(WIRE.fixed64, false, (wire) => wire.fixed64()),
  sint64: int64(WIRE.varint, true, (wire) => {
    const low = wire.varint()
    const sign = -(low & 1)
    const high = wire.high
    wire.high = (high >>> 1) ^ sign
    return ((low >>> 1) | (high << 31)) ^ sign
  }),
  float: floating(WIRE.fixed32, (wire) => shortestFloat32(wire.float())),
  double: floating(WIRE.fixed64, (wire) => wire.double()),
  bool: {
    wireType: WIRE.varint,
    wide: true,
    read: readBool,
    write: (wire, out) => out.packed(readBool(wire) ? TRUE : FALSE),
    zero: false,
  },
  string: {
    wireType: WIRE.bytes,
    wide: true,
    read(wire) {
      const start = wire.take()
      const short =
        wire.pos - start <= SHORT_LENGTH ? shortText(wire.bytes, start, wire.pos) : undefined
      return short ?? wire.bytes.toString('utf8', start, wire.pos)
    },
    write(wire, out) {
      const start = wire.take()
      out.string(wire.bytes, start, wire.pos)
    },
    zero: '',
  },
  bytes: {
    wireType: WIRE.bytes,
    wide: true,
    read(wire) {
      const start = wire.take()
      if (wire.pos - start <= SHORT_LENGTH) return shortBase64(wire.bytes, start, wire.pos)
      return wire.bytes.toString('base64', start, wire.pos)
    },
    write(wire, out) {
      const start = wire.take()
      out.base64(wire.bytes, start, wire.pos)
    },
    zero: '',
  },
}

/**
 * An enum: names of its values by their numbers; a number without a name stays one.
 * @param field the field, for reports of such numbers
 */
export function enumScalar(names: ReadonlyMap<number, string>, field: EnumField): Scalar {
  // By number. Lists also where numbers are high or negative: V8 finds these by other means then.
  const texts: string[] = []
  const json: PackedText[] = []
  for (const [number, name] of names) {
    texts[number] = name
    json[number] = packText(`"${name}"`)
  }
  return {
    wireType: WIRE.varint,
    wide: false,
    read(wire) {
      const value = wire.varint()
      const name = texts[value]
      if (name === undefined) wire.drift.enumValue(field, value)
      return name ?? value
    },
    write(wire, out) {
      const value = wire.varint()
      const name = json[value]
      if (name !== undefined) {
        out.packed(name)
        return
      }
      wire.drift.enumValue(field, value)
      out.int32(value)
    },
    zero: names.get(0) ?? 0,
  }
}

type ReadNumber = (wire: WireReader) => number

function int32(wireType: number, read: ReadNumber): Scalar {
  return { wireType, wide: false, read, write: (wire, out) => out.int32(read(wire)), zero: 0 }
}

function uint32(wireType: number, read: ReadNumber): Scalar {
  return {
    wireType,
    wide: false,
    read: (wire) => read(wire) >>> 0,
    write: (wire, out) => out.uint32(read(wire)),
    zero: 0,
  }
}

/** @param readLow leaves the upper half in `wire.high` */
function int64(wireType: number, signed: boolean, readLow: ReadNumber): Scalar {
  return {
    wireType,
    wide: true,
    read: (wire) => int64Text(readLow(wire), wire.high, signed),
    write: (wire, out) => out.int64(readLow(wire), wire.high, signed),
    zero: '0',
  }
}

function floating(wireType: number, read: ReadNumber): Scalar {
  return {
    wireType,
    wide: wireType === WIRE.fixed64,
    read(wire) {
      const value = read(wire)
      return Number.isFinite(value) ? value + 0 : String(value) // + 0 turns -0 into 0
    },
    write: (wire, out) => out.number(read(wire)),
    zero: 0,
  }
}

function readBool(wire: WireReader): boolean {
  return (wire.varint() | wire.high) !== 0
}

function unZigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1)
}
