import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import protobuf from 'protobufjs'
import { ROOT_MESSAGES, TOPICS } from '../../src/classic/topics.js'

type FieldFact = { number: number; name: string; label: string; type: string; default?: unknown }
type Facts = {
  syntax: string
  package: string
  messages: Record<string, FieldFact[]>
  enums: Record<string, Record<string, number>>
}

const fixture = new URL('../fixtures/schema.json', import.meta.url)
const facts: Record<string, Facts & { root: string }> = JSON.parse(readFileSync(fixture, 'utf8'))
const folder = new URL('../../proto/classic/', import.meta.url)

/** Everything that a `.proto` file says, in the form of the facts. */
function factsOf(text: string): Facts {
  const { root, package: name } = protobuf.parse(text, { keepCase: true })
  assert.ok(name)
  const found: Facts = {
    syntax: /^syntax = "(\w+)";$/m.exec(text)?.[1] ?? 'none',
    package: name,
    messages: {},
    enums: {},
  }
  const visit = (namespace: protobuf.NamespaceBase, prefix: string) => {
    for (const child of namespace.nestedArray) {
      const path = `${prefix}${child.name}`
      if (child instanceof protobuf.Enum) found.enums[path] = { ...child.values }
      else if (child instanceof protobuf.Type) {
        found.messages[path] = child.fieldsArray.map(fieldFact)
        assert.equal(child.oneofsArray.length, 0, path)
        visit(child, `${path}.`)
      } else assert.fail(`${path} is neither message nor enum`)
    }
  }
  const inside = root.lookup(name)
  assert.ok(inside instanceof protobuf.Namespace)
  visit(inside, '')
  return found
}

function fieldFact({ id, name, rule, type, options, map }: protobuf.Field): FieldFact {
  assert.equal(map, false, name)
  const fact = { number: id, name, label: rule ?? 'optional', type }
  return options?.default === undefined ? fact : { ...fact, default: options.default }
}

describe('the shipped .proto files', () => {
  it('are one a schema, and no other', () => {
    const files = Object.keys(facts).map((name) => `${name}.proto`)
    assert.deepEqual(readdirSync(folder).sort(), files.sort())
  })

  for (const [name, { root, ...expected }] of Object.entries(facts)) {
    it(`say of ${name} what is known of it, nothing more and nothing less`, () => {
      const found = factsOf(readFileSync(new URL(`${name}.proto`, folder), 'utf8'))
      assert.deepEqual(found, { ...expected, messages: sorted(expected.messages) })
      assert.ok(root in found.messages)
    })
  }

  it('have the root messages that topics are looked up by', () => {
    for (const topic of TOPICS) assert.equal(ROOT_MESSAGES[topic], facts[topic]?.root)
  })
})

function sorted(messages: Record<string, FieldFact[]>): Record<string, FieldFact[]> {
  const entries = Object.entries(messages)
  return Object.fromEntries(
    entries.map(([name, fields]) => [name, [...fields].sort((a, b) => a.number - b.number)]),
  )
}
