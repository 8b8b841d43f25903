/**
 * What the program reads of a message type. The types of protobufjs are such types, and so are those of the
 * compiled schemas, which need no library.
 */
export interface MessageType {
  readonly name: string
  /** With its package and a dot in front. */
  readonly fullName: string
  readonly fieldsArray: readonly FieldType[]
  readonly fields: Readonly<Record<string, FieldType>>
  readonly oneofsArray: readonly OneOfType[]
  /** Finds any type of the schema by its full name. */
  readonly root: { lookup(fullName: string): unknown }
  readonly options?: { readonly [name: string]: unknown } | undefined
  /** Where the comments were read. */
  readonly comment?: string | null
}

export interface FieldType {
  readonly name: string
  /** Its number. */
  readonly id: number
  /** A scalar type, or the name of a message or enum. */
  readonly type: string
  readonly repeated: boolean
  readonly map: boolean
  /** Of a map. */
  readonly keyType?: string | undefined
  readonly rule?: string | undefined
  readonly hasPresence: boolean
  readonly delimited: boolean
  readonly resolvedType: MessageType | EnumType | null
  readonly partOf: OneOfType | null
  readonly parent: { readonly name: string } | null
  readonly protoName?: string | undefined
  readonly comment?: string | null
  /** Looks up `resolvedType`, where that was not done yet. */
  resolve(): FieldType
}

export interface OneOfType {
  readonly fieldsArray: readonly FieldType[]
}

export interface EnumType {
  readonly name: string
  readonly fullName: string
  readonly values: Readonly<Record<string, number>>
}

export function isMessage(type: unknown): type is MessageType {
  return typeof type === 'object' && type !== null && 'oneofsArray' in type
}

export function isEnum(type: unknown): type is EnumType {
  return typeof type === 'object' && type !== null && 'values' in type
}

/** A field's name without case and underscores: copies of a file may have names in camel case. */
export function plainName(field: string): string {
  return field.replaceAll('_', '').toLowerCase()
}

/** protobufjs drops a field of this name, so it gets another one while the library has it. */
const PROTO = '__proto__'
export const PROTO_STAND_IN = '__proto__stand_in'

/** A name as the `.proto` file has it. */
function sourceName(name: string): string {
  return name === PROTO_STAND_IN ? PROTO : name
}

/** The names of an enum's numbers. If a number has two names (`allow_alias`), the first one is used. */
export function enumNames({ values }: EnumType): ReadonlyMap<number, string> {
  const names = Object.entries(values).map(([name, number]) => [number, sourceName(name)] as const)
  return new Map(names.reverse())
}

/**
 * A field's name in a record, as the protobuf JSON mapping has it: an extension's in brackets, with its
 * package; a `group`'s in lower case.
 */
export function recordName(field: FieldType): string {
  const { resolvedType, protoName = field.name } = field.resolve()
  const own = protoName.slice(protoName.lastIndexOf('.') + 1)
  const name = isGroupType(resolvedType) && isGroup(field) ? own.toLowerCase() : sourceName(own)
  return own === protoName ? name : `[${protoName.slice(1, -own.length)}${name}]`
}

/** Whether a field comes as a group: by the keyword, or by the delimited encoding of editions. */
export function isGroup(field: FieldType): boolean {
  const { name, map, resolvedType } = field
  // A map's values are never groups, whatever its file says of others.
  if (map || !isMessage(resolvedType)) return false
  // A `group` is a type and a field of the same name. Other fields of that type have a length.
  if (isGroupType(resolvedType)) {
    return name.slice(name.lastIndexOf('.') + 1).toLowerCase() === resolvedType.name.toLowerCase()
  }
  return field.delimited
}

/** Whether the keyword `group` made a type; the library's own types lack the property. */
function isGroupType(type: MessageType | EnumType | null): boolean {
  return type !== null && 'group' in type && type.group === true
}
