import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import { startCentral } from '../helpers/central.js'
import { FakeClock } from '../helpers/clock.js'
import { registerKey } from '../helpers/keys.js'
import { form, refusal, send, subscribe, tokenOf, tokenUrl } from './newcentral-client.js'

const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const GRANT = 'grant_type=client_credentials'

test('a client gets a token for its id and secret, in the form or by HTTP Basic', async (t) => {
  const newCentral = { clients: [{ id: 'client', secret: 'a secret+' }], expires_in: 900 }
  const central = await startCentral(t, { newCentral, clock: new FakeClock(5_000) })
  const byForm = await send(tokenUrl(central), form('client', 'a secret+'))
  const byHeader = (secret: string) =>
    send(tokenUrl(central), GRANT, { ...FORM, Authorization: basic('client', secret) })
  // RFC 6749 has the header's parts encoded; most clients send them as they are.
  const answers = [byForm, await byHeader('a secret+'), await byHeader('a+secret%2B')]
  const tokens = answers.map(({ status, headers, body }) => {
    assert.equal(status, 200)
    assert.match(headers['content-type'] ?? '', /^application\/json/)
    const { access_token, ...rest } = JSON.parse(body)
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 900 })
    return registerKey(access_token)
  })
  assert.equal(new Set(tokens).size, 3)
  for (const token of tokens) assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]{43}$/)
  assert.deepEqual(
    central.tokenRequests.map(({ username, key, status, at }) => [username, key, status, at]),
    [
      ['client', 'a secret+', 200, 5_000],
      ['client', 'a secret+', 200, 5_000],
      ['client', 'a+secret%2B', 200, 5_000],
    ],
  )
})

test('a server may want id and secret in the form alone, or by HTTP Basic alone', async (t) => {
  for (const token_auth of ['form', 'basic'] as const) {
    const central = await startCentral(t, { newCentral: { token_auth } })
    const byForm = await send(tokenUrl(central), form())
    const Authorization = basic('client', 'secret')
    const byBasic = await send(tokenUrl(central), GRANT, { ...FORM, Authorization })
    const statuses = [byForm.status, byBasic.status]
    assert.deepEqual(statuses, token_auth === 'form' ? [200, 401] : [401, 200])
    const { body } = token_auth === 'form' ? byBasic : byForm
    assert.equal(JSON.parse(body).error, 'invalid_client')
  }
})

test('a request without a token gets the error of OAuth2', async (t) => {
  const clients = [{ id: 'client', secret: 'secret' }, { id: 'refused' }]
  const newCentral = { clients, refused_client: ['refused'] }
  const central = await startCentral(t, { newCentral })
  const url = tokenUrl(central)
  const errorOf = async (answer: ReturnType<typeof send>) => {
    const { status, body } = await answer
    const { error, error_description } = JSON.parse(body)
    assert.equal(typeof error_description, 'string')
    return [status, error]
  }
  const invalid = [401, 'invalid_client']
  assert.deepEqual(await errorOf(send(url, form('client', 'wrong'))), invalid)
  assert.deepEqual(await errorOf(send(url, form('stranger'))), invalid)
  assert.deepEqual(await errorOf(send(url, form('refused'))), invalid)
  assert.deepEqual(await errorOf(send(url, GRANT)), invalid)
  const Authorization = basic('client', 'wrong')
  assert.deepEqual(await errorOf(send(url, GRANT, { ...FORM, Authorization })), invalid)
  const grant = form('client', 'secret', 'password')
  assert.deepEqual(await errorOf(send(url, grant)), [400, 'unsupported_grant_type'])
  const request = [400, 'invalid_request']
  assert.deepEqual(await errorOf(send(url, '')), request)
  assert.deepEqual(await errorOf(send(url, form(), { 'Content-Type': 'text/plain' })), request)
  assert.deepEqual(await errorOf(send(url, '', {}, { method: 'GET' })), request)
  central.newCentral.clients.refuse('client')
  assert.deepEqual(await errorOf(send(url, form())), invalid)
  central.newCentral.clients.accept({ id: 'client' })
  assert.equal((await send(url, form())).status, 200)
})

