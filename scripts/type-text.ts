import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import * as classic from '../src/classic/topics.js'
import { wellKnownOf } from '../src/decode/well-known-types.js'
import * as newCentral from '../src/newcentral/topics.js'
import { recordName } from '../src/schema/message-type.js'
import { parseProto } from '../src/schema/parse-proto.js'

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

/** Types of well-known types that New Central uses. */
const WELL_KNOWN_TYPES: Readonly<Record<string, string>> = {
  Struct: 'JsonStruct',
  Timestamp: 'TimeText',
}

/** A service's topics and the messages that come on each. */
type Service = {
  readonly folder: string
  /** Where its types stand under `src/schema/types/`. */
  readonly target: string
  /** Name of the type that has all topics. */
  readonly all: string
  readonly topics: readonly string[]
  payloadsOf(topic: string): readonly string[]
}

const SERVICES: readonly Service[] = [
  {
    folder: 'classic',
    target: '',
    all: 'TopicPayloads',
    topics: classic.TOPICS,
    payloadsOf(topic) {
      const root = classic.ROOT_MESSAGES[topic as classic.Topic]
      return topic === 'location' ? [root, classic.GEOFENCE_NOTICE] : [root]
    },
  },
  {
    folder: 'newcentral',
    target: 'newcentral/',
    all: 'NewCentralPayloads',
    topics: newCentral.TOPICS,
    payloadsOf: (topic) => newCentral.messagesOf(topic as newCentral.Topic),
  },
]

/** The formatter's, which checks these files too. */
const LINE_WIDTH = 100

const GENERATED = '// Generated from proto/ by scripts/generate.ts; not to be edited.\n'

/** What each generated file under `src/schema/types/` contains, by its name. */
export function typeFiles(): Map<string, string> {
  return new Map(
    SERVICES.flatMap((service): [string, string][] => [
      ...service.topics.map((topic): [string, string] => [
        `${service.target}${topic}.ts`,
        topicText(service, topic),
      ]),
      [`${service.target}index.ts`, indexText(service)],
    ]),
  )
}

function indexText({ all, topics, payloadsOf }: Service): string {
  // Two versions of a stream have messages of the same name.
  const names = topics.flatMap(payloadsOf)
  const localName = (topic: string, name: string) =>
    names.filter((each) => each === name).length > 1
      ? `${name}_${topic.replaceAll('-', '_')}`
      : name
  const imports = topics
    .map((topic) => {
      const listed = payloadsOf(topic)
        .toSorted()
        .map((name) => {
          const local = localName(topic, name)
          return local === name ? name : `${name} as ${local}`
        })
      return broken(`import type { `, listed, ` } from './${topic}.js'`, ', ')
    })
    .toSorted((a, b) => (moduleOf(a) < moduleOf(b) ? -1 : 1))
  const entries = topics.map((topic) => {
    const union = payloadsOf(topic).map((name) => localName(topic, name))
    const key = /^\w+$/.test(topic) ? topic : `'${topic}'`
    const line = `  ${key}: ${union.join(' | ')}`
    return line.length <= LINE_WIDTH
      ? line
      : `  ${key}:\n${union.map((name) => `    | ${name}`).join('\n')}`
  })
  return [
    GENERATED,
    ...imports,
    '',
    "/** What a record's `data` is, by topic. */",
    `export type ${all} = {`,
    ...entries,
    '}',
    '',
  ].join('\n')
}

function moduleOf(statement: string): string {
  return /'(.*)'/.exec(statement)?.[1] ?? ''
}

/** A statement with a list, with a line for each element where one line is too long. */
function broken(start: string, listed: readonly string[], end: string, comma: string): string {
  const line = start + listed.join(comma) + end
  if (listed.length === 1 || line.length <= LINE_WIDTH) return line
  return `${start.trimEnd()}\n${listed.map((each) => `  ${each},`).join('\n')}\n${end.trimStart()}`
}

function topicText({ folder, target, payloadsOf }: Service, topic: string): string {
  const url = new URL(`../proto/${folder}/${topic}.proto`, import.meta.url)
  const root = parseProto(fileURLToPath(url), true)
  const messages = payloadsOf(topic).map((name) => messageOf(root, name))
  const types = reachable(messages)
  const texts = types.map((type) =>
    type instanceof protobuf.Enum ? enumText(type) : typeText(type),
  )
  const body = texts.join('\n')
  const shared = ['BytesText', 'Float', 'Int64Text', 'JsonStruct', 'TimeText'].filter((word) =>
    body.includes(`: ${word}`),
  )
  const imports =
    shared.length === 0
      ? []
      : [`import type { ${shared.join(', ')} } from '${target && '../'}../value-types.js'\n`]
  return [GENERATED, ...imports, body].join('\n')
}

function messageOf(root: protobuf.NamespaceBase, name: string): protobuf.Type {
  const find = (within: protobuf.NamespaceBase): protobuf.Type | undefined => {
    for (const child of within.nestedArray) {
      if (child instanceof protobuf.Type && child.name === name) return child
      const found = child instanceof protobuf.Namespace ? find(child) : undefined
      if (found) return found
    }
    return undefined
  }
  const found = find(root)
  if (found === undefined) throw new Error(`no message ${name}`)
  return found
}

/** Messages and all types in them, each once; a message stands before those in it. */
function reachable(roots: readonly protobuf.Type[]): (protobuf.Type | protobuf.Enum)[] {
  const found = new Set<protobuf.Type | protobuf.Enum>(roots)
  for (const type of found) {
    if (type instanceof protobuf.Enum) continue
    for (const { resolvedType } of type.fieldsArray) {
      if (resolvedType && !wellKnown(resolvedType)) found.add(resolvedType)
    }
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
      `  ${recordName(field)}?: ${valueType(field)}${field.repeated ? '[]' : ''}`,
    ]),
    '}',
    '',
  ].join('\n')
}

function docText(comment: string | null, indent: string): string[] {
  return comment ? [`${indent}/** ${comment.replaceAll('\n', ' ')} */`] : []
}

function valueType(field: protobuf.Field): string {
  const { map, resolvedType, type } = field
  const value = resolvedType
    ? (wellKnown(resolvedType) ?? nameOf(resolvedType))
    : (VALUE_TYPES[type] as string)
  return map ? `{ [key: string]: ${value} }` : value
}

function wellKnown(type: protobuf.Type | protobuf.Enum): string | undefined {
  const found = type instanceof protobuf.Type ? wellKnownOf(type) : undefined
  return found && WELL_KNOWN_TYPES[found]
}

/** As in the `.proto` file; a nested type has the name of the outer one before its own. */
function nameOf(type: protobuf.Type | protobuf.Enum): string {
  return type.parent instanceof protobuf.Type ? `${nameOf(type.parent)}_${type.name}` : type.name
}
