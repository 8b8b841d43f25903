import { getOrMake } from '../maps.js'
import type { EnumType, FieldType, MessageType, OneOfType } from './message-type.js'

/** The types of a `.proto` file and its imports, as `npm run generate` writes them. */
export type CompiledSchema = {
  /** The values of each enum, by its full name. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** The fields of each message, by its full name. */
  readonly messages: Readonly<Record<string, readonly CompiledField[]>>
}

export type CompiledField = {
  readonly name: string
  /** Its name in a record, where that is another one. */
  readonly protoName?: string
  readonly id: number
  /** A scalar type, or the full name of a message or enum: with a dot in front. */
  readonly type: string
  /** Of a map. */
  readonly key?: string
  readonly repeated?: boolean
  /** Whether a value that was not sent can be told from a zero. */
  readonly presence?: boolean
  readonly oneof?: string
}

/** Makes the message types of a compiled schema, in its order. */
export function openSchema({ enums, messages }: CompiledSchema): readonly MessageType[] {
  const types = new Map<string, MessageType | EnumType>()
  const root = { lookup: (name: string) => types.get(name) }
  for (const [fullName, values] of Object.entries(enums)) {
    types.set(fullName, { name: lastOf(fullName), fullName, values })
  }
  const opened = Object.entries(messages).map(([fullName, fields]) => {
    const message = {
      name: lastOf(fullName),
      fullName,
      fields: {} as Record<string, Field>,
      fieldsArray: [] as Field[],
      oneofsArray: [] as OneOfType[],
      root,
    }
    types.set(fullName, message)
    return { message, fields }
  })
  for (const { message, fields } of opened) {
    const oneofs = new Map<string, { readonly fieldsArray: Field[] }>()
    for (const compiled of fields) {
      const field = new Field(compiled, message, types.get(compiled.type) ?? null)
      message.fields[field.name] = field
      message.fieldsArray.push(field)
      if (compiled.oneof === undefined) continue
      const oneof = getOrMake(oneofs, compiled.oneof, () => ({ fieldsArray: [] as Field[] }))
      oneof.fieldsArray.push(field)
      field.partOf = oneof
    }
    message.oneofsArray.push(...oneofs.values())
  }
  return opened.map(({ message }) => message)
}

class Field implements FieldType {
  readonly name: string
  readonly protoName: string
  readonly id: number
  readonly type: string
  readonly repeated: boolean
  readonly map: boolean
  readonly keyType: string
  readonly hasPresence: boolean
  readonly delimited = false
  readonly resolvedType: MessageType | EnumType | null
  readonly parent: MessageType
  partOf: OneOfType | null = null

  constructor(
    {
      name,
      protoName = name,
      id,
      type,
      key = '',
      repeated = false,
      presence = false,
    }: CompiledField,
    parent: MessageType,
    resolvedType: MessageType | EnumType | null,
  ) {
    this.name = name
    this.protoName = protoName
    this.id = id
    this.type = type
    this.repeated = repeated
    this.map = key !== ''
    this.keyType = key
    this.hasPresence = presence
    this.resolvedType = resolvedType
    this.parent = parent
  }

  resolve(): this {
    return this
  }
}

function lastOf(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1)
}
