import type { JsonWriter } from './json-writer.js'
import type { MessagePlan } from './plan.js'
import { durationText, timeText, writeTime } from './time-text.js'
import { MapEntries, writeValue } from './to-json.js'
import { define, get, type JsonObject, type JsonValue, readMessage, setValue } from './to-object.js'
import type { WellKnown } from './well-known-types.js'
import { WIRE, WireReader } from './wire-reader.js'

/** How deep messages of type Any may nest. */
const MAX_NESTED_ANYS = 20

/**
 * Reads a message up to the reader's end as the protobuf JSON mapping has it: well-known types in a form
 * of their own. A value that the mapping cannot show stays a plain message.
 */
export function readJson(wire: WireReader, plan: MessagePlan): JsonObject {
  const message = readMessage(wire, plan, undefined, 0)
  showFields(wire, message, plan)
  return message
}

/** Gives the well-known types in a message the form that JSON has for them. */
function showFields(wire: WireReader, message: JsonObject, plan: MessagePlan): void {
  for (const step of plan.compiled.wellKnown) {
    const value = get(message, step)
    if (value === undefined || step.message === undefined) continue
    setValue(message, step, show(wire, value, step.message))
  }
}

/** A message, all of whose parts have been read, as JSON has it. */
export function show(wire: WireReader, value: JsonValue, plan: MessagePlan): JsonValue {
  const message = value as JsonObject
  // What they hold is shown first; a Timestamp or an Any holds nothing.
  showFields(wire, message, plan)
  switch (plan.wellKnown) {
    case undefined:
      return message
    case 'Timestamp':
      return timeText(Number(message.seconds ?? 0), Number(message.nanos ?? 0)) ?? message
    case 'Duration':
      return durationText(Number(message.seconds ?? 0), Number(message.nanos ?? 0)) ?? message
    case 'FieldMask':
      return maskText((message.paths ?? []) as string[]) ?? message
    case 'Struct':
      return message.fields ?? {}
    case 'ListValue':
      return message.values ?? []
    case 'Value':
      return memberOf(message)
    case 'Wrapper':
      return message.value ?? plan.compiled.steps.find((step) => step)?.scalar?.zero ?? message
    case 'Any':
      return anyOf(wire, message, plan) ?? message
  }
}

/** A Value is its one member. JSON has no NaN and no infinities, and text would be taken for text. */
function memberOf(message: JsonObject): JsonValue {
  for (const name in message) {
    const value = message[name] as JsonValue
    return name === 'number_value' && typeof value === 'string' ? message : value
  }
  return null
}

/** Paths with commas between them, in camel case; undefined where that cannot be turned back. */
function maskText(paths: readonly string[]): string | undefined {
  if (paths.some((path) => /[A-Z,]|_(?![a-z])/.test(path))) return undefined
  return paths
    .map((path) => path.replace(/_(.)/g, (_, after: string) => after.toUpperCase()))
    .join()
}

/** The message that an Any holds, with its type; undefined where the schema does not know the type. */
function anyOf(
  outer: WireReader,
  { type_url, value = '' }: JsonObject,
  { find }: MessagePlan,
): JsonObject | undefined {
  if (typeof type_url !== 'string' || outer.anys >= MAX_NESTED_ANYS) return undefined
  const plan = find(type_url.slice(type_url.lastIndexOf('/') + 1))
  if (plan === undefined) return undefined
  const wire = new WireReader()
  wire.open(Buffer.from(String(value), 'base64'), '', outer.unknownFields)
  wire.anys = outer.anys + 1
  let held: JsonValue
  try {
    held = show(wire, readMessage(wire, plan, undefined, 0), plan)
  } catch {
    return undefined
  }
  const shown: JsonObject = { '@type': type_url }
  if (plan.wellKnown !== undefined || typeof held !== 'object') shown.value = held
  else for (const [name, each] of Object.entries(held ?? {})) define(shown, name, each)
  return shown
}

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
