import type { JsonWriter } from '../decode/json-writer.js'
import type { Step } from '../decode/plan.js'
import { SCALARS, type Scalar } from '../decode/scalars.js'
import { MapEntries } from '../decode/to-json.js'
import { type JsonObject, type JsonValue, readField } from '../decode/to-object.js'
import { WIRE, type WireReader } from '../decode/wire-reader.js'
import { plainName } from '../schema/message-type.js'

const STRING = SCALARS.string as Scalar

/** The key and the value of an entry. */
const KEY = 8 + WIRE.bytes
const VALUE = 2 * 8 + WIRE.bytes

/** The attribute that is the customer's id. */
const SUBJECT = 'subject'
const SUBJECT_BYTES = Buffer.from(SUBJECT)

/** Events have a few. Millions, which fit into a frame, would hold up all streams for a minute. */
const MAX_ENTRIES = 1000

const NOT_SENT = -1

/** The customer's id, and the other attributes, if there are any. */
type ReadAttributes = {
  readonly subject: string
  readonly others: JsonObject | undefined
}

/** The attributes of a CloudEvent. */
export class Attributes {
  /** Whether `subject` came once at most and is text, and no entry is written in an odd way. */
  regular = true
  /** Whether there are others than `subject`; holds for regular ones only. */
  hasOthers = false
  /** Where `subject` has its text; holds for regular ones only. */
  #subject = NOT_SENT
  /** Which entry it is; holds for regular ones only. */
  #subjectEntry = NOT_SENT
  /** Where the entries begin. */
  readonly #entries: number[] = []
  #count = 0
  readonly #step: Step
  /** The tag of the text in a value. */
  readonly #textTag: number

  constructor(step: Step) {
    this.#step = step
    const steps = step.message?.compiled.steps[VALUE]?.message?.compiled.steps ?? []
    const text = steps.find((each) => each && plainName(each.name) === 'cestring')
    this.#textTag = (text?.number ?? 0) * 8 + WIRE.bytes
  }

  clear(): void {
    this.regular = true
    this.hasOthers = false
    this.#subject = this.#subjectEntry = NOT_SENT
    this.#count = 0
  }

  /** Adds the entry that the reader is at, and moves behind it. */
  add(wire: WireReader): void {
    if (this.#count === MAX_ENTRIES) wire.reject(`it has more than ${MAX_ENTRIES} attributes`)
    this.#entries[this.#count++] = wire.pos
    const outerEnd = wire.limit()
    const { end } = wire
    if (!this.#isRegular(wire, end)) this.regular = false
    wire.pos = end
    wire.end = outerEnd
  }

  read(wire: WireReader): ReadAttributes {
    if (this.regular) {
      const others = this.hasOthers ? this.#readEntries(wire, this.#subjectEntry) : undefined
      return { subject: this.#readSubject(wire), others }
    }
    const all = this.#readEntries(wire, NOT_SENT)
    const subject = Object.hasOwn(all, SUBJECT) ? textOf(all[SUBJECT]) : ''
    const { [SUBJECT]: _, ...others } = all
    return { subject, others: Object.keys(others).length > 0 ? others : undefined }
  }

  /** @param left which entry is left out */
  #readEntries(wire: WireReader, left: number): JsonObject {
    const step = this.#step
    const target: JsonObject = {}
    for (let index = 0; index < this.#count; index++) {
      if (index === left) continue
      goTo(wire, this.#entries[index] as number)
      readField(wire, step, target)
    }
    return (target[step.name] ?? {}) as JsonObject
  }

  writeSubject(wire: WireReader, out: JsonWriter): void {
    if (this.#subject === NOT_SENT) {
      out.ascii('""')
      return
    }
    goTo(wire, this.#subject)
    STRING.write(wire, out)
  }

  /** Writes those that are not the subject; false where only their object has the right text. */
  write(wire: WireReader, out: JsonWriter): boolean {
    const entry = this.#step.message
    if (entry === undefined) return false
    const entries = new MapEntries()
    let separator = 0x7b
    for (const [index, at] of this.#offsets().entries()) {
      if (index === this.#subjectEntry) continue
      goTo(wire, at)
      out.byte(separator)
      separator = 0x2c
      if (!entries.write(wire, entry, out)) return false
    }
    out.byte(0x7d)
    return true
  }

  #readSubject(wire: WireReader): string {
    if (this.#subject === NOT_SENT) return ''
    goTo(wire, this.#subject)
    return String(STRING.read(wire))
  }

  #offsets(): readonly number[] {
    return this.#entries.slice(0, this.#count)
  }

  /** Whether an entry is a key and a value, and of the subject the only one, with text. */
  #isRegular(wire: WireReader, end: number): boolean {
    if (wire.pos === end || wire.tag() !== KEY) return false
    const start = wire.take()
    const isSubject = isSubjectKey(wire.bytes, start, wire.pos)
    if (wire.pos === end || wire.tag() !== VALUE) return false
    wire.limit()
    if (wire.end !== end) return false
    if (!isSubject) {
      this.hasOthers = true
      return true
    }
    if (this.#subject !== NOT_SENT || wire.pos === end || wire.tag() !== this.#textTag) return false
    this.#subject = wire.pos
    this.#subjectEntry = this.#count - 1
    wire.take()
    return wire.pos === end
  }
}

function isSubjectKey(bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== SUBJECT_BYTES.length) return false
  for (let at = 0; at < SUBJECT_BYTES.length; at++) {
    if (bytes[start + at] !== SUBJECT_BYTES[at]) return false
  }
  return true
}

/** The text of an attribute of any kind. */
function textOf(attribute: JsonValue | undefined): string {
  const [value = ''] = Object.values(attribute ?? {})
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function goTo(wire: WireReader, at: number): void {
  wire.pos = at
  wire.end = wire.bytes.length
}
