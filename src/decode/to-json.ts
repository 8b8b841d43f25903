import { isUtf8 } from 'node:buffer'
import { StreamError } from '../errors.js'
import { JsonWriter } from './json-writer.js'
import type { MessagePlan, Step } from './plan.js'
import { SCALARS, type Scalar, writeString } from './scalars.js'
import { writeWellKnown } from './well-known.js'
import { WIRE, type WireReader } from './wire-reader.js'
import { writeUnordered } from './write-unordered.js'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

/** A map with more entries is written by way of the object: each key is compared with those before it. */
const MAX_ENTRIES = 32

const STRING = SCALARS.string as Scalar

/** Room for the text of one record after the other. */
export const WRITER = new JsonWriter()

/**
 * Writes a text that could not be written as it comes, with the fields of each message put in order.
 * @param write writes it, from the beginning of the frame
 * @returns undefined where only the object has the right text, or a fault the right words
 */
export function writeInOrder(wire: WireReader, write: () => boolean): Uint8Array | undefined {
  wire.unknownFields.discard()
  wire.anyOrder = true
  try {
    if (write()) return WRITER.take()
  } catch (error) {
    // The object's way comes to faults in the order of the bytes.
    if (!(error instanceof StreamError)) throw error
  } finally {
    wire.anyOrder = false
  }
  wire.unknownFields.discard()
  return undefined
}

/**
 * Writes a message as JSON text straight from the wire, up to the reader's end: the same text as
 * `JSON.stringify` of the object that `readJson` returns.
 *
 * This needs fields in the order of their numbers, and singular ones once, as every protobuf library
 * writes them. Returns false for any other message, and the caller makes the text of the object.
 *
 * @param group the field's number where the message is a group, else 0
 */
export function writeMessage(
  wire: WireReader,
  plan: MessagePlan,
  out: JsonWriter,
  group: number,
): boolean {
  if (wire.anyOrder) return writeUnordered(wire, plan, out, group)
  const { steps, streamable } = plan.compiled
  if (!streamable) return false
  const start = out.length
  let last = 0
  /** What closes the list or map that is being written; 0 outside of one. */
  let closing = 0
  /** A bit for each oneof that has come. */
  let oneofs = 0
  let entries: MapEntries | undefined
  let closed = group === 0
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
    if (step.implicit && skipNothing(wire, step)) {
      // A zero may remove an earlier value.
      if (step.number <= last && !step.repeated) return false
      continue
    }
    if (step.number > last) {
      // Of two members of a oneof the last one counts.
      if ((step.oneof & oneofs) !== 0) return false
      oneofs |= step.oneof
      if (closing !== 0) out.byte(closing)
      out.packed(step.key)
      closing = 0
      if (step.repeated) {
        closing = CLOSE_BRACKET
        out.byte(OPEN_BRACKET)
      } else if (step.form === 'map') {
        closing = CLOSE_BRACE
        out.byte(OPEN_BRACE)
        entries = new MapEntries()
      }
      last = step.number
    } else if (step.number === last && closing !== 0) {
      out.byte(COMMA)
    } else {
      return false
    }
    if (step.form === 'scalar') {
      // Most values are strings: a call with one target can be inlined.
      if (step.scalar === STRING) writeString(wire, out)
      else step.scalar.write(wire, out)
    } else if (step.form === 'map') {
      if (entries?.write(wire, step.message, out) !== true) return false
    } else if (!writeValue(wire, step, out)) return false
  }
  if (!closed) wire.fail(wire.pos, `no end of group ${group}`)
  if (closing !== 0) out.byte(closing)
  // Every key begins with a comma; the brace replaces that of the first.
  if (out.length === start) out.byte(OPEN_BRACE)
  else out.replace(start, OPEN_BRACE)
  out.byte(CLOSE_BRACE)
  return true
}

/** Skips a zero of a field with implicit presence, or an empty packed list. */
function skipNothing(wire: WireReader, { form, scalar }: Step): boolean {
  return wire.skipZero(form === 'scalar' ? scalar.wireType : WIRE.bytes, scalar?.wide ?? true)
}

/** Writes a value that is no scalar, nor of a map. */
export function writeValue(wire: WireReader, step: Step, out: JsonWriter): boolean {
  if (step.form === 'message') {
    const { message } = step
    const outerEnd = wire.limit()
    wire.enter()
    const written =
      message.wellKnown === undefined
        ? writeMessage(wire, message, out, 0)
        : writeWellKnown(wire, message, message.wellKnown, out)
    wire.leave()
    wire.end = outerEnd
    return written
  }
  if (step.form === 'group') {
    wire.enter()
    const written = writeMessage(wire, step.message, out, step.number)
    wire.leave()
    return written
  }
  if (step.form === 'packed') {
    const outerEnd = wire.limit()
    step.scalar.write(wire, out)
    while (wire.pos < wire.end) {
      out.byte(COMMA)
      step.scalar.write(wire, out)
    }
    wire.end = outerEnd
    return true
  }
  return false
}

/** Writes the entries of one map. */
export class MapEntries {
  /** Where the keys so far begin and end. */
  readonly #keys: number[] = []

  /**
   * Writes an entry, without the comma before it: a key of text that came for the first time, and a value.
   * Returns false for any other: of two equal keys the last one counts, objects have keys of digits first,
   * and what is missing is zero.
   */
  write(wire: WireReader, entry: MessagePlan, out: JsonWriter): boolean {
    const { steps } = entry.compiled
    const outerEnd = wire.limit()
    wire.enter()
    if (wire.pos === wire.end || wire.tag() !== 8 + WIRE.bytes) return false
    if (steps[8 + WIRE.bytes]?.scalar === undefined) return false
    const start = wire.take()
    const { pos: end } = wire
    if (!this.#isNew(wire.bytes, start, end)) return false
    out.string(wire.bytes, start, end)
    out.byte(COLON)
    if (wire.pos === wire.end) return false
    const step = steps[wire.tag()]
    if (step?.number !== 2) return false
    if (step.form === 'scalar') step.scalar.write(wire, out)
    else if (!writeValue(wire, step, out)) return false
    if (wire.pos !== wire.end) return false
    wire.leave()
    wire.end = outerEnd
    return true
  }

  #isNew(bytes: Buffer, start: number, end: number): boolean {
    const keys = this.#keys
    if (keys.length >= MAX_ENTRIES * 2) return false
    let digits = start < end
    let ascii = true
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number
      if (byte >= 0x80) ascii = false
      if (byte < 0x30 || byte > 0x39) digits = false
    }
    // Different bytes that are not UTF-8 can be the same text.
    if (digits || !(ascii || isUtf8(bytes.subarray(start, end)))) return false
    for (let at = 0; at < keys.length; at += 2) {
      const offset = (keys[at] as number) - start
      if ((keys[at + 1] as number) - end !== offset) continue
      let same = start
      while (same < end && bytes[same] === bytes[same + offset]) same++
      if (same === end) return false
    }
    keys.push(start, end)
    return true
  }
}
