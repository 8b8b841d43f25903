import type { JsonWriter } from './json-writer.js'
import type { MessagePlan, Step } from './plan.js'
import { WIRE, type WireReader } from './wire-reader.js'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const COMMA = 0x2c

/**
 * Writes a message as JSON text straight from the wire, up to the reader's end: the same text as
 * `JSON.stringify` of the object that `readMessage` returns.
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
  const { steps, streamable } = plan.compiled
  if (!streamable) return false
  const start = out.length
  let last = 0
  let listOpen = false
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
      if (listOpen) out.byte(CLOSE_BRACKET)
      out.packed(step.key)
      listOpen = step.repeated
      if (listOpen) out.byte(OPEN_BRACKET)
      last = step.number
    } else if (step.number === last && listOpen) {
      out.byte(COMMA)
    } else {
      return false
    }
    if (step.form === 'scalar') step.scalar.write(wire, out)
    else if (!writeOther(wire, step, out)) return false
  }
  if (!closed) wire.fail(wire.pos, `no end of group ${group}`)
  if (listOpen) out.byte(CLOSE_BRACKET)
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

function writeOther(wire: WireReader, step: Step, out: JsonWriter): boolean {
  if (step.form === 'message') {
    const outerEnd = wire.limit()
    wire.enter()
    const written = writeMessage(wire, step.message, out, 0)
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
