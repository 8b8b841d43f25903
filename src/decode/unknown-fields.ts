import type { MessagePlan } from './plan.js'

/** Something in a frame that the schema does not know. */
export type UnknownField = {
  /** Name of the message, without package. */
  readonly message: string
  /** The field's number; of a known enum field with an unknown value, its name. */
  readonly field: number | string
  /** The wire type it came with, or the enum value. */
  readonly value: number
  /** `field 41 of Interface`, `wire type 0 of field 2 of Interface`, `value 6 of Interface.speed`. */
  readonly text: string
}

/** An enum field, as reports name it. */
export type EnumField = { readonly message: string; readonly field: string }

/** Bounds the memory and the log lines that a sender can cause with invented numbers. */
export const MAX_KINDS = 100

/**
 * Counts what the schema does not know, and reports each thing once. What a frame brings is held back
 * until the whole frame has been read, so that garbage is not taken for new fields. Most entries never bring
 * anything: the collections are made when they are needed.
 */
export class UnknownFields {
  /** How often anything came. */
  total = 0
  #reported: Set<string> | undefined
  /** What has been reported, or came too late for it, of each message and enum field. */
  #seen: Map<MessagePlan | EnumField, Set<number>> | undefined
  /** How often this frame brought what has been seen before. */
  #pendingSeen = 0
  /** How often this frame brought a new tag of a message, or a value of an enum field. */
  #pending: Map<MessagePlan | EnumField, Map<number, number>> | undefined
  readonly #report: (news: readonly UnknownField[]) => void

  /** @param report gets the things that a frame was the first to bring */
  constructor(report: (news: readonly UnknownField[]) => void) {
    this.#report = report
  }

  /** A field was skipped: its number is unknown, or has another wire type. */
  field(plan: MessagePlan, tag: number): void {
    this.#add(plan, tag)
  }

  /** An enum field had a number without a name. */
  enumValue(field: EnumField, value: number): void {
    this.#add(field, value)
  }

  /** Forgets the current frame: it was not read to its end, or is read again. */
  discard(): void {
    this.#pendingSeen = 0
    this.#pending = undefined
  }

  /** Counts the current frame, which was read to its end. */
  commit(): void {
    this.total += this.#pendingSeen
    this.#pendingSeen = 0
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#reported ??= new Set()
    const news: UnknownField[] = []
    for (const [source, numbers] of pending) {
      for (const [number, times] of numbers) {
        this.total += times
        if (!this.#isNew(source, number)) continue
        const unknown = describe(source, number)
        if (this.#reported.has(unknown.text) || this.#reported.size >= MAX_KINDS) continue
        this.#reported.add(unknown.text)
        news.push(unknown)
      }
    }
    if (news.length > 0) this.#report(news)
  }

  /** Makes no text: most frames bring what others brought. */
  #isNew(source: MessagePlan | EnumField, number: number): boolean {
    this.#seen ??= new Map()
    let numbers = this.#seen.get(source)
    if (numbers === undefined) {
      numbers = new Set()
      this.#seen.set(source, numbers)
    }
    if (numbers.size >= MAX_KINDS || numbers.has(number)) return false
    numbers.add(number)
    return true
  }

  /** Makes no text: a frame can have millions of unknown fields. */
  #add(source: MessagePlan | EnumField, number: number): void {
    if (this.#seen?.get(source)?.has(number)) {
      this.#pendingSeen++
      return
    }
    this.#pending ??= new Map()
    let numbers = this.#pending.get(source)
    if (numbers === undefined) {
      numbers = new Map()
      this.#pending.set(source, numbers)
    }
    const times = numbers.get(number) ?? 0
    if (times > 0 || numbers.size < MAX_KINDS) numbers.set(number, times + 1)
  }
}

function describe(source: MessagePlan | EnumField, number: number): UnknownField {
  if (!('compiled' in source)) {
    const { message, field } = source
    return { message, field, value: number, text: `value ${number} of ${message}.${field}` }
  }
  const { name: message, compiled } = source
  const field = number >>> 3
  const value = number & 7
  const text = `field ${field} of ${message}`
  const known = compiled.numbers.has(field)
  return { message, field, value, text: known ? `wire type ${value} of ${text}` : text }
}