test('any client gets a token until one is named', async (t) => {
  const central = await startCentral(t)
  assert.equal((await send(tokenUrl(central), form('anybody'))).status, 200)
  central.newCentral.clients.accept({ id: 'client' })
  assert.equal((await send(tokenUrl(central), form('anybody'))).status, 401)
})

test('a client is a customer of its own, unless clients are named for one customer', async (t) => {
  const customersOf = async (newCentral: object) => {
    const central = await startCentral(t, { newCentral })
    const customers = ['one', 'two'].map(async (id) => {
      const token = await tokenOf(central, id)
      await subscribe(central, 'wids', { token, id })
      return (await central.waitForSocket({ subscriberId: id })).customerId
    })
    return Promise.all(customers)
  }
  const customerId = '0123456789abcdef0123456789abcdef'
  const [one, two] = await customersOf({})
  assert.match(one ?? '', /^[0-9a-f]{32}$/)
  assert.notEqual(one, two)
  const shared = await customersOf({ customers: 'one' })
  assert.equal(shared[0], shared[1])
  const clients = ['one', 'two'].map((id) => ({ id, customerId }))
  assert.deepEqual(await customersOf({ clients }), [customerId, customerId])
})

test('too many requests for tokens get 429, with Retry-After and without', async (t) => {
  for (const retry_after of [0, 7]) {
    const clock = new FakeClock()
    const central = await startCentral(t, { newCentral: { token_limit: 2, retry_after }, clock })
    const ask = (id?: string) => send(tokenUrl(central), form(id))
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200])
    const { status, headers } = await ask()
    assert.deepEqual([status, headers['retry-after']], [429, retry_after ? '7' : undefined])
    assert.equal((await ask('other')).status, 200)
    clock.advance(60_000)
    assert.equal((await ask()).status, 200)
  }
})

test('requests for tokens meet faults as handshakes do', async (t) => {
  const central = await startCentral(t)
  central.failToken({ type: 'answer', status: 503 }, { username: 'client' })
  central.failToken({ type: 'hang-up' }, { username: 'client' })
  assert.equal((await send(tokenUrl(central), form('other'))).status, 200)
  assert.equal((await send(tokenUrl(central), form())).status, 503)
  await assert.rejects(send(tokenUrl(central), form()), { code: 'ECONNRESET' })
  let release = () => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  central.failToken({ type: 'hold', until })
  const asked = central.nextTokenRequest()
  const answer = send(tokenUrl(central), form())
  assert.equal((await asked).username, 'client')
  release()
  assert.equal((await answer).status, 200)
  assert.deepEqual(
    central.tokenRequests.map(({ status }) => status),
    [200, 503, undefined, 200],
  )
})

test('a client that goes away in the middle of its request leaves the server well', async (t) => {
  const central = await startCentral(t)
  const outgoing = request(tokenUrl(central), { method: 'POST', headers: { 'Content-Length': 50 } })
  outgoing.on('error', () => {})
  outgoing.write('grant_type=')
  await once(outgoing, 'socket').then(([socket]) => once(socket, 'connect'))
  outgoing.destroy()
  assert.equal((await send(tokenUrl(central), form())).status, 200)
  assert.equal(central.tokenRequests.length, 1)
})

test('a token opens streams until it ends or is revoked', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { newCentral: { expires_in: 60 }, clock })
  const [first, second] = [await tokenOf(central), await tokenOf(central)]
  await subscribe(central, 'wids', { token: first })
  central.newCentral.clients.revoke(first)
  assert.equal((await refusal(central, 'wids', { token: first })).status, 401)
  clock.advance(59_999)
  await subscribe(central, 'wids', { token: second })
  clock.advance(1)
  assert.equal((await refusal(central, 'wids', { token: second })).status, 401)
})
