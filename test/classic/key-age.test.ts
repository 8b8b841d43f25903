import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEY_LIFE_DAYS, keyAge } from '../../src/classic/entry-key.js'
import { Secret } from '../../src/secret.js'
import { makeKey } from '../helpers/keys.js'

const CREATED = 1_700_000_000
const WEEK = KEY_LIFE_DAYS * 86_400
const NOW_MS = (CREATED + WEEK) * 1000

function keyWith(claims: unknown): Secret {
  const segment = Buffer.from(JSON.stringify(claims)).toString('base64url')
  return new Secret(`eyJhbGciOiJIUzI1NiJ9.${segment}.c2lnbmF0dXJl`)
}

test('the age of a key is read from its claims', () => {
  assert.equal(keyAge(new Secret(makeKey('a week', { creationDate: CREATED })), NOW_MS), WEEK)
  assert.equal(keyAge(keyWith({ Created: CREATED }), NOW_MS), WEEK)
  assert.equal(keyAge(keyWith({ creation_date: CREATED, Created: 1 }), NOW_MS), WEEK)
  assert.equal(keyAge(keyWith({ creation_date: null, Created: CREATED }), NOW_MS), WEEK)
})

test('dates in milliseconds and as text are understood', () => {
  assert.equal(keyAge(keyWith({ creation_date: CREATED * 1000 }), NOW_MS), WEEK)
  assert.equal(keyAge(keyWith({ creation_date: String(CREATED) }), NOW_MS), WEEK)
  assert.equal(keyAge(keyWith({ creation_date: CREATED + 0.5 }), NOW_MS), WEEK - 0.5)
})

test('a key of a clock that is ahead has an age below zero', () => {
  assert.equal(keyAge(keyWith({ creation_date: CREATED }), (CREATED - 60) * 1000), -60)
})

test('a key without a date has no age', () => {
  const silent = [
    ...['', 'xxxx', 'a.b', 'a.b.c', '..', 'é.é.é'].map((text) => new Secret(text)),
    ...[null, 7, 'text', [], {}].map(keyWith),
    ...['', ' ', 'yesterday', 0, -1, true, {}, [CREATED], null].map((creation_date) =>
      keyWith({ creation_date }),
    ),
  ]
  for (const key of silent) assert.equal(keyAge(key, NOW_MS), undefined)
})
