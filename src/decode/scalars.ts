import { type JsonWriter, type PackedText, packText } from './json-writer.js'
import { int64Text, shortestFloat32 } from './numbers.js'
import { SHORT_LENGTH, shortBase64, shortText } from './short-text.js'
import { TextCache } from './text-cache.js'
import type { EnumField } from './unknown-fields.js'
import { WIRE, type WireReader } from './wire-reader.js'

/** How values of one type are read from the wire, as a record's value and as JSON text. */
export type Scalar = {
  readonly wireType: number
  /** Whether the upper 32 bits of what is read belong to the value. */
  readonly wide: boolean
  /** Reads a value as a record has it. */
  read(wire: WireReader): string | number | boolean | null
  /** Reads a value and writes it as JSON. */
  write(wire: WireReader, out: JsonWriter): void
  /** The value of a map's entry that lacks it. */
  readonly zero: string | number | boolean | null
}

type ReadNumber = (wire: WireReader) => number

/** A 64-bit integer type. */
export type Int64 = {
  readonly wireType: number
  readonly signed: boolean
  /** Reads the lower 32 bits; the upper 32 are in `wire.high`. */
  readonly readLow: ReadNumber
}

/** The 64-bit integer types, by their names in `.proto` files. */
export const INT64 = {
  int64: { wireType: WIRE.varint, signed: true, readLow: (wire) => wire.varint() },
  uint64: { wireType: WIRE.varint, signed: false, readLow: (wire) => wire.varint() },
  sfixed64: { wireType: WIRE.fixed64, signed: true, readLow: (wire) => wire.fixed64() },
  fixed64: { wireType: WIRE.fixed64, signed: false, readLow: (wire) => wire.fixed64() },
  sint64: {
    wireType: WIRE.varint,
    signed: true,
    readLow(wire) {
      const low = wire.varint()
      const sign = -(low & 1)
      const high = wire.high
      wire.high = (high >>> 1) ^ sign
      return ((low >>> 1) | (high << 31)) ^ sign
    },
  },
} as const satisfies Readonly<Record<string, Int64>>

/** Whether a type's name is one of them. */
export function isInt64(type: string): type is keyof typeof INT64 {
  return Object.hasOwn(INT64, type)
}

const TRUE = packText('true')
const FALSE = packText('false')
const NULL = packText('null')

const STRINGS = new TextCache((bytes, start, end) => {
  const short = end - start <= SHORT_LENGTH ? shortText(bytes, start, end) : undefined
  return short ?? bytes.toString('utf8', start, end)
})

const BASE64 = new TextCache((bytes, start, end) =>
  end - start <= SHORT_LENGTH
    ? shortBase64(bytes, start, end)
    : bytes.toString('base64', start, end),
)

/** The scalar types of protobuf, by their names in `.proto` files. */
export const SCALARS: Readonly<Record<string, Scalar>> = {
  int32: int32(WIRE.varint, (wire) => wire.varint()),
  sint32: int32(WIRE.varint, (wire) => unZigzag(wire.varint())),
  sfixed32: int32(WIRE.fixed32, (wire) => wire.fixed32()),
  uint32: uint32(WIRE.varint, (wire) => wire.varint()),
  fixed32: uint32(WIRE.fixed32, (wire) => wire.fixed32()),
  int64: int64(INT64.int64),
  uint64: int64(INT64.uint64),
  sfixed64: int64(INT64.sfixed64),
  fixed64: int64(INT64.fixed64),
  sint64: int64(INT64.sint64),
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
      return STRINGS.get(wire.bytes, start, wire.pos)
    },
    write: writeString,
    zero: '',
  },
  bytes: {
    wireType: WIRE.bytes,
    wide: true,
    read(wire) {
      const start = wire.take()
      return BASE64.get(wire.bytes, start, wire.pos)
    },
    write(wire, out) {
      const start = wire.take()
      out.base64(wire.bytes, start, wire.pos)
    },
    zero: '',
  },
}

/** `google.protobuf.NullValue`, whatever its number is. */
export const NULL_SCALAR: Scalar = {
  wireType: WIRE.varint,
  wide: false,
  read(wire) {
    wire.varint()
    return null
  },
  write(wire, out) {
    wire.varint()
    out.packed(NULL)
  },
  zero: null,
}

/**
 * An enum: names of its values by their numbers; a number without a name stays one.
 * @param field the field, for reports of such numbers
 * @param writeNumber writes a number without a name
 */
export function enumScalar(
  names: ReadonlyMap<number, string>,
  field: EnumField,
  writeNumber = (out: JsonWriter, value: number) => out.int32(value),
): Scalar {
  // By number. Arrays even for high or negative numbers: V8 keeps those in a hash table.
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
      if (name === undefined) wire.unknownFields.enumValue(field, value)
      return name ?? value
    },
    write(wire, out) {
      const value = wire.varint()
      const name = json[value]
      if (name !== undefined) {
        out.packed(name)
        return
      }
      wire.unknownFields.enumValue(field, value)
      writeNumber(out, value)
    },
    zero: names.get(0) ?? 0,
  }
}

/** Writes a string. */
export function writeString(wire: WireReader, out: JsonWriter): void {
  const start = wire.take()
  out.string(wire.bytes, start, wire.pos)
}

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

function int64({ wireType, signed, readLow }: Int64): Scalar {
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
