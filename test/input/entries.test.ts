import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffEntries } from '../../src/input/entries.js'
import { parseHost } from '../../src/net/host.js'
import { Secret } from '../../src/secret.js'

test('subscriptions are compared by what they connect with', () => {
  const host = parseHost('eu.example')
  const entry = (name: string, changes: object = {}) => ({
    name,
    topic: 'audit' as const,
    label: name,
    username: 'u',
    key: new Secret('k'),
    hostname: undefined,
    host,
    ...changes,
  })
  const before = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => entry(name))
  const after = [
    entry('new'),
    entry('f'),
    entry('e', { host: parseHost('us.example') }),
    entry('d', { key: new Secret('other') }),
    entry('c', { username: undefined }),
    entry('b', { topic: 'apprf' }),
    entry('a', { topic: 'apprf' }),
  ]
  const names = Object.entries(diffEntries(before, after)).map(([kind, entries]) => [
    kind,
    entries.map(({ name }) => name).join(' '),
  ])
  assert.deepEqual(Object.fromEntries(names), {
    added: 'new b a',
    removed: 'a b',
    changed: 'e d c',
    same: 'f',
  })
})
