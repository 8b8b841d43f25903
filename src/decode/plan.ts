import type protobuf from 'protobufjs'
import { Enum, Field, MapField, Type } from '../schema/protobuf.js'
import { recordName } from '../schema/record-name.js'
import { type PackedText, packText } from './packed-text.js'
import { enumScalar, SCALARS, type Scalar } from './scalars.js'
import { WIRE } from './wire-reader.js'

/** What to do with the value that follows a tag. */
export type Step = {
  /** The field's number. */
  readonly number: number
  /** The field's name in the record. */
  readonly name: string
  /** `,"name":`, ready to be written. */
  readonly key: PackedText
  readonly repeated: boolean
  /**
   * Whether the value may leave no trace in the record: a zero of a field without presence, as most
   * are in proto3, or a packed list without values.
   */
  readonly fleeting: boolean
  /** Objects inherit something of this name, as they do `constructor`. */
  readonly inherited: boolean
  /** Names of the other fields of its oneof, which this one takes the place of. */
  readonly rivals: readonly string[] | undefined
} & Content

/** In what form the value comes. Of one shape for all, which is quicker to read. */
type Content =
  | { readonly form: 'scalar' | 'packed'; readonly scalar: Scalar; readonly message: undefined }
  | {
      readonly form: 'message' | 'group'
      readonly scalar: undefined
      readonly message: MessagePlan
    }
  | { readonly form: 'map'; readonly scalar: undefined; readonly message: MessagePlan }

/** A message type, ready to be read. */
export class MessagePlan {
  /** Its name without package. */
  readonly name: string
  readonly #compile: () => CompiledPlan
  #compiled: CompiledPlan | undefined

  constructor(name: string, compile: () => CompiledPlan) {
    this.name = name
    this.#compile = compile
  }

  /** Made when the type is first met in a frame: most of a schema never is. */
  get compiled(): CompiledPlan {
    this.#compiled ??= this.#compile()
    return this.#compiled
  }
}

export type CompiledPlan = {
  /**
   * By tag. A list also where numbers are high: it is a hash table to V8 then. A known field with a
   * wire type that does not belong to it is not in here, so it is passed over like an unknown one.
   */
  readonly steps: readonly (Step | undefined)[]
  /** Whether its fields can be written as they come; not so with a map or a oneof. */
  readonly streamable: boolean
  /** Names of the fields, in the order of their numbers. */
  readonly names: readonly string[]
  readonly numbers: ReadonlySet<number>
}

/** A scalar that is to take the place of the one for the field's type. */
export type ScalarChoice = (message: string, field: string, type: string) => Scalar | undefined

/** Compiles message types, each once however often it occurs. */
export function createPlanner(choose: ScalarChoice): (type: protobuf.Type) => MessagePlan {
  const plans = new Map<protobuf.Type, MessagePlan>()

  function planOf(type: protobuf.Type): MessagePlan {
    let plan = plans.get(type)
    if (plan === undefined) {
      plan = new MessagePlan(type.name, () => compile(type))
      plans.set(type, plan)
    }
    return plan
  }

  function compile(type: protobuf.Type): CompiledPlan {
    const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id)
    const steps = fields.flatMap((field) => stepsOf(type.name, field.resolve()))
    return {
      steps: byTag(steps),
      streamable: steps.every(({ form, rivals }) => form !== 'map' && rivals === undefined),
      names: fields.map(recordName),
      numbers: new Set(fields.map(({ id }) => id)),
    }
  }

  function stepsOf(message: string, field: protobuf.Field): Step[] {
    if (field instanceof MapField) return [mapStep(message, field)]
    const step = stepOf(field, contentOf(message, field))
    const packable = step.form === 'scalar' && step.scalar.wireType !== WIRE.bytes
    return step.repeated && packable ? [step, { ...step, form: 'packed', fleeting: true }] : [step]
  }

  function contentOf(message: string, field: protobuf.FieldBase): Content {
    const { name, resolvedType, type } = field
    if (resolvedType instanceof Type) {
      // A map's values are never groups, whatever its file says of others.
      const delimited = !field.map && field instanceof Field && field.delimited
      return {
        form: delimited ? 'group' : 'message',
        scalar: undefined,
        message: planOf(resolvedType),
      }
    }
    const scalar =
      resolvedType instanceof Enum
        ? enumScalar(enumNames(resolvedType), { message, field: name })
        : (choose(message, name, type) ?? (SCALARS[type] as Scalar))
    return { form: 'scalar', scalar, message: undefined }
  }

  /** An entry of a map is a message with a key (1) and a value (2). */
  function mapStep(message: string, field: protobuf.Field & protobuf.MapField): Step {
    const key = SCALARS[field.keyType] as Scalar
    const common = stepOf(field, { form: 'scalar', scalar: key, message: undefined })
    const steps: Step[] = [
      { ...common, number: 1, name: 'key' },
      { ...common, number: 2, name: 'value', ...contentOf(message, field) },
    ]
    const compiled: CompiledPlan = {
      steps: byTag(steps),
      streamable: false,
      names: ['key', 'value'],
      numbers: new Set([1, 2]),
    }
    const entry = new MessagePlan(`${message}.${common.name}`, () => compiled)
    return { ...common, form: 'map', scalar: undefined, message: entry }
  }

  return planOf
}

function byTag(steps: readonly Step[]): (Step | undefined)[] {
  const table: (Step | undefined)[] = []
  for (const step of steps) table[step.number * 8 + wireTypeOf(step)] = step
  return table
}

function wireTypeOf(step: Step): number {
  if (step.form === 'scalar') return step.scalar.wireType
  return step.form === 'group' ? WIRE.group : WIRE.bytes
}

function stepOf(field: protobuf.Field, content: Content): Step {
  const name = recordName(field)
  const rivals = field.partOf?.fieldsArray.filter((other) => other !== field).map(recordName)
  return {
    number: field.id,
    name,
    key: packText(`,${JSON.stringify(name)}:`),
    repeated: field.repeated,
    fleeting: content.form === 'scalar' && !field.repeated && !field.map && !field.hasPresence,
    inherited: name in Object.prototype,
    rivals: rivals?.length ? rivals : undefined,
    ...content,
  }
}

/** Of two names for one number (`allow_alias`), the first counts. */
function enumNames({ values }: protobuf.Enum): ReadonlyMap<number, string> {
  const names = Object.entries(values).map(([name, number]) => [number, name] as const)
  return new Map(names.reverse())
}
