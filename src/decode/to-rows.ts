import { type JsonWriter, type PackedText, packText } from './json-writer.js'
import type { MessagePlan, ScalarChoice, Step } from './plan.js'
import { enumScalar, INT64, isInt64, SCALARS, type Scalar } from './scalars.js'
import { WRITER, writeValue } from './to-json.js'
import { WIRE, type WireReader } from './wire-reader.js'

/** Longer rows are made from the record, some at a time: one frame may have millions of them. */
const MAX_BYTES = 512 * 1024

const START = packText('{"table":')
const END = packText('}\n')
const COMMA = 0x2c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** Scalars as rows have them: 64-bit integers without quotes, the others as `choose` says. */
export function rowScalar(choose: ScalarChoice): ScalarChoice {
  return (message, field, type) => choose(message, field, type) ?? integer(type)
}

function integer(type: string): Scalar | undefined {
  if (!isInt64(type)) return undefined
  const { readLow, signed } = INT64[type]
  return {
    ...(SCALARS[type] as Scalar),
    write: (wire, out) => out.integer64(readLow(wire), wire.high, signed),
  }
}

/** An enum, whose values without a name are text like the others. */
export const rowEnum: typeof enumScalar = (names, field) =>
  enumScalar(names, field, (out, value) => out.text(String(value)))

/** What to do with the value that follows a tag, where it goes into a row. */
type RowStep = {
  readonly step: Step
  /** `,"path":` */
  readonly key: PackedText
  /** Of a message whose values are columns, or of the elements of a list with rows of their own. */
  readonly plan: RowPlan | undefined
  /** Of such a list: the name of its table, as JSON. */
  readonly table: PackedText | undefined
}

/** A message type, ready to be written as rows. */
export class RowPlan {
  readonly table: PackedText
  readonly #message: MessagePlan
  readonly #path: string
  readonly #name: string
  readonly #within: readonly MessagePlan[]
  readonly #isElement: boolean
  #steps: (RowStep | undefined)[] | undefined

  /**
   * @param name the table
   * @param within the messages that it is in, itself among them
   */
  constructor(
    message: MessagePlan,
    name: string,
    path = 'data',
    within: readonly MessagePlan[] = [message],
    isElement = false,
  ) {
    this.table = packText(JSON.stringify(name))
    this.#message = message
    this.#name = name
    this.#path = path
    this.#within = within
    this.#isElement = isElement
  }

  get streamable(): boolean {
    return this.#message.compiled.streamable
  }

  get message(): MessagePlan {
    return this.#message
  }

  get steps(): readonly (RowStep | undefined)[] {
    this.#steps ??= this.#message.compiled.steps.map((step) => step && this.#stepOf(step))
    return this.#steps
  }

  #stepOf(step: Step): RowStep {
    const path = `${this.#path}.${step.name}`
    const key = packText(`,${JSON.stringify(path)}:`)
    const { message, form } = step
    const isPlain = form === 'message' && message.wellKnown === undefined
    if (!isPlain || this.#within.includes(message) || (step.repeated && this.#isElement)) {
      return { step, key, plan: undefined, table: undefined }
    }
    const within = [...this.#within, message]
    const isElement = step.repeated || this.#isElement
    const name = this.#name + path.slice(this.#path.length)
    const plan = new RowPlan(message, name, path, within, isElement)
    return { step, key, plan, table: step.repeated ? plan.table : undefined }
  }
}

/** An element of a list, and where its bytes begin. */
type Element = { readonly plan: RowPlan; readonly at: number }

/**
 * Writes the rows of a message straight from the wire, up to the reader's end: the same text as the rows
 * of its record.
 *
 * Returns undefined where fields are not in the order of their numbers, for maps, groups and message sets,
 * and for more than 512 KiB. The rows are then made from the record.
 * @param writeHead writes what every row has between its table and its columns
 */
export function writeRows(
  wire: WireReader,
  plan: RowPlan,
  writeHead: (out: JsonWriter) => void,
): Uint8Array | undefined {
  const out = WRITER
  const { pos, end } = wire
  out.restart()
  out.packed(START)
  out.packed(plan.table)
  const shared = out.length
  writeHead(out)
  wire.pos = pos
  wire.end = end
  const elements: Element[] = []
  if (!writeColumns(wire, plan, out, elements)) return undefined
  const length = out.length - shared
  out.packed(END)
  for (const { plan: element, at } of elements) {
    out.packed(START)
    out.packed(element.table)
    out.again(shared, length)
    wire.pos = at
    wire.end = end
    wire.limit()
    if (!writeColumns(wire, element, out, elements)) return undefined
    out.packed(END)
    if (out.length > MAX_BYTES) return undefined
  }
  return out.take()
}

/** Writes the columns of a message; adds the elements that have rows of their own. */
function writeColumns(
  wire: WireReader,
  plan: RowPlan,
  out: JsonWriter,
  elements: Element[],
): boolean {
  if (!plan.streamable) return false
  const { steps } = plan
  let last = 0
  /** Whether a list of values is being written. */
  let inList = false
  /** A bit for each oneof that has come. */
  let oneofs = 0
  while (wire.pos < wire.end) {
    const tag = wire.tag()
    const rowStep = steps[tag]
    if (rowStep === undefined) {
      wire.unknown(plan.message, tag)
      continue
    }
    const { step, key, plan: inner, table } = rowStep
    const { scalar, form } = step
    if (
      step.implicit &&
      wire.skipZero(form === 'scalar' ? scalar.wireType : WIRE.bytes, scalar?.wide ?? true)
    ) {
      if (step.number <= last && !step.repeated) return false
      continue
    }
    const isNew = step.number > last
    if (!isNew && (step.number < last || !step.repeated)) return false
    if (isNew) {
      if ((step.oneof & oneofs) !== 0) return false
      oneofs |= step.oneof
      if (inList) out.byte(CLOSE_BRACKET)
      inList = false
      last = step.number
    }
    if (inner !== undefined) {
      if (table !== undefined) {
        elements.push({ plan: inner, at: wire.pos })
        wire.take()
        continue
      }
      const outerEnd = wire.limit()
      if (!writeColumns(wire, inner, out, elements)) return false
      wire.end = outerEnd
      continue
    }
    if (form === 'map' || form === 'group' || form === 'setItem') return false
    if (isNew) out.packed(key)
    if (step.repeated) {
      out.byte(isNew ? OPEN_BRACKET : COMMA)
      inList = true
    }
    if (form === 'scalar') scalar.write(wire, out)
    else if (!writeValue(wire, step, out)) return false
  }
  if (inList) out.byte(CLOSE_BRACKET)
  return true
}
