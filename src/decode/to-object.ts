import type { JsonValue } from './message.js'
import type { FieldPlan, MessagePlan, Step } from './plan.js'
import { WIRE, type WireReader } from './wire-reader.js'

type JsonObject = { [name: string]: JsonValue }

/**
 * Reads a message up to the reader's end, as a plain object: only fields that were sent, in the order
 * of their numbers.
 *
 * @param into the object to merge into, where the same field came before
 * @param group number of the field whose end is awaited, where the message is a group; else 0
 */
export function readMessage(
  wire: WireReader,
  plan: MessagePlan,
  into: JsonObject | undefined,
  group: number,
): JsonObject {
  const { steps, names } = plan.compiled
  const target = into ?? {}
  let ordered = into === undefined
  let last = 0
  while (true) {
    if (wire.pos >= wire.end) {
      if (group !== 0) wire.fail(wire.pos, `no end of group ${group}`)
      break
    }
    const tag = wire.tag()
    const step = steps[tag]
    if (step === undefined) {
      if (tag === group * 8 + WIRE.groupEnd) break
      wire.unknown(plan, tag)
      continue
    }
    const { field } = step
    if (field.number < last) ordered = false
    last = field.number
    for (const rival of field.rivals) delete target[rival]
    readField(wire, step, target)
  }
  return ordered ? target : inOrder(target, names)
}

function readField(wire: WireReader, step: Step, target: JsonObject): void {
  const { field } = step
  switch (step.form) {
    case 'scalar':
      if (field.repeated) listOf(target, field).push(step.scalar.read(wire))
      else if (field.implicit && wire.skipZero(step.scalar.wireType, step.scalar.wide))
        delete target[field.name]
      else set(target, field, step.scalar.read(wire))
      return
    case 'message':
      if (field.repeated) listOf(target, field).push(readNested(wire, step.message, undefined))
      else set(target, field, readNested(wire, step.message, objectOf(target, field)))
      return
    case 'group': {
      wire.enter()
      const into = field.repeated ? undefined : objectOf(target, field)
      const value = readMessage(wire, step.message, into, field.number)
      wire.leave()
      if (field.repeated) listOf(target, field).push(value)
      else set(target, field, value)
      return
    }
    case 'packed': {
      const outerEnd = wire.limit()
      if (wire.pos < wire.end) {
        const list = listOf(target, field)
        while (wire.pos < wire.end) list.push(step.scalar.read(wire))
      }
      wire.end = outerEnd
      return
    }
    case 'map': {
      const { key, value } = readNested(wire, step.entry, undefined)
      const map = objectOf(target, field) ?? {}
      define(map, String(key ?? step.zeros.key), value ?? step.zeros.value ?? {})
      set(target, field, map)
    }
  }
}

function readNested(wire: WireReader, plan: MessagePlan, into: JsonObject | undefined): JsonObject {
  const outerEnd = wire.limit()
  wire.enter()
  const value = readMessage(wire, plan, into, 0)
  wire.leave()
  wire.end = outerEnd
  return value
}

function get(target: JsonObject, field: FieldPlan): JsonValue | undefined {
  if (field.inherited && !Object.hasOwn(target, field.name)) return undefined
  return target[field.name]
}

function set(target: JsonObject, field: FieldPlan, value: JsonValue): void {
  if (field.inherited) define(target, field.name, value)
  else target[field.name] = value
}

/** Sets a property of any name, `__proto__` too. */
function define(target: JsonObject, name: string, value: JsonValue): void {
  Object.defineProperty(target, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

/** The list of a repeated field, which is there from its first value on. */
function listOf(target: JsonObject, field: FieldPlan): JsonValue[] {
  const list = get(target, field)
  if (Array.isArray(list)) return list
  const fresh: JsonValue[] = []
  set(target, field, fresh)
  return fresh
}

function objectOf(target: JsonObject, field: FieldPlan): JsonObject | undefined {
  return get(target, field) as JsonObject | undefined
}

function inOrder(target: JsonObject, names: readonly string[]): JsonObject {
  const ordered: JsonObject = {}
  for (const name of names) {
    if (Object.hasOwn(target, name)) define(ordered, name, target[name] as JsonValue)
  }
  return ordered
}
