import type { PackedText } from './json-writer.js'
import type { MessagePlan } from './plan.js'
import type { Scalar } from './scalars.js'
import { WIRE } from './wire-reader.js'

/** What to do with the value that follows a tag. */
export type Step = {
  /** The tag in front of the value. */
  readonly tag: number
  /** The field's number. */
  readonly number: number
  /** The field's name in the record. */
  readonly name: string
  /** `,"name":`, ready to be written. */
  readonly key: PackedText
  readonly repeated: boolean
  /**
   * Whether the record may leave the value out: a zero of a field with implicit presence, as most of
   * proto3 have, or an empty packed list.
   */
  readonly implicit: boolean
  /** Whether every object inherits a property of this name, such as `constructor`. */
  readonly inherited: boolean
  /** Names of the other fields of its oneof, which this one replaces. */
  readonly siblings: readonly string[] | undefined
  /** A bit for its oneof, if that has several members; else 0. */
  readonly oneof: number
  /** Whether the value is a well-known type or holds one. */
  readonly holdsWellKnown: boolean
  /** The scalar of a value that is set as it comes, whatever came before; undefined for other fields. */
  readonly plain: Scalar | undefined
} & Content

/** The form of the value. All steps have the same shape, which is quicker to read. */
export type Content =
  | { readonly form: 'scalar' | 'packed'; readonly scalar: Scalar; readonly message: undefined }
  | {
      /** `setItem` is an element of a MessageSet; `message` is the plan of the set then. */
      readonly form: 'message' | 'group' | 'map' | 'setItem'
      readonly scalar: undefined
      readonly message: MessagePlan
    }

/** Makes a table of the steps, each at its tag. */
export function byTag(steps: readonly Step[]): (Step | undefined)[] {
  const table: (Step | undefined)[] = []
  for (const step of steps) {
    const ready = readyStep(step)
    table[ready.tag] = ready
  }
  return table
}

/** Without a spread: only objects of one literal surely have one shape for V8. */
function readyStep(step: Step): Step {
  const { number, name, key, repeated, implicit, inherited } = step
  const { siblings, oneof, holdsWellKnown, form, scalar, message } = step
  const tag = number * 8 + wireTypeOf(step)
  const plain = form === 'scalar' && !(repeated || implicit || inherited || siblings)
  return {
    tag,
    number,
    name,
    key,
    repeated,
    implicit,
    inherited,
    siblings,
    oneof,
    holdsWellKnown,
    plain: plain ? scalar : undefined,
    form,
    scalar,
    message,
  } as Step
}

function wireTypeOf(step: Step): number {
  if (step.form === 'scalar') return step.scalar.wireType
  return step.form === 'group' || step.form === 'setItem' ? WIRE.group : WIRE.bytes
}
