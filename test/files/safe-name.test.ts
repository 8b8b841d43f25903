import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { safeName } from '../../src/files/safe-name.js'

describe('safeName', () => {
  test('leaves an ordinary name as it is', () => {
    assert.equal(safeName('CustomerA_presence-2.eu'), 'CustomerA_presence-2.eu')
    assert.equal(safeName('a.b', { keepDots: false }), 'a%2Eb')
  })

  test('leaves nothing that leads to another folder or splits a subject', () => {
    for (const name of [
      '../../etc/passwd',
      '..',
      '.',
      '.hidden',
      '/',
      'a/b',
      'a\\b',
      'a\0b',
      'a\nb',
    ]) {
      assert.match(safeName(name), /^[\w%-][\w.%~-]*$/, JSON.stringify(name))
    }
    for (const name of ['a.b', 'a b', '*', '>', 'a.>', 'ü', '']) {
      assert.match(safeName(name, { keepDots: false }), /^[\w%~-]+$/, JSON.stringify(name))
    }
  })

  test('gives different names for different entries', () => {
    const names = ['a/b', 'a%2Fb', 'a_b', 'a b', 'ä', 'a\u0308', '', '%', '\ud800', '\udc00']
    const long = 'x'.repeat(300)
    const all = [...names, long, `${long}y`].map((name) => safeName(name))
    assert.equal(new Set(all).size, all.length)
    assert.ok(all.every((name) => name.length <= 200))
  })
})
