import { getOrMake } from '../maps.js'
import {
  enumNames,
  type FieldType,
  isEnum,
  isGroup,
  isMessage,
  type MessageType,
  type OneOfType,
  recordName,
} from '../schema/message-type.js'
import { packText } from './json-writer.js'
import { enumScalar, NULL_SCALAR, SCALARS, type Scalar } from './scalars.js'
import { byTag, type Content, type Step } from './step.js'
import { isNullValue, reachesWellKnown, type WellKnown, wellKnownOf } from './well-known-types.js'
import { WIRE } from './wire-reader.js'

export type { Step } from './step.js'

/** A message type, ready to be read. */
export class MessagePlan {
  /** Its name without package. */
  readonly name: string
  /** Which of Google's types it is, if JSON has a form of its own for it. */
  readonly wellKnown: WellKnown | undefined
  /** Finds another message of the same schema by its full name. */
  readonly find: (name: string) => MessagePlan | undefined
  readonly #compile: () => CompiledPlan
  #compiled: CompiledPlan | undefined

  constructor(
    name: string,
    compile: () => CompiledPlan,
    wellKnown: WellKnown | undefined = undefined,
    find: (name: string) => MessagePlan | undefined = () => undefined,
  ) {
    this.name = name
    this.wellKnown = wellKnown
    this.find = find
    this.#compile = compile
  }

  /** Compiled when the type first comes in a frame: most of a schema never does. */
  get compiled(): CompiledPlan {
    this.#compiled ??= this.#compile()
    return this.#compiled
  }
}

type CompiledPlan = {
  /**
   * By tag. An array even for high numbers: V8 keeps those in a hash table. A known field with a wrong wire
   * type is not in it, so it is skipped like an unknown field.
   */
  readonly steps: readonly (Step | undefined)[]
  /** Whether fields can be written as they come; not with a MessageSet. */
  readonly streamable: boolean
  /** Steps of singular fields whose values are well-known types or hold them. */
  readonly wellKnown: readonly Step[]
  /** Names of the fields, in the order of their numbers. */
  readonly names: readonly string[]
  readonly numbers: ReadonlySet<number>
}

/** A scalar in place of the one for the field's type. */
export type ScalarChoice = (message: string, field: string, type: string) => Scalar | undefined

/** Gives each message type its plan. */
type Planner = (type: MessageType) => MessagePlan

/** Planners by schema: a thousand entries of a topic share the plans. */
export function createPlanners(
  readableText: ScalarChoice,
): (schema: object, readable: boolean) => Planner {
  const plain = new WeakMap<object, Planner>()
  const readable = new WeakMap<object, Planner>()
  return (schema, isReadable) => {
    const planners = isReadable ? readable : plain
    const choose = isReadable ? readableText : () => undefined
    return getOrMake(planners, schema, () => createPlanner(choose))
  }
}

/** Compiles message types, each once. */
export function createPlanner(choose: ScalarChoice, makeEnum = enumScalar): Planner {
  const plans = new Map<MessageType, MessagePlan>()

  function planOf(type: MessageType): MessagePlan {
    let plan = plans.get(type)
    if (plan === undefined) {
      plan = new MessagePlan(
        type.name,
        () => compile(type),
        wellKnownOf(type),
        (name) => find(type, name),
      )
      plans.set(type, plan)
    }
    return plan
  }

  function find({ root }: MessageType, name: string): MessagePlan | undefined {
    const found = /^[\w.]+$/.test(name) ? root.lookup(`.${name}`) : null
    return isMessage(found) ? planOf(found) : undefined
  }

  function compile(type: MessageType): CompiledPlan {
    const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id)
    const steps = fields.flatMap((field) => stepsOf(type.name, field.resolve()))
    const isSet = type.options?.message_set_wire_format === true
    if (isSet) steps.push(setItemStep(planOf(type)))
    return {
      steps: byTag(steps),
      // A step has 32 bits to tell oneofs by.
      streamable: !isSet && choicesOf(type).length <= 32,
      wellKnown: steps.filter((step) => step.holdsWellKnown && isSingular(step)),
      names: fields.map(recordName),
      numbers: new Set(fields.map(({ id }) => id)),
    }
  }

  function stepsOf(message: string, field: FieldType): Step[] {
    if (field.map) return [mapStep(message, field)]
    const step = stepOf(field, contentOf(message, field))
    const packable = step.form === 'scalar' && step.scalar.wireType !== WIRE.bytes
    return step.repeated && packable ? [step, { ...step, form: 'packed', implicit: true }] : [step]
  }

  function contentOf(message: string, field: FieldType): Content {
    const { name, resolvedType, type } = field
    if (isMessage(resolvedType)) {
      const form = isGroup(field) ? 'group' : 'message'
      return { form, scalar: undefined, message: planOf(resolvedType) }
    }
    if (isNullValue(resolvedType))
      return { form: 'scalar', scalar: NULL_SCALAR, message: undefined }
    const scalar = isEnum(resolvedType)
      ? makeEnum(enumNames(resolvedType), { message, field: name })
      : (choose(message, name, type) ?? (SCALARS[type] as Scalar))
    return { form: 'scalar', scalar, message: undefined }
  }

  /** An entry of a map is a message with a key (1) and a value (2). */
  function mapStep(message: string, field: FieldType): Step {
    const key = SCALARS[field.keyType ?? ''] as Scalar
    const common = stepOf(field, { form: 'scalar', scalar: key, message: undefined })
    const steps: Step[] = [
      { ...common, number: 1, name: 'key' },
      { ...common, number: 2, name: 'value', ...contentOf(message, field) },
    ]
    const compiled: CompiledPlan = {
      steps: byTag(steps),
      streamable: false,
      wellKnown: [],
      names: ['key', 'value'],
      numbers: new Set([1, 2]),
    }
    const entry = new MessagePlan(`${message}.${common.name}`, () => compiled)
    return { ...common, form: 'map', scalar: undefined, message: entry }
  }

  return planOf
}

/** Elements of a list and values of a map are read as a whole. */
function isSingular({ form, repeated }: Step): boolean {
  return form !== 'map' && !repeated
}

function stepOf(field: FieldType, content: Content): Step {
  const name = recordName(field)
  const siblings = field.partOf?.fieldsArray.filter((other) => other !== field).map(recordName)
  return {
    tag: 0,
    number: field.id,
    name,
    key: packText(`,${JSON.stringify(name)}:`),
    repeated: field.repeated,
    implicit: content.form === 'scalar' && !field.repeated && !field.map && !field.hasPresence,
    inherited: name in Object.prototype,
    siblings: siblings?.length ? siblings : undefined,
    oneof: siblings?.length ? 1 << choicesOf(field.parent).indexOf(field.partOf) : 0,
    holdsWellKnown: reachesWellKnown(field.resolvedType),
    plain: undefined,
    ...content,
  }
}

/** The oneofs of a message that have several members; `optional` in proto3 makes others. */
function choicesOf(type: unknown): (OneOfType | null)[] {
  return isMessage(type) ? type.oneofsArray.filter(({ fieldsArray }) => fieldsArray.length > 1) : []
}

/** A MessageSet on the wire: field 1 is a repeated group of the number of a field and its message. */
function setItemStep(message: MessagePlan): Step {
  return {
    tag: 0,
    number: 1,
    name: '',
    key: packText(''),
    repeated: true,
    implicit: false,
    inherited: false,
    siblings: undefined,
    oneof: 0,
    holdsWellKnown: false,
    plain: undefined,
    form: 'setItem',
    scalar: undefined,
    message,
  }
}
