import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { writeInput } from './input.js'

test('an input file is for its owner alone, and gone with its test', async (t) => {
  let path = ''
  await t.test('inner', async (inner) => {
    const entry = { username: 'ann@example.com', wsskey: 'key', topic: 'audit' }
    path = await writeInput(inner, { CustomerA_audit: entry })
    assert.deepEqual(JSON.parse(await readFile(path, 'utf8')), {
      customers: { CustomerA_audit: entry },
    })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.equal(await readFile(await writeInput(inner, 'no { JSON'), 'utf8'), 'no { JSON')
  })
  assert.equal(existsSync(path), false)
})
