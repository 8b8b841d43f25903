import type { JsonWriter } from './json-writer.js'
import type { MessagePlan } from './plan.js'

import { writeTime } from './time-text.js'
import { MapEntries, writeValue } from './to-json.js'
import type { WellKnown } from './well-known-types.js'
import { WIRE, type WireReader } from './wire-reader.js'

const COMMA = 0x2c

const VARINT_1 = 8 + WIRE.varint
const VARINT_2 = 2 * 8 + WIRE.varint
const BYTES_1 = 8 + WIRE.bytes
const DOUBLE_2 = 2 * 8 + WIRE.fixed64

/**
 * Writes a well-known type, up to the reader's end, as JSON has it. Returns false where that takes more
 * than going through its bytes once: for fields out of order, and for rare types.
 */
export function writeWellKnown(
  wire: WireReader,
  plan: MessagePlan,
  wellKnown: WellKnown,
  out: JsonWriter,
): boolean {
  switch (wellKnown) {
    case 'Timestamp':
      return writeTimestamp(wire, out)
    case 'Struct':
      return writeStruct(wire, plan, out)
    case 'ListValue':
      return writeList(wire, plan, out)
    case 'Value':
      return writeOneValue(wire, plan, out)
    case 'Wrapper':
      return writeWrapper(wire, plan, out)
    default:
      return false
  }
}

function writeTimestamp(wire: WireReader, out: JsonWriter): boolean {
  let seconds = 0
  let nanos = 0
  while (wire.pos < wire.end) {
    const tag = wire.tag()
    if (tag === VARINT_1) {
      const low = wire.varint() >>> 0
      seconds = wire.high * 2 ** 32 + low
    } else if (tag === VARINT_2) nanos = wire.varint()
    else return false
  }
  return writeTime(out, seconds, nanos)
}

function writeStruct(wire: WireReader, plan: MessagePlan, out: JsonWriter): boolean {
  const entry = plan.compiled.steps[BYTES_1]?.message
  if (entry === undefined) return false
  const entries = new MapEntries()
  let separator = 0x7b
  while (wire.pos < wire.end) {
    if (wire.tag() !== BYTES_1) return false
    out.byte(separator)
    separator = COMMA
    if (!entries.write(wire, entry, out)) return false
  }
  if (separator !== COMMA) out.byte(separator)
  out.byte(0x7d)
  return true
}

function writeList(wire: WireReader, plan: MessagePlan, out: JsonWriter): boolean {
  const step = plan.compiled.steps[BYTES_1]
  if (step === undefined) return false
  let separator = 0x5b
  while (wire.pos < wire.end) {
    if (wire.tag() !== BYTES_1) return false
    out.byte(separator)
    separator = COMMA
    if (!writeValue(wire, step, out)) return false
  }
  if (separator !== COMMA) out.byte(separator)
  out.byte(0x5d)
  return true
}

function writeOneValue(wire: WireReader, plan: MessagePlan, out: JsonWriter): boolean {
  if (wire.pos === wire.end) return false
  const tag = wire.tag()
  const step = plan.compiled.steps[tag]
  if (step === undefined) return false
  if (tag === DOUBLE_2) {
    const value = wire.double()
    if (!Number.isFinite(value)) return false
    out.number(value)
  } else if (step.form === 'scalar') step.scalar.write(wire, out)
  else if (!writeValue(wire, step, out)) return false
  return wire.pos === wire.end
}

function writeWrapper(wire: WireReader, { compiled }: MessagePlan, out: JsonWriter): boolean {
  if (wire.pos === wire.end) return false
  const { scalar } = compiled.steps[wire.tag()] ?? {}
  if (scalar === undefined) return false
  scalar.write(wire, out)
  return wire.pos === wire.end
}
