import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { TOPIC_FACTS, TOPICS } from '../../src/newcentral/topics.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { certificates } from '../helpers/tls.js'
import {
  dial,
  eventFrame,
  publish,
  refusal,
  send,
  subscribe,
  tokenOf,
  tokenUrl,
} from './newcentral-client.js'

const RAW = 'network-services.v1alpha1.rssi.raw-rssi'

test('each stream opens at its path, and both services stand on one port', async (t) => {
  const central = await startCentral(t)
  const token = await tokenOf(central)
  for (const topic of TOPICS) {
    await subscribe(central, topic, { token, id: `id of ${topic}` })
    const socket = await central.waitForSocket({ topic, subscriberId: `id of ${topic}` })
    assert.deepEqual([socket.key, socket.username], [token, 'client'])
    assert.equal(socket.request.path, TOPIC_FACTS[topic].path)
  }
  const headers = { Authorization: 'a key', Topic: 'audit' }
  const classic = new WebSocket(`${central.url.replace('http', 'ws')}/streaming/api`, { headers })
  await once(classic, 'open')
  assert.equal(central.sockets.length, TOPICS.length + 1)
})

test('a stream without an upgrade is answered with 400, and an unknown path with 404', async (t) => {
  const central = await startCentral(t)
  const get = (path: string) => send(central.url + path, '', {}, { method: 'GET' })
  assert.equal((await get(TOPIC_FACTS.wids.path)).status, 400)
  assert.equal((await get('/network-services/v1alpha1/wifi')).status, 404)
})

test('a handshake without a good token is answered with 401', async (t) => {
  const central = await startCentral(t)
  const token = await tokenOf(central)
  assert.equal((await refusal(central, 'wids', { token: 'made-up' })).status, 401)
  const url = central.url.replace('http', 'ws') + TOPIC_FACTS.wids.path
  for (const headers of [{}, { Authorization: token }, { 'X-Token': token }]) {
    const ws = new WebSocket(url, { headers: headers as Record<string, string> })
    const [error] = await once(ws, 'error')
    assert.match(error.message, /401/)
  }
})

