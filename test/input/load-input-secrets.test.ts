import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'
import { entryProblems, load, problems, problemsOf } from './problems.js'

const ROUNDS = sized(150, 2000)

test('a key says what is wrong with it without being shown', async (t) => {
  const key = makeKey('faulty')
  const said = (wsskey: unknown) => entryProblems(t, { wsskey })
  assert.match(
    await said(`${key}\n`),
    new RegExp(`holds a line feed at character ${key.length + 1}`),
  )
  assert.match(await said(`\0${key}`), /holds a NUL character at character 1,/)
  assert.match(
    await said(`“${key}”`),
    /holds a typographic quotation mark \(U\+201C\) at character 1,/,
  )
  assert.match(await said(` ${key}`), /begins or ends with a blank/)
  assert.match(await said({ key }), /a string; got an object/)
  assert.match(await said(null), /a string; got null/)
  assert.match(
    await said("paste the key from Central's Streaming page here"),
    /still holds the text of an example/,
  )
})

test('a key that was pasted into the wrong place is not shown', async (t) => {
  const key = makeKey('displaced')
  const [, , signature = ''] = key.split('.')
  for (const entry of [
    { topic: key },
    { wsskey: 'audit', topic: key },
    { wsskey: key, topic: key },
    { wsskey: key, topic: `x${signature}` },
    { topic: signature.slice(0, 20) },
    { hostname: key },
    { wsskey: key, hostname: `ftp://${signature}` },
    { username: `${key}\n` },
    { username: [key] },
  ]) {
    const said = await entryProblems(t, entry)
    assert.match(said, /^FILE: customers\.A\.(topic|hostname|username): /)
  }
  const asName = await problemsOf(t, { customers: { [key]: 1 } })
  assert.match(asName, /^FILE: customers\[entry 1\]: expected an object/)
})

test('whatever happens to a file, JSON is told from other text as JSON.parse does, and no key is shown', async (t) => {
  const random = seededRandom(7)
  const int = (below: number) => Math.floor(random() * below)
  const customers = Object.fromEntries(
    ['A', 'B', 'C'].map((name) => [
      name,
      {
        username: 'abc@example.com',
        wsskey: makeKey(name),
        topic: 'audit',
        hostname: 'eu.example',
      },
    ]),
  )
  const good = JSON.stringify({ customers }, null, 2)
  const path = await writeInput(t, good)
  const inserts = ['"', '\\', '{', '}', ':', ',', '\n', '", "x": "', 'x', 'é', '": {"a": "']
  let invalid = 0
  for (let round = 0; round < ROUNDS; round++) {
    let text = good
    for (let change = int(3); change >= 0; change--) {
      const [at, length] = [int(text.length), int(2) ? int(3) : int(120)]
      text = text.slice(0, at) + (inserts[int(16)] ?? '') + text.slice(at + length)
    }
    await writeFile(path, text)
    let isJson = true
    try {
      JSON.parse(text)
    } catch {
      isJson = false
    }
    const said = await problems(path)
    assert.equal(!said.includes('is not JSON'), isJson, `round ${round}`)
    for (const { wsskey } of Object.values(customers)) {
      for (let at = 0; at + 8 <= wsskey.length; at++) {
        assert.ok(!said.includes(wsskey.slice(at, at + 8)), `round ${round} shows a piece of a key`)
      }
    }
    if (said !== 'valid') invalid++
  }
  assert.ok(invalid > ROUNDS / 2)
})

test('pieces of keys stay hidden in however many places they were pasted', async (t) => {
  const all = Array.from({ length: 200 }, (_, n) => makeKey(`piece ${n}`)).map((key) => ({
    key,
    piece: key.slice(-20),
  }))
  // A file shows its first problems alone, so each part comes first in a file of all.
  for (let first = 0; first < all.length; first += sized(40, 10)) {
    const pieces = [...all.slice(first), ...all.slice(0, first)]
    const customers = Object.fromEntries(
      pieces.map(({ key, piece }) => [`x${piece}`, { wsskey: key, topic: piece, hostname: piece }]),
    )
    const said = await problemsOf(t, { customers })
    assert.match(said, /^FILE: 400 problems\n/)
    for (const { piece } of pieces) assert.ok(!said.includes(piece.slice(0, 8)), said)
  }
})

test('a thousand entries with keys of any length and a few hosts are read', async (t) => {
  const customers = Object.fromEntries(
    Array.from({ length: 1000 }, (_, n) => {
      const wsskey = `${makeKey(`entry ${n}`)}${randomBytes(300).toString('base64url')}`
      return [`Customer_${n}`, { wsskey, topic: 'audit', hostname: `us${n % 3}.central.example` }]
    }),
  )
  const { entries, warnings } = await load(await writeInput(t, customers))
  assert.equal(entries.length, 1000)
  assert.deepEqual(warnings, [])
})
