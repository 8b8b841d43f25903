import type { Topic } from '../classic/topics.js'
import { MessagePlan } from './plan.js'

/** Something in a frame that the schema does not know. */
export type Drift = {
  readonly topic: Topic
  /** Name of the message, without package. */
  readonly message: string
  /** The field's number; or its name, where the field is known and its value is not. */
  readonly field: number | string
  /** What to tell the user. */
  readonly sentence: string
}

/** An enum field, as reports name it. */
export type EnumField = { readonly message: string; readonly field: string }

/** Bounds what a sender can make us remember and log by inventing numbers. */
const MAX_DRIFTS = 100

const UNKNOWN = 'is not in the schema'

/**
 * Counts what the schema does not know, and reports each thing once. What a frame brings is held back
 * until the whole frame has proved readable, so that garbage is not taken for news.
 */
export class DriftTally {
  /** How often each thing was met, by its sentence; at most 100 things. */
  readonly counts: ReadonlyMap<string, number>
  #total = 0
  readonly #counts = new Map<string, number>()
  /** How often this frame brought a tag of a message, or a value of an enum field. */
  readonly #pending = new Map<MessagePlan | EnumField, Map<number, number>>()
  readonly #topic: Topic
  readonly #report: (drift: Drift) => void

  constructor(topic: Topic, report: (drift: Drift) => void) {
    this.#topic = topic
    this.#report = report
    this.counts = this.#counts
  }

  /** How often anything was met, beyond the hundred things that are told apart as well. */
  get total(): number {
    return this.#total
  }

  /** A field was passed over: its number is not known, or does not go with this wire type. */
  field(plan: MessagePlan, tag: number): void {
    this.#meet(plan, tag)
  }

  /** An enum field had a number without a name. */
  enumValue(field: EnumField, value: number): void {
    this.#meet(field, value)
  }

  /** Forgets what a frame brought that was not read to its end. */
  discard(): void {
    if (this.#pending.size > 0) this.#pending.clear()
  }

  /** Counts what the frame brought, now that it has been read. */
  commit(): void {
    if (this.#pending.size === 0) return
    for (const [source, numbers] of this.#pending) {
      for (const [number, times] of numbers) this.#count(this.#describe(source, number), times)
    }
    this.#pending.clear()
  }

  /** Called for every one of perhaps millions of fields, so it makes no text. */
  #meet(source: MessagePlan | EnumField, number: number): void {
    let numbers = this.#pending.get(source)
    if (numbers === undefined) {
      numbers = new Map()
      this.#pending.set(source, numbers)
    }
    const times = numbers.get(number) ?? 0
    if (times > 0 || numbers.size < MAX_DRIFTS) numbers.set(number, times + 1)
  }

  #count(drift: Drift, times: number): void {
    this.#total += times
    const before = this.#counts.get(drift.sentence)
    if (before === undefined && this.#counts.size >= MAX_DRIFTS) return
    this.#counts.set(drift.sentence, (before ?? 0) + times)
    if (before === undefined) this.#report(drift)
  }

  #describe(source: MessagePlan | EnumField, number: number): Drift {
    if (!(source instanceof MessagePlan)) {
      const { message, field } = source
      return this.#drift(message, field, `the value ${number} of ${message}.${field} ${UNKNOWN}`)
    }
    const { name, compiled } = source
    const field = number >>> 3
    const fault = compiled.numbers.has(field)
      ? `comes with wire type ${number & 7}, which the schema does not have`
      : UNKNOWN
    return this.#drift(name, field, `field ${field} of ${name} ${fault}`)
  }

  #drift(message: string, field: number | string, what: string): Drift {
    const advice = 'download the newer .proto from Central and use --proto_dir'
    return { topic: this.#topic, message, field, sentence: `${this.#topic}: ${what}; ${advice}` }
  }
}
