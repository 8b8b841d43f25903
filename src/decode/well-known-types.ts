import { type EnumType, isEnum, isMessage, type MessageType } from '../schema/message-type.js'

/** Google's types that have a form of their own in JSON. */
export type WellKnown =
  | 'Any'
  | 'Duration'
  | 'FieldMask'
  | 'ListValue'
  | 'Struct'
  | 'Timestamp'
  | 'Value'
  | 'Wrapper'

/** What the fields of each are: a file may bring its own types of these names. */
const TYPES: Readonly<Record<string, [WellKnown, fields: string]>> = {
  Any: ['Any', '1 string, 2 bytes'],
  Duration: ['Duration', '1 int64, 2 int32'],
  FieldMask: ['FieldMask', '1 string'],
  ListValue: ['ListValue', '1 Value'],
  Struct: ['Struct', '1 Value'],
  Timestamp: ['Timestamp', '1 int64, 2 int32'],
  Value: ['Value', '1 NullValue, 2 double, 3 string, 4 bool, 5 Struct, 6 ListValue'],
  ...wrapper('BoolValue', 'bool'),
  ...wrapper('BytesValue', 'bytes'),
  ...wrapper('DoubleValue', 'double'),
  ...wrapper('FloatValue', 'float'),
  ...wrapper('Int32Value', 'int32'),
  ...wrapper('Int64Value', 'int64'),
  ...wrapper('StringValue', 'string'),
  ...wrapper('UInt32Value', 'uint32'),
  ...wrapper('UInt64Value', 'uint64'),
}

const PACKAGE = '.google.protobuf.'

/** Which of Google's types a message is; undefined for others, and for those without a form of their own. */
export function wellKnownOf(type: MessageType): WellKnown | undefined {
  if (type.fullName !== PACKAGE + type.name) return undefined
  const [wellKnown, fields] = TYPES[type.name] ?? []
  const sorted = [...type.fieldsArray].sort((a, b) => a.id - b.id)
  const found = sorted.map((field) => {
    const { id, resolvedType, type } = field.resolve()
    return `${id} ${resolvedType?.name ?? type}`
  })
  return found.join(', ') === fields ? wellKnown : undefined
}

/** Whether an enum is the one that is always `null` in JSON. */
export function isNullValue(type: MessageType | EnumType | null): boolean {
  return isEnum(type) && type.fullName === `${PACKAGE}NullValue`
}

const reaching = new WeakMap<MessageType, boolean>()

/** Whether a type is a well-known one, or has one in its fields, however deep. */
export function reachesWellKnown(type: MessageType | EnumType | null): boolean {
  if (!isMessage(type)) return false
  const known = reaching.get(type)
  if (known !== undefined) return known
  const seen = new Set([type])
  let reaches = false
  for (const each of seen) {
    reaches = wellKnownOf(each) !== undefined
    if (reaches) break
    for (const field of each.fieldsArray) {
      const { resolvedType } = field.resolve()
      if (isMessage(resolvedType)) seen.add(resolvedType)
    }
  }
  reaching.set(type, reaches)
  return reaches
}

function wrapper(name: string, type: string): Record<string, [WellKnown, string]> {
  return { [name]: ['Wrapper', `1 ${type}`] }
}
