import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock } from '../helpers/clock.js'
import { clientAt, tokensOn } from '../helpers/new-central.js'
import { listen } from '../helpers/tcp-server.js'

const { signal } = new AbortController()

async function failure(promise: Promise<unknown>): Promise<StreamError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StreamError)
  return error
}

test('ten entries with one API client share one request', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  const tokens = tokensOn(clock)
  const all = await Promise.all(
    Array.from({ length: 10 }, () => tokens.get(clientAt(central), signal)),
  )
  assert.equal(new Set(all).size, 1)
  assert.equal(central.tokenRequests.length, 1)
  await tokens.get(clientAt(central, 'another'), signal)
  assert.equal(central.tokenRequests.length, 2)
})

test('a token is kept until 80 % of its life is over', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { expires_in: 1000 } })
  const tokens = tokensOn(clock)
  const first = await tokens.get(clientAt(central), signal)
  clock.advance(799_999)
  assert.equal(await tokens.get(clientAt(central), signal), first)
  clock.advance(1)
  assert.notEqual(await tokens.get(clientAt(central), signal), first)
  assert.equal(central.tokenRequests.length, 2)
})

test('a token grows old while the machine sleeps, and also where its clock is set back', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { expires_in: 1000 } })
  let sleptMs = 0
  const sleepy: FakeClock = Object.assign(new FakeClock(), { now: () => clock.now() + sleptMs })
  const tokens = tokensOn(sleepy)
  const first = await tokens.get(clientAt(central), signal)
  sleptMs = 800_000
  assert.equal(first.freshMs, 0)
  sleptMs = -3_600_000
  assert.equal(first.freshMs, 800_000)
  sleepy.advance(800_000)
  assert.equal(first.freshMs, 0)
})

test('a life that a token cannot have does not make it be asked for without end', async (t) => {
  const lives: unknown[] = [1e-9, 0.5, 2, 1e308, 0, -1, 'soon', null]
  const server = createServer((_, answer) => {
    answer.end(JSON.stringify({ access_token: 'token', expires_in: lives.shift() }))
  })
  const url = `http://127.0.0.1:${await listen(t, server)}`
  const got: number[] = []
  while (lives.length > 0) {
    const { lifeMs } = await tokensOn(new FakeClock()).get(clientAt({ url }), signal)
    got.push(lifeMs / 1000)
  }
  const year = 366 * 86_400
  assert.deepEqual(got, [1, 1, 2, year, 900, 900, 900, 900])
})

test('an endpoint that wants HTTP Basic gets it, and is asked that way from then on', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { token_auth: 'basic' } })
  const tokens = tokensOn(clock)
  const client = clientAt(central, 'an id', 'a+secret/with ünïcode:')
  const first = await tokens.get(client, signal)
  assert.equal(central.tokenRequests.length, 2)
  tokens.drop(client, first.secret)
  await tokens.get(client, signal)
  assert.equal(central.tokenRequests.length, 3)
})

test('a wrong secret is refused, with what the endpoint says, and the secret is not shown', async (t) => {
  const clock = new FakeClock()
  const newCentral = { clients: [{ id: 'client', secret: 'the right one' }] }
  const central = await startCentral(t, { clock, newCentral })
  const tokens = tokensOn(clock)
  const error = await failure(tokens.get(clientAt(central, 'client', 'wr0ng-one'), signal))
  assert.equal(error.code, 'client-refused')
  assert.equal(error.exitCode, 3)
  assert.match(error.message, /answered 401 .* client id client: .*invalid_client.*client_secret/)
  assert.doesNotMatch(error.message, /wr0ng-one/)
})

test('a failed request serves all others who ask within a second', async (t) => {
  const clock = new FakeClock()
  const newCentral = { clients: [{ id: 'client', secret: 'the right one' }] }
  const central = await startCentral(t, { clock, newCentral })
  const tokens = tokensOn(clock)
  const client = clientAt(central, 'client', 'wrong')
  const first = await failure(tokens.get(client, signal))
  // In the form, and in the header.
  assert.equal(central.tokenRequests.length, 2)
  clock.advance(999)
  assert.equal(await failure(tokens.get(client, signal)), first)
  assert.equal(central.tokenRequests.length, 2)
  clock.advance(1)
  const caller = {}
  assert.notEqual(await failure(tokens.get(client, signal, caller)), first)
  assert.equal(central.tokenRequests.length, 4)
  // Who asks again wants to know whether it is better now.
  await failure(tokens.get(client, signal, caller))
  assert.equal(central.tokenRequests.length, 6)
})

for (const [status, code] of [
  [429, 'unavailable'],
  [503, 'unavailable'],
  [403, 'answer-invalid'],
  [302, 'answer-invalid'],
] as const) {
  test(`an answer with ${status} is retried, and its body is not shown`, async (t) => {
    const clock = new FakeClock()
    const central = await startCentral(t, { clock })
    const headers = { 'Retry-After': '7', Location: 'https://elsewhere.example/secret' }
    central.failToken({ type: 'answer', status, headers, body: 'secret' })
    const error = await failure(tokensOn(clock).get(clientAt(central), signal))
    assert.equal(error.code, code)
    assert.equal(error.retry, true)
    assert.doesNotMatch(error.message, /secret"|\/secret/)
    if (code === 'unavailable') assert.equal(error.retryAfterMs, 7000)
  })
}

for (const body of ['<html>', '{}', '{"access_token":""}', '{"access_token":"a\\nb"}']) {
  test(`an answer that is no token is retried: ${body}`, async (t) => {
    const clock = new FakeClock()
    const central = await startCentral(t, { clock })
    central.failToken({ type: 'answer', status: 200, headers: {}, body })
    const error = await failure(tokensOn(clock).get(clientAt(central), signal))
    assert.equal(error.code, 'answer-invalid')
    assert.equal(error.retry, true)
  })
}

test('others still get the token where the first that asked has left', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  const tokens = tokensOn(clock)
  const leaving = new AbortController()
  const first = tokens.get(clientAt(central), leaving.signal)
  const second = tokens.get(clientAt(central), signal)
  leaving.abort()
  await assert.rejects(first)
  assert.ok((await second).lifeMs > 0)
})