test('the body of a refusal is JSON, text, or empty', async (t) => {
  const bodies: string[] = []
  for (const error_body of ['json', 'text', 'empty'] as const) {
    const central = await startCentral(t, { newCentral: { error_body } })
    const { headers, body } = await refusal(central, 'wids', { token: 'made-up' })
    bodies.push(`${headers['content-type']} ${body}`)
  }
  const [json = '', text, empty] = bodies
  assert.match(json, /^application\/json \{"httpStatusCode":401,"errorCode":"HPE_GL_ERROR_UNAUTH/)
  assert.equal(text, 'text/plain The token is missing or not good\n')
  assert.equal(empty, 'text/plain ')
})

test('a client of the old kind gets a token, and 403 for it', async (t) => {
  const central = await startCentral(t, { newCentral: { old_client: ['old'] } })
  const token = await tokenOf(central, 'old')
  assert.equal((await refusal(central, 'wids', { token })).status, 403)
  const other = await tokenOf(central)
  await subscribe(central, 'wids', { token: other })
  central.newCentral.clients.outdate('client')
  assert.equal((await refusal(central, 'wids', { token: other })).status, 403)
})

test('a stream that the cluster lacks is answered with 404', async (t) => {
  const central = await startCentral(t, { newCentral: { missing: ['wids'] } })
  const token = await tokenOf(central)
  assert.equal((await refusal(central, 'wids', { token })).status, 404)
  await subscribe(central, 'rssi-events', { token })
})

test('a stream without a subscription is answered with 403, or stays silent', async (t) => {
  for (const no_subscription of ['403', 'silent'] as const) {
    const unsubscribed = ['rssi-events', 'audit']
    const central = await startCentral(t, { newCentral: { no_subscription }, unsubscribed })
    const token = await tokenOf(central)
    if (no_subscription === '403') {
      assert.equal((await refusal(central, 'rssi-events', { token })).status, 403)
    } else {
      await subscribe(central, 'rssi-events', { token })
      assert.equal(await central.broadcast('rssi-events', eventFrame('a')), 0)
    }
    central.newCentral.unsubscribed.delete('rssi-events')
    const { ids } = await subscribe(central, 'rssi-events', { token })
    await publish(central, 'rssi-events', ['b'])
    await until(() => ids.length === 1)
    assert.deepEqual(ids, ['b'])
  }
})

test('a wrong event type is answered with 400, or brings nothing', async (t) => {
  for (const wrong_type of ['400', 'silent'] as const) {
    const central = await startCentral(t, { newCentral: { wrong_type } })
    const token = await tokenOf(central)
    const wrong = { token, types: [RAW, 'network-services.v1alpha1.rssi.cooked'] }
    if (wrong_type === '400') {
      const { status, body } = await refusal(central, 'rssi-events', wrong)
      assert.equal(status, 400)
      assert.match(JSON.parse(body).message, /rssi\.cooked$/)
    } else {
      const { ids } = await subscribe(central, 'rssi-events', wrong)
      await publish(central, 'rssi-events', ['raw'])
      await until(() => ids.length === 1)
    }
    await subscribe(central, 'rssi-events', { token, types: [RAW] })
  }
})

test('too many handshakes of a customer get 429, with Retry-After and without', async (t) => {
  for (const retry_after of [0, 30]) {
    const clock = new FakeClock()
    const central = await startCentral(t, { newCentral: { limit: 1, retry_after }, clock })
    const token = await tokenOf(central)
    await subscribe(central, 'wids', { token })
    const { status, headers } = await refusal(central, 'wids', { token })
    assert.deepEqual([status, headers['retry-after']], [429, retry_after ? '30' : undefined])
    await subscribe(central, 'wids', { token: await tokenOf(central, 'other') })
    clock.advance(60_000)
    await subscribe(central, 'wids', { token })
  }
})

test('handshakes meet faults by topic, client and subscriber id', async (t) => {
  const central = await startCentral(t)
  const token = await tokenOf(central)
  central.failHandshake({ type: 'answer', status: 503 }, { subscriberId: 'a', topic: 'wids' })
  central.failHandshake({ type: 'reset' }, { username: 'client', topic: 'wids' })
  await subscribe(central, 'rssi-events', { token, id: 'a' })
  assert.equal((await refusal(central, 'wids', { token, id: 'a' })).status, 503)
  const [error] = await once(dial(central, 'wids', { token, id: 'a' }).ws, 'error')
  assert.equal(error.code, 'ECONNRESET')
  central.failHandshake({ type: 'stall' })
  const asked = central.nextHandshake()
  const stalled = dial(central, 'wids', { token })
  assert.equal((await asked).status, undefined)
  assert.equal(stalled.ws.readyState, WebSocket.CONNECTING)
  stalled.ws.terminate()
})

test('an open socket can be broken in every way', async (t) => {
  const central = await startCentral(t)
  const token = await tokenOf(central)
  const open = async () => {
    const subscription = await subscribe(central, 'wids', { token })
    // The newest: the one before may not be gone yet.
    const socket = central.sockets.at(-1)
    assert.ok(socket)
    return { socket, ...subscription }
  }
  const text = await open()
  await text.socket.sendText('hello')
  await text.socket.send(Buffer.from('not protobuf').subarray(0, 0))
  text.socket.terminate()
  assert.equal(await text.closed, 1006)
  assert.deepEqual([text.texts, text.ids.length], [['hello'], 1])
  const closed = await open()
  closed.socket.close(1012)
  assert.equal(await closed.closed, 1012)
  const frozen = await open()
  frozen.socket.freeze()
  assert.equal(await frozen.socket.send(eventFrame('a')), false)
  frozen.socket.reset()
  assert.equal(await frozen.closed, 1006)
})

test('a stream can stand at another path', async (t) => {
  const central = await startCentral(t, { newCentral: { paths: { wids: '/moved/wids' } } })
  const headers = { Authorization: `Bearer ${await tokenOf(central)}` }
  const ws = new WebSocket(`${central.url.replace('http', 'ws')}/moved/wids`, { headers })
  await once(ws, 'open')
  assert.equal(central.sockets[0]?.topic, 'wids')
})

test('tokens and streams work over TLS', async (t) => {
  const { good, ca } = await certificates()
  const central = await startCentral(t, { tls: good })
  const token = await tokenOf(central, 'client', ca)
  const { ids } = await subscribe(central, 'wids', { token, client: { ca } })
  await publish(central, 'wids', ['a'])
  await until(() => ids.length === 1)
  await assert.rejects(send(tokenUrl(central), ''), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
})
