import protobuf from 'protobufjs'
import { enumScalar, SCALARS, type Scalar } from './scalars.js'
import { WIRE } from './wire-reader.js'

/** What the decoder knows of one field. */
export type FieldPlan = {
  readonly number: number
  /** Its name in the record. */
  readonly name: string
  /** `,"name":`, ready to be written. */
  readonly key: Uint8Array
  readonly repeated: boolean
  /** A zero counts as not sent: a field without presence, as most are in proto3. */
  readonly implicit: boolean
  /** Objects inherit something of this name, as they do `constructor`. */
  readonly inherited: boolean
  /** Names of the other fields of its oneof, which this one takes the place of. */
  readonly rivals: readonly string[]
}

/** What to do with one tag: which field it is, and in what form it brings a value. */
export type Step = { readonly field: FieldPlan } & (
  | { readonly form: 'scalar' | 'packed'; readonly scalar: Scalar }
  | { readonly form: 'message' | 'group'; readonly message: MessagePlan }
  | { readonly form: 'map'; readonly entry: MessagePlan; readonly zeros: MapZeros }
)

/** What an entry of a map has where its key or value was not sent. */
export type MapZeros = {
  readonly key: Scalar['zero']
  /** Undefined for a message, which is empty then. */
  readonly value: Scalar['zero'] | undefined
}

/** A message type, ready to be read. */
export type MessagePlan = {
  /** Its name without package. */
  readonly name: string
  /** Made when the type is first met in a frame: most of a schema never is. */
  readonly compiled: CompiledPlan
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
      plan = lazyPlan(type.name, () => compile(type))
      plans.set(type, plan)
    }
    return plan
  }

  function compile(type: protobuf.Type): CompiledPlan {
    const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id)
    const steps = fields.flatMap((field) => stepsOf(type.name, field.resolve()))
    return {
      steps: byTag(steps),
      streamable: steps.every(({ field, form }) => form !== 'map' && field.rivals.length === 0),
      names: fields.map(nameOf),
      numbers: new Set(fields.map(({ id }) => id)),
    }
  }

  function stepsOf(message: string, field: protobuf.Field): Step[] {
    const plan = fieldPlan(field)
    if (field instanceof protobuf.MapField) return [mapStep(message, field, plan)]
    const step = valueStep(message, field, plan)
    const packable = step.form === 'scalar' && step.scalar.wireType !== WIRE.bytes
    return plan.repeated && packable ? [step, { ...step, form: 'packed' }] : [step]
  }

  function valueStep(message: string, field: protobuf.FieldBase, plan: FieldPlan) {
    const { resolvedType } = field
    if (resolvedType instanceof protobuf.Type) {
      // A map's values are never groups, whatever its file says of others.
      const delimited = !field.map && field instanceof protobuf.Field && field.delimited
      const form = delimited ? 'group' : 'message'
      return { field: plan, form, message: planOf(resolvedType) } as const
    }
    return { field: plan, form: 'scalar', scalar: scalarOf(message, field) } as const
  }

  function scalarOf(message: string, field: protobuf.FieldBase): Scalar {
    const { name, resolvedType } = field
    if (resolvedType instanceof protobuf.Enum) {
      return enumScalar(enumNames(resolvedType), message, name)
    }
    return choose(message, name, field.type) ?? (SCALARS[field.type] as Scalar)
  }

  function mapStep(message: string, field: protobuf.MapField, plan: FieldPlan): Step {
    const single = { repeated: false, implicit: false, inherited: false, rivals: [] }
    const key = { ...plan, ...single, number: 1, name: 'key' }
    const value = valueStep(message, field, { ...plan, ...single, number: 2, name: 'value' })
    const keyScalar = SCALARS[field.keyType] as Scalar
    const steps: Step[] = [{ field: key, form: 'scalar', scalar: keyScalar }, value]
    const compiled = {
      steps: byTag(steps),
      streamable: false,
      names: ['key', 'value'],
      numbers: new Set([1, 2]),
    }
    return {
      field: plan,
      form: 'map',
      entry: { name: `${message}.${plan.name}`, compiled },
      zeros: {
        key: keyScalar.zero,
        value: value.form === 'scalar' ? value.scalar.zero : undefined,
      },
    }
  }

  return planOf
}

function lazyPlan(name: string, compile: () => CompiledPlan): MessagePlan {
  let compiled: CompiledPlan | undefined
  return {
    name,
    get compiled() {
      compiled ??= compile()
      return compiled
    },
  }
}

function byTag(steps: readonly Step[]): (Step | undefined)[] {
  const table: (Step | undefined)[] = []
  for (const step of steps) table[step.field.number * 8 + wireTypeOf(step)] = step
  return table
}

function wireTypeOf(step: Step): number {
  if (step.form === 'scalar') return step.scalar.wireType
  return step.form === 'group' ? WIRE.group : WIRE.bytes
}

function fieldPlan(field: protobuf.Field): FieldPlan {
  const name = nameOf(field)
  const rivals = field.partOf?.fieldsArray.filter((other) => other !== field) ?? []
  return {
    number: field.id,
    name,
    key: Buffer.from(`,${JSON.stringify(name)}:`),
    repeated: field.repeated,
    implicit: !field.repeated && !field.hasPresence,
    inherited: name in Object.prototype,
    rivals: rivals.map(nameOf),
  }
}

/** As the JSON mapping has it: extensions in brackets, groups in lower case. */
function nameOf(field: protobuf.Field): string {
  if (field.name.startsWith('.')) return `[${field.name.slice(1)}]`
  return field.resolve().delimited ? field.name.toLowerCase() : field.name
}

/** Of two names for one number (`allow_alias`), the first counts. */
function enumNames({ values }: protobuf.Enum): ReadonlyMap<number, string> {
  const names = Object.entries(values).map(([name, number]) => [number, name] as const)
  return new Map(names.reverse())
}
