import type { MessagePlan, Step } from './plan.js'
import { objectFor } from './roomy-object.js'
import { show } from './well-known.js'
import { WIRE, type WireReader } from './wire-reader.js'

/** The tag of a value, where it is a message, in the entry of a map. */
const VALUE = 2 * 8 + WIRE.bytes

/** A value of a record: JSON values only, as the protobuf JSON mapping has them. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

export type JsonObject = { [name: string]: JsonValue }

/**
 * Reads a message up to the reader's end, as a plain object: only fields that were sent, in the order
 * of their numbers. Well-known types in singular fields are plain messages yet: only the whole of a message,
 * all its parts merged, has the form that `show` gives it.
 *
 * @param into the object to merge into, if the same field came before
 * @param group the field's number where the message is a group, else 0
 */
export function readMessage(
  wire: WireReader,
  plan: MessagePlan,
  into: JsonObject | undefined,
  group: number,
): JsonObject {
  const { steps, names } = plan.compiled
  const target = into ?? objectFor(names.length, group === 0 ? wire.end - wire.pos : 0)
  let ordered = into === undefined
  let last = 0
  /** A bit for each oneof that has come. */
  let oneofs = 0
  while (wire.pos < wire.end) {
    const tag = wire.tag()
    const step = steps[tag]
    if (step === undefined) {
      if (tag === group * 8 + WIRE.groupEnd) return finish(target, ordered, names)
      wire.unknown(plan, tag)
      continue
    }
    const { number, plain } = step
    if (plain !== undefined) target[step.name] = plain.read(wire)
    else {
      readField(wire, step, target, ordered && number > last && (step.oneof & oneofs) === 0)
      oneofs |= step.oneof
      if (step.form === 'setItem') ordered = false
    }
    if (number < last) ordered = false
    last = number
  }
  if (group !== 0) wire.fail(wire.pos, `no end of group ${group}`)
  return finish(target, ordered, names)
}

/**
 * Reads the value that follows a tag into the object of its message.
 * @param isFirst whether neither it nor another member of its oneof has come before; false if unknown
 */
export function readField(wire: WireReader, step: Step, target: JsonObject, isFirst = false): void {
  if (step.siblings !== undefined && !isFirst) {
    for (const name of step.siblings) delete target[name]
  }
  if (step.repeated) {
    readElements(wire, step, target, isFirst)
    return
  }
  switch (step.form) {
    case 'scalar':
      if (!(step.implicit && wire.skipZero(step.scalar.wireType, step.scalar.wide))) {
        setValue(target, step, step.scalar.read(wire))
      } else if (!isFirst) delete target[step.name]
      return
    case 'message':
      setValue(target, step, readNested(wire, step.message, objectOf(target, step, isFirst)))
      return
    case 'group': {
      wire.enter()
      const into = objectOf(target, step, isFirst)
      const value = readMessage(wire, step.message, into, step.number)
      wire.leave()
      setValue(target, step, value)
      return
    }
    case 'map': {
      const entry = step.message
      const { key = zeroOf(entry, 1), value = zeroOf(entry, 2) } = readNested(
        wire,
        entry,
        undefined,
      )
      let map = objectOf(target, step, isFirst)
      if (map === undefined) {
        map = {}
        setValue(target, step, map)
      }
      define(map, String(key), whole(wire, step, entry.compiled.steps[VALUE]?.message, value))
    }
  }
}

/** Reads an element of a list, and those that follow at once. */
function readElements(wire: WireReader, step: Step, target: JsonObject, isFirst: boolean): void {
  switch (step.form) {
    case 'scalar': {
      const list = listOf(target, step, isFirst)
      do list.push(step.scalar.read(wire))
      while (wire.skipTag(step.tag))
      return
    }
    case 'message': {
      const list = listOf(target, step, isFirst)
      do list.push(whole(wire, step, step.message, readNested(wire, step.message, undefined)))
      while (wire.skipTag(step.tag))
      return
    }
    case 'group': {
      wire.enter()
      const value = readMessage(wire, step.message, undefined, step.number)
      wire.leave()
      listOf(target, step, isFirst).push(whole(wire, step, step.message, value))
      return
    }
    case 'packed': {
      const outerEnd = wire.limit()
      if (wire.pos < wire.end) {
        const list = listOf(target, step, isFirst)
        while (wire.pos < wire.end) list.push(step.scalar.read(wire))
      }
      wire.end = outerEnd
      return
    }
    case 'setItem':
      readSetItem(wire, step.message, target)
  }
}

