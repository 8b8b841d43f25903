import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Central } from '../../src/simulator/central.js'
import { startCentral } from '../helpers/central.js'

function validate(central: Central, key?: string): Promise<Response> {
  const headers = key === undefined ? {} : { Authorization: key }
  const signal = AbortSignal.timeout(60_000)
  return fetch(`${central.url}/streaming/token/validate`, { headers, redirect: 'manual', signal })
}

test('a good key is answered with itself, a renewed one with its latest renewal', async (t) => {
  const central = await startCentral(t, { keys: ['good'] })
  central.keys.renew('old', 'middle')
  central.keys.renew('middle', 'new')
  assert.deepEqual(await (await validate(central, 'good')).json(), { token: 'good' })
  for (const key of ['old', 'old', 'middle', 'new']) {
    assert.deepEqual(await (await validate(central, key)).json(), { token: 'new' })
  }
  assert.deepEqual(
    central.validations.map(({ key, status }) => `${key} ${status}`),
    ['good 200', 'old 200', 'old 200', 'middle 200', 'new 200'],
  )
})

test('a refused key has its own status, an unknown or missing one 401', async (t) => {
  const central = await startCentral(t, { keys: ['good'] })
  central.keys.refuse('expired')
  central.keys.refuse('forbidden', 403)
  assert.equal((await validate(central, 'expired')).status, 401)
  assert.equal((await validate(central, 'forbidden')).status, 403)
  assert.equal((await validate(central, 'stranger')).status, 401)
  assert.equal((await validate(central)).status, 401)
})

test('unknown keys are accepted on request', async (t) => {
  const central = await startCentral(t, { keys: ['good'], unknownKeys: 'accept' })
  assert.deepEqual(await (await validate(central, 'stranger')).json(), { token: 'stranger' })
})

test('validations fail in every way on request', async (t) => {
  const central = await startCentral(t)
  const json = { 'Content-Type': 'application/json' }
  central.failValidation({ type: 'answer', status: 503, headers: { 'Retry-After': '9' } })
  central.failValidation({ type: 'answer', status: 200, headers: json, body: '{"token":' })
  central.failValidation({ type: 'answer', status: 200, headers: json, body: '[]' })
  central.failValidation({ type: 'answer', status: 302, headers: { Location: '/elsewhere' } })
  const unavailable = await validate(central, 'key')
  assert.equal(unavailable.status, 503)
  assert.equal(unavailable.headers.get('retry-after'), '9')
  await assert.rejects((await validate(central, 'key')).json(), SyntaxError)
  assert.deepEqual(await (await validate(central, 'key')).json(), [])
  assert.equal((await validate(central, 'key')).headers.get('location'), '/elsewhere')

  central.failValidation({ type: 'reset' }, { key: 'key' })
  await assert.rejects(validate(central, 'key'), (error: Error) => {
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNRESET')
    return true
  })
  central.failValidation({ type: 'stall' })
  const stalled = validate(central, 'key')
  const came = await central.nextValidation()
  assert.equal(came.status, undefined)
  await Promise.all([assert.rejects(stalled), central.close()])
})
