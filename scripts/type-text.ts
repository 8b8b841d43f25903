import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'
import { GEOFENCE_NOTICE, ROOT_MESSAGES, TOPICS, type Topic } from '../src/classic/topics.js'

/** Types of a record's values, by the types of `.proto` files. */
const VALUE_TYPES: Readonly<Record<string, string>> = {
  int32: 'number',
  uint32: 'number',
  sint32: 'number',
  fixed32: 'number',
  sfixed32: 'number',
  int64: 'Int64Text',
  uint64: 'Int64Text',
  sint64: 'Int64Text',
  fixed64: 'Int64Text',
  sfixed64: 'Int64Text',
  float: 'Float',
  double: 'Float',
  bool: 'boolean',
  string: 'string',
  bytes: 'BytesText',
}

/** The formatter's, which checks these files too. */
const LINE_WIDTH = 100

const GENERATED = '// Generated from proto/ by scripts/generate-types.ts; not to be edited.\n'

/** What each generated file under `src/schema/types/` contains, by its name. */
export function typeFiles(): Map<string, string> {
  const files = new Map(TOPICS.map((topic) => [`${topic}.ts`, topicText(topic)]))
  return files.set('index.ts', indexText())
}

function indexText(): string {
  const imports = TOPICS.map(
    (topic) => `import type { ${payloadsOf(topic).toSorted().join(', ')} } from './${topic}.js'`,
  )
  const entries = TOPICS.map((topic) => `  ${topic}: ${payloadsOf(topic).join(' | ')}`)
  return [
    GENERATED,
    ...imports,
    '',
    "/** What a record's `data` is, by topic. */",
    'export type TopicPayloads = {',
    ...entries,
    '}',
    '',
  ].join('\n')
}

function topicText(topic: Topic): string {
  const url = new URL(`../proto/classic/${topic}.proto`, import.meta.url)
  const options = { keepCase: true, alternateCommentMode: true }
  const { root, package: name } = protobuf.parse(readFileSync(url, 'utf8'), options)
  root.resolveAll()
  const types = reachable(payloadsOf(topic).map((each) => root.lookupType(`${name}.${each}`)))
  const texts = types.map((type) =>
    type instanceof protobuf.Enum ? enumText(type) : typeText(type),
  )
  const body = texts.join('\n')
  const shared = ['BytesText', 'Float', 'Int64Text'].filter((word) => body.includes(`: ${word}`))
  const imports = `import type { ${shared.join(', ')} } from '../value-types.js'\n`
  return [GENERATED, imports, body].join('\n')
}

/** Names of the messages that come on a topic. */
function payloadsOf(topic: Topic): string[] {
  return topic === 'location' ? [ROOT_MESSAGES[topic], GEOFENCE_NOTICE] : [ROOT_MESSAGES[topic]]
}

/** Messages and all types in them, each once; a message stands before those in it. */
function reachable(roots: readonly protobuf.Type[]): (protobuf.Type | protobuf.Enum)[] {
  const found = new Set<protobuf.Type | protobuf.Enum>(roots)
  for (const type of found) {
    if (type instanceof protobuf.Enum) continue
    for (const { resolvedType } of type.fieldsArray) if (resolvedType) found.add(resolvedType)
  }
  return [...found]
}

function enumText(type: protobuf.Enum): string {
  const values = [...Object.keys(type.values).map((name) => `'${name}'`), 'number']
  const line = `export type ${nameOf(type)} = ${values.join(' | ')}`
  const broken = [`export type ${nameOf(type)} =`, ...values.map((value) => `  | ${value}`)]
  const text = line.length <= LINE_WIDTH ? line : broken.join('\n')
  return `/** A number where the schema has no name for it. */\n${text}\n`
}

function typeText(type: protobuf.Type): string {
  const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id)
  return [
    ...docText(type.comment, ''),
    `export type ${nameOf(type)} = {`,
    ...fields.flatMap((field) => [
      ...docText(field.comment, '  '),
      `  ${field.name}?: ${valueType(field)}${field.repeated ? '[]' : ''}`,
    ]),
    '}',
    '',
  ].join('\n')
}

function docText(comment: string | null, indent: string): string[] {
  return comment ? [`${indent}/** ${comment.replaceAll('\n', ' ')} */`] : []
}

function valueType({ resolvedType, type }: protobuf.Field): string {
  return resolvedType ? nameOf(resolvedType) : (VALUE_TYPES[type] as string)
}

/** As in the `.proto` file; a nested type has the name of the outer one before its own. */
function nameOf(type: protobuf.Type | protobuf.Enum): string {
  return type.parent instanceof protobuf.Type ? `${nameOf(type.parent)}_${type.name}` : type.name
}