/** An element of a list or a value of a map, which no other part can follow, as JSON has it. */
function whole(
  wire: WireReader,
  { holdsWellKnown }: Step,
  plan: MessagePlan | undefined,
  value: JsonValue,
): JsonValue {
  return holdsWellKnown && plan !== undefined ? show(wire, value, plan) : value
}

/** An element of a MessageSet: a group of a field's number (2) and its message (3), in any order. */
function readSetItem(wire: WireReader, set: MessagePlan, target: JsonObject): void {
  wire.enter()
  let field = 0
  let start = wire.pos
  let end = wire.pos
  for (let tag = wire.tag(); tag !== 8 + WIRE.groupEnd; tag = wire.tag()) {
    if (tag === 2 * 8 + WIRE.varint) {
      field = wire.varint() >>> 0
    } else if (tag === 3 * 8 + WIRE.bytes) {
      start = wire.take()
      end = wire.pos
    } else {
      wire.skip(tag)
    }
  }
  const tag = field * 8 + WIRE.bytes
  const step = set.compiled.steps[tag]
  if (step?.form === 'message') {
    const { pos, end: outerEnd } = wire
    wire.pos = start
    wire.end = end
    setValue(target, step, readMessage(wire, step.message, objectOf(target, step, false), 0))
    wire.pos = pos
    wire.end = outerEnd
  } else {
    wire.unknownFields.field(set, tag)
  }
  wire.leave()
}

function readNested(wire: WireReader, plan: MessagePlan, into: JsonObject | undefined): JsonObject {
  const outerEnd = wire.limit()
  wire.enter()
  const value = readMessage(wire, plan, into, 0)
  wire.leave()
  wire.end = outerEnd
  return value
}

/** The key (1) or value (2) of a map's entry that lacks it. */
function zeroOf(entry: MessagePlan, number: number): JsonValue {
  const step = entry.compiled.steps.find((each) => each?.number === number)
  return step?.form === 'scalar' ? step.scalar.zero : {}
}

/** Sets the field of a step. */
export function setValue(target: JsonObject, step: Step, value: JsonValue): void {
  if (step.inherited) define(target, step.name, value)
  else target[step.name] = value
}

/** Sets a property of any name, `__proto__` too. */
export function define(target: JsonObject, name: string, value: JsonValue): void {
  if (name in Object.prototype) {
    const descriptor = { value, writable: true, enumerable: true, configurable: true }
    Object.defineProperty(target, name, descriptor)
  } else target[name] = value
}

/** The list of a repeated field, made for its first value. */
function listOf(target: JsonObject, step: Step, isFirst: boolean): JsonValue[] {
  const list = isFirst ? undefined : get(target, step)
  if (list !== undefined) return list as JsonValue[]
  const fresh: JsonValue[] = []
  setValue(target, step, fresh)
  return fresh
}

function objectOf(target: JsonObject, step: Step, isFirst: boolean): JsonObject | undefined {
  return isFirst ? undefined : (get(target, step) as JsonObject | undefined)
}

/** The field of a step, if the object has it. */
export function get(target: JsonObject, { name, inherited }: Step): JsonValue | undefined {
  if (inherited && !Object.hasOwn(target, name)) return undefined
  return target[name]
}

function finish(target: JsonObject, ordered: boolean, names: readonly string[]): JsonObject {
  if (ordered) return target
  const result: JsonObject = {}
  for (const name of names) {
    if (!Object.hasOwn(target, name)) continue
    if (name in result) define(result, name, target[name] as JsonValue)
    else result[name] = target[name] as JsonValue
  }
  return result
}
