import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { EVENT_TYPE_PREFIX, TOPIC_FACTS, TOPICS } from '../../src/newcentral/topics.js'
import { parseProto } from '../../src/schema/parse-proto.js'

type FieldFact = {
  number: number
  name: string
  label: string
  type: string
  presence?: string
  oneof?: string
  map?: boolean
}
type Facts = {
  syntax: string
  package: string
  messages: Record<string, FieldFact[]>
  enums: Record<string, Record<string, number>>
}
type StreamFacts = Facts & {
  root: string | null
  path?: string
  event_types?: Record<string, string | null>
}

const fixture = new URL('../fixtures/schema-newcentral.json', import.meta.url)
const { google, ...facts }: Record<string, StreamFacts> = JSON.parse(readFileSync(fixture, 'utf8'))
const folder = new URL('../../proto/newcentral/', import.meta.url)

/** The facts name both versions of a stream in their own way. */
const FILES: Readonly<Record<string, string>> = {
  'location.v1alpha1': 'location-v1alpha1',
  'location.v1': 'location-events',
  'geofence.v1alpha1': 'geofence-v1alpha1',
  'geofence.v1': 'geofence-events',
}
const fileOf = (stream: string) => FILES[stream] ?? stream

/** Everything that a `.proto` file says, in the form of the facts. */
function factsOf(file: string): Facts {
  const path = fileURLToPath(new URL(`${file}.proto`, folder))
  const text = readFileSync(path, 'utf8')
  const name = /^package (.+);$/m.exec(text)?.[1] ?? ''
  const found: Facts = {
    syntax: /^syntax = "(\w+)";$/m.exec(text)?.[1] ?? 'none',
    package: name,
    messages: {},
    enums: {},
  }
  /** As the facts have it: without the package of the file. */
  const localName = ({ fullName }: protobuf.ReflectionObject) =>
    fullName.startsWith(`.${name}.`) ? fullName.slice(name.length + 2) : fullName.slice(1)
  const typeName = (type: protobuf.Type | protobuf.Enum) =>
    type.fullName.startsWith('.google.') ? type.fullName.slice(1) : type.name
  const fieldFact = (field: protobuf.Field): FieldFact => {
    const { id, map, repeated, resolvedType, type, partOf, options } = field.resolve()
    const fact: FieldFact = {
      number: id,
      name: field.name,
      label: repeated || map ? 'repeated' : 'optional',
      type: resolvedType ? typeName(resolvedType) : type,
    }
    if (map) return { ...fact, type: entryName(field.name), map: true }
    if (options?.proto3_optional === true) return { ...fact, presence: 'explicit' }
    return partOf ? { ...fact, oneof: partOf.name } : fact
  }
  const visit = (namespace: protobuf.NamespaceBase) => {
    for (const child of namespace.nestedArray) {
      const path = localName(child)
      if (child instanceof protobuf.Enum) found.enums[path] = { ...child.values }
      else if (child instanceof protobuf.Type) {
        found.messages[path] = child.fieldsArray.map(fieldFact).sort((a, b) => a.number - b.number)
        for (const field of child.fieldsArray) {
          if (!(field instanceof protobuf.MapField)) continue
          const { keyType, type, resolvedType } = field
          found.messages[`${path}.${entryName(field.name)}`] = [
            { number: 1, name: 'key', label: 'optional', type: keyType },
            {
              number: 2,
              name: 'value',
              label: 'optional',
              type: resolvedType ? typeName(resolvedType) : type,
            },
          ]
        }
        visit(child)
      } else assert.fail(`${path} is neither message nor enum`)
    }
  }
  const inside = parseProto(path).lookup(name)
  assert.ok(inside instanceof protobuf.Namespace)
  visit(inside)
  return found
}

/** protoc's name for the message of a map's entry. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Entry`
}

describe('the .proto files of New Central', () => {
  it('are one a stream and one for the envelope, and no other', () => {
    const files = Object.keys(facts).map((stream) => `${fileOf(stream)}.proto`)
    assert.deepEqual(readdirSync(folder).sort(), files.sort())
  })

  for (const [stream, { syntax, package: name, messages, enums }] of Object.entries(facts)) {
    it(`say of ${stream} what is known of it, nothing more and nothing less`, () => {
      assert.deepEqual(factsOf(fileOf(stream)), {
        syntax,
        package: name,
        messages: sorted(messages),
        enums,
      })
    })
  }

  it('use well-known types that the library has as the facts have them', () => {
    const path = fileURLToPath(new URL('cloudevent.proto', folder))
    const root = parseProto(path)
    for (const message of ['Any', 'Timestamp']) {
      const type = root.lookupType(`google.protobuf.${message}`)
      const fields = type.fieldsArray.map(({ id, protoName, name, type }) => ({
        number: id,
        name: protoName ?? name,
        label: 'optional',
        type,
      }))
      assert.deepEqual(fields, google?.messages[message])
    }
  })
})

describe('the topics of New Central', () => {
  const streams = Object.entries(facts).filter(([stream]) => stream !== 'cloudevent')

  it('are one a stream', () => {
    assert.deepEqual([...TOPICS].sort(), streams.map(([stream]) => fileOf(stream)).sort())
  })

  for (const [stream, { path, root, event_types = {} }] of streams) {
    it(`have of ${stream} the path, the message and the types of events`, () => {
      const topic = TOPICS.find((name) => name === fileOf(stream))
      assert.ok(topic)
      const { events, message = null, ...found } = TOPIC_FACTS[topic]
      const types = Object.entries(events).map(([type, of]) => [EVENT_TYPE_PREFIX + type, of])
      assert.deepEqual(
        { ...found, message, types: Object.fromEntries(types) },
        { path, message: root, types: event_types },
      )
    })
  }
})

function sorted(messages: Record<string, FieldFact[]>): Record<string, FieldFact[]> {
  const entries = Object.entries(messages)
  return Object.fromEntries(
    entries.map(([name, fields]) => [name, [...fields].sort((a, b) => a.number - b.number)]),
  )
}
