import type { JsonWriter } from './json-writer.js'
import type { MessagePlan, Step } from './plan.js'
import { MapEntries, writeMessage, writeValue } from './to-json.js'
import { readField } from './to-object.js'
import { writeWellKnown } from './well-known.js'
import { WIRE, type WireReader } from './wire-reader.js'

/** A field that came, and where its value begins. */
type Occurrence = { readonly step: Step; readonly at: number }

/** A message with more fields than this is written by way of its object, which takes less memory then. */
const MAX_FIELDS = 1024 * 1024
/** Each member of a oneof looks for its siblings among all fields before it. */
const MAX_FIELDS_WITH_ONEOFS = 256
/**
 * In larger frames, groups and messages that came in parts are written by way of the object: one in the
 * other, they would be read many times.
 */
const LARGE_FRAME = 128 * 1024

const isLarge = ({ bytes }: WireReader) => bytes.length > LARGE_FRAME

/**
 * Writes a message whose fields come in any order, and singular ones several times: finds all of them
 * first. For frames that `writeMessage` cannot write as they come.
 *
 * Returns false where only the object has the right text. Throws on bytes that are wrong, but perhaps for
 * another reason than `readMessage`, which comes to them in another order.
 *
 * @param group the field's number where the message is a group, else 0
 */
export function writeUnordered(
  wire: WireReader,
  plan: MessagePlan,
  out: JsonWriter,
  group: number,
): boolean {
  const found = findFields(wire, plan, group)
  if (found === undefined) return false
  const { pos, end } = wire
  const start = out.length
  for (let first = 0, next = 0; first < found.length; first = next) {
    const { step } = found[first] as Occurrence
    while (found[next]?.step.number === step.number) next++
    if (!writeField(wire, found, first, next, out)) return false
    wire.end = end
  }
  if (out.length === start) out.byte(0x7b)
  else out.replace(start, 0x7b)
  out.byte(0x7d)
  wire.pos = pos
  return true
}

/** The fields of a message in the order of their numbers; moves the reader behind the message. */
function findFields(wire: WireReader, plan: MessagePlan, group: number): Occurrence[] | undefined {
  const { steps, streamable } = plan.compiled
  if (!streamable) return undefined
  const found: Occurrence[] = []
  let closed = group === 0
  let last = 0
  let ordered = true
  while (wire.pos < wire.end) {
    const tag = wire.tag()
    const step = steps[tag]
    if (step === undefined) {
      if (tag === group * 8 + WIRE.groupEnd) {
        closed = true
        break
      }
      wire.unknown(plan, tag)
      continue
    }
    if (found.length === MAX_FIELDS || (step.form === 'group' && isLarge(wire))) return undefined
    if (step.oneof !== 0) {
      if (found.length > MAX_FIELDS_WITH_ONEOFS) return undefined
      dropSiblings(wire, found, step)
    }
    if (step.number < last) ordered = false
    last = step.number
    found.push({ step, at: wire.pos })
    wire.skip(tag)
  }
  if (!closed) return undefined
  if (!ordered) found.sort((a, b) => a.step.number - b.step.number)
  return found
}

/** A member of a oneof replaces the others. They are read for their faults alone. */
function dropSiblings(wire: WireReader, found: Occurrence[], { oneof, number }: Step): void {
  const { pos } = wire
  for (let index = found.length - 1; index >= 0; index--) {
    const { step, at } = found[index] as Occurrence
    if (step.oneof !== oneof || step.number === number) continue
    wire.pos = at
    readField(wire, step, {})
    found.splice(index, 1)
  }
  wire.pos = pos
}

/** Writes a field from all that came of it. */
function writeField(
  wire: WireReader,
  found: readonly Occurrence[],
  first: number,
  next: number,
  out: JsonWriter,
): boolean {
  const { step, at } = found[next - 1] as Occurrence
  if (step.form === 'map' || step.repeated) return writeList(wire, found, first, next, out)
  if (step.form === 'scalar') {
    for (let index = first; index < next - 1; index++) {
      // Read for its faults, and for enum values without a name.
      wire.pos = (found[index] as Occurrence).at
      if (!step.implicit || !wire.skipZero(step.scalar.wireType, step.scalar.wide)) {
        step.scalar.read(wire)
      }
    }
    wire.pos = at
    if (step.implicit && wire.skipZero(step.scalar.wireType, step.scalar.wide)) return true
    out.packed(step.key)
    step.scalar.write(wire, out)
    return true
  }
  out.packed(step.key)
  wire.pos = at
  if (next - first === 1) return writeValue(wire, step, out)
  return step.form === 'message' && writeMerged(wire, found, first, next, out)
}

/** Writes a list or a map. */
function writeList(
  wire: WireReader,
  found: readonly Occurrence[],
  first: number,
  next: number,
  out: JsonWriter,
): boolean {
  let entries: MapEntries | undefined
  let separator = 0
  for (let index = first; index < next; index++) {
    const { step, at } = found[index] as Occurrence
    wire.pos = at
    // An empty packed list.
    if (step.implicit && wire.skipZero(WIRE.bytes, true)) continue
    if (separator === 0) out.packed(step.key)
    out.byte(separator || (step.form === 'map' ? 0x7b : 0x5b))
    separator = 0x2c
    if (step.form === 'scalar') step.scalar.write(wire, out)
    else if (step.form === 'map') {
      entries ??= new MapEntries()
      if (!entries.write(wire, step.message, out)) return false
    } else if (!writeValue(wire, step, out)) return false
  }
  if (separator !== 0) out.byte(entries === undefined ? 0x5d : 0x7d)
  return true
}

/** Writes a message that came in parts: it is what their bytes are one after the other. */
function writeMerged(
  wire: WireReader,
  found: readonly Occurrence[],
  first: number,
  next: number,
  out: JsonWriter,
): boolean {
  const { bytes } = wire
  const { message } = (found[first] as Occurrence).step
  if (message === undefined || isLarge(wire)) return false
  const parts = found.slice(first, next).map(({ at }) => {
    wire.pos = at
    const outerEnd = wire.limit()
    const { pos, end } = wire
    // Two parts that are cut short could be right together.
    while (wire.pos < end) wire.skip(wire.tag())
    wire.end = outerEnd
    return bytes.subarray(pos, end)
  })
  wire.bytes = Buffer.concat(parts)
  wire.pos = 0
  wire.end = wire.bytes.length
  wire.enter()
  const written =
    message.wellKnown === undefined
      ? writeMessage(wire, message, out, 0)
      : writeWellKnown(wire, message, message.wellKnown, out)
  wire.leave()
  wire.bytes = bytes
  return written
}
