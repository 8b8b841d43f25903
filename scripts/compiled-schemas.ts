import { readdirSync } from 'node:fs'
import protobuf from 'protobufjs'
import type { CompiledField, CompiledSchema } from '../src/schema/compiled.js'
import { loadDocumented } from '../src/schema/load-proto.js'
import { isGroup, recordName } from '../src/schema/message-type.js'

const PROTO = new URL('../proto/', import.meta.url)

/** What each file under `proto/compiled/` contains, by its name. The program reads these: that is quicker. */
export function compiledSchemas(): Map<string, string> {
  return new Map(
    ['classic', 'newcentral'].flatMap((service) =>
      readdirSync(new URL(service, PROTO)).map((name): [string, string] => {
        const file = name.replace(/\.proto$/, '')
        const { messages } = loadDocumented({ service, file })
        return [`${service}/${file}.json`, textOf(compile(messages))]
      }),
    ),
  )
}

function compile(messages: readonly protobuf.Type[]): CompiledSchema {
  const enums: Record<string, Readonly<Record<string, number>>> = {}
  const compiled: Record<string, readonly CompiledField[]> = {}
  for (const message of messages) {
    if (message.options?.message_set_wire_format)
      throw new Error(`${message.fullName}: a MessageSet`)
    compiled[message.fullName] = message.fieldsArray.map((field) => {
      const { resolvedType } = field.resolve()
      if (resolvedType instanceof protobuf.Enum) enums[resolvedType.fullName] = resolvedType.values
      return compileField(field)
    })
  }
  return { enums, messages: compiled }
}

function compileField(field: protobuf.Field): CompiledField {
  const { name, id, resolvedType, type, partOf } = field
  const inRecord = recordName(field)
  if (isGroup(field) || inRecord.startsWith('[')) {
    throw new Error(`${field.fullName}: groups and extensions are not compiled`)
  }
  return {
    name,
    ...(inRecord !== name && { protoName: inRecord }),
    id,
    type: resolvedType?.fullName ?? type,
    ...(field instanceof protobuf.MapField && { key: field.keyType }),
    ...(field.repeated && { repeated: true }),
    ...(field.hasPresence && { presence: true }),
    ...(partOf && { oneof: partOf.name }),
  }
}

/** A line for each enum and each field, so that a change is seen. */
function textOf({ enums, messages }: CompiledSchema): string {
  const enumLines = Object.entries(enums).map((each) => `    ${pair(...each)}`)
  const messageLines = Object.entries(messages).map(([name, fields]) => {
    const lines = fields.map((field) => `      ${JSON.stringify(field)}`)
    return `    ${JSON.stringify(name)}: [\n${lines.join(',\n')}\n    ]`
  })
  return `{\n  "enums": {\n${enumLines.join(',\n')}\n  },\n  "messages": {\n${messageLines.join(',\n')}\n  }\n}\n`
}

function pair(name: string, value: unknown): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(value)}`
}
