import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { closedPort, startCentral, startSilentServer } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { certificates } from '../helpers/tls.js'
import { openSocket, refusal } from './client.js'

const GOOD = { Authorization: 'good', Topic: 'presence' }

test('a good handshake opens a socket and is listed with its headers in order', async (t) => {
  const central = await startCentral(t, { keys: ['good'], clock: new FakeClock(1_234) })
  const headers = { UserName: 'ann@example.com', ...GOOD }
  const client = openSocket(central, headers, { perMessageDeflate: true })
  await once(client, 'open')
  assert.equal(client.extensions, '')
  const [socket] = central.sockets
  assert.deepEqual(
    [socket?.topic, socket?.key, socket?.username],
    ['presence', 'good', 'ann@example.com'],
  )
  const [handshake] = central.handshakes
  assert.deepEqual(
    [handshake?.status, handshake?.at, handshake?.path],
    [101, 1_234, '/streaming/api'],
  )
  const sent = handshake?.rawHeaders.filter(([name]) => name in headers)
  assert.deepEqual(sent, Object.entries(headers))
  assert.equal(central.connections.accepted, 1)
})

test('handshakes are refused as Central refuses them', async (t) => {
  const central = await startCentral(t, { keys: ['good', 'other'], unsubscribed: ['audit'] })
  central.keys.renew('old', 'new')
  central.keys.refuse('gone', 403)
  central.keys.unsubscribe('apprf', 'other')
  const unsubscribed = { status: 400, type: 'text/plain', body: 'Unsubscribed Topic\n' }
  assert.deepEqual(await refusal(central, { ...GOOD, Topic: 'audit' }), unsubscribed)
  assert.deepEqual(await refusal(central, { Authorization: 'other', Topic: 'apprf' }), unsubscribed)
  assert.deepEqual(await refusal(central, { ...GOOD, Topic: 'wifi' }), unsubscribed)
  assert.deepEqual(await refusal(central, { Authorization: 'good' }), unsubscribed)
  for (const key of ['stranger', 'old', 'gone', 'Bearer good']) {
    assert.equal((await refusal(central, { ...GOOD, Authorization: key })).status, 401, key)
  }
  assert.equal((await refusal(central, { Topic: 'presence' })).status, 401)
  assert.deepEqual(
    central.handshakes.map(({ status }) => status),
    [400, 400, 400, 400, 401, 401, 401, 401, 401],
  )
  assert.equal(central.sockets.length, 0)
})

test('topics and keys can change while the server runs', async (t) => {
  const central = await startCentral(t, { keys: ['good'], unsubscribed: ['presence'] })
  assert.equal((await refusal(central, GOOD)).status, 400)
  central.keys.subscribe('presence')
  await once(openSocket(central, GOOD), 'open')
  central.keys.renew('good', 'better')
  assert.equal((await refusal(central, GOOD)).status, 401)
  await once(openSocket(central, { ...GOOD, Authorization: 'better' }), 'open')
})

test('any key is good until one is named, but not after Bearer', async (t) => {
  const central = await startCentral(t)
  await once(openSocket(central, { Authorization: 'any', Topic: 'audit' }), 'open')
  assert.equal((await refusal(central, { Authorization: 'Bearer x', Topic: 'audit' })).status, 401)
})

test('an unknown path is answered with 404, the streaming path without an upgrade with 400', async (t) => {
  const central = await startCentral(t)
  const [error] = await once(openSocket(central, GOOD, {}, '/streaming'), 'error')
  assert.match(error.message, /404/)
  const elsewhere = await fetch(`${central.url}/elsewhere`)
  assert.equal(elsewhere.status, 404)
  const notUpgraded = await fetch(`${central.url}/streaming/api`)
  assert.equal(notUpgraded.status, 400)
})

test('faults apply to the selected handshakes, as often as requested', async (t) => {
  const central = await startCentral(t, { keys: ['good', 'other'] })
  const headers = { 'Retry-After': '7' }
  central.failHandshake(
    { type: 'answer', status: 503, headers, body: 'later\nplease' },
    { key: 'other' },
  )
  central.failHandshake({ type: 'answer', status: 302, headers: { Location: 'https://else' } })
  const remove = central.failHandshake(
    { type: 'answer', status: 200 },
    { topic: 'audit' },
    Infinity,
  )

  assert.equal((await refusal(central, GOOD)).status, 302)
  const later = await refusal(central, { ...GOOD, Authorization: 'other' })
  assert.deepEqual(later, { status: 503, type: 'text/plain', body: 'later\nplease' })
  for (const _ of [1, 2, 3]) {
    assert.equal((await refusal(central, { ...GOOD, Topic: 'audit' })).status, 200)
  }
  remove()
  await once(openSocket(central, { ...GOOD, Topic: 'audit' }), 'open')
  await once(openSocket(central, GOOD), 'open')
})

test('a handshake is reset, ended, or never answered', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'reset' })
  const [reset] = await once(openSocket(central, GOOD), 'error')
  assert.equal(reset.code, 'ECONNRESET')
  assert.equal(reset.message, 'read ECONNRESET')

  central.failHandshake({ type: 'hang-up' })
  const [hungUp] = await once(openSocket(central, GOOD), 'error')
  assert.equal(hungUp.message, 'socket hang up')

  central.failHandshake({ type: 'stall' })
  const asked = central.nextHandshake()
  const stalled = openSocket(central, GOOD)
  await asked
  // The answer to a later handshake proves that the server had time for this one.
  await once(openSocket(central, GOOD), 'open')
  assert.equal(stalled.readyState, WebSocket.CONNECTING)
  stalled.terminate()
  assert.deepEqual(
    central.handshakes.map(({ status }) => status),
    [undefined, undefined, undefined, 101],
  )
})

test('held handshakes are counted until they are released', async (t) => {
  const central = await startCentral(t)
  let release = () => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  central.failHandshake({ type: 'hold', until }, {}, 3)
  const third = central.nextHandshake({ topic: 'audit' })
  const clients = ['presence', 'location', 'audit'].map((topic) =>
    openSocket(central, { Authorization: 'key', Topic: topic }),
  )
  const opened = Promise.all(clients.map((client) => once(client, 'open')))
  await third
  while (central.handshakes.length < 3) await central.nextHandshake()
  assert.deepEqual([central.pending.now, central.pending.peak], [3, 3])
  release()
  await opened
  assert.deepEqual([central.pending.now, central.pending.peak], [0, 3])
})

test('replay headers choose frames that were broadcast before', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { history: 4, clock })
  for (const text of ['a', 'b', 'c', 'd', 'e']) {
    clock.advance(60_000)
    await central.broadcast('presence', Buffer.from(text))
  }
  await central.broadcast('audit', Buffer.from('x'))
  const replayed = async (headers: Record<string, string>) => {
    const client = openSocket(central, { ...GOOD, ...headers })
    const frames: string[] = []
    const end = new Promise<void>((resolve) => {
      client.on('message', (data) => (String(data) === '!' ? resolve() : frames.push(String(data))))
    })
    const socket = await central.nextSocket()
    await socket.send(Buffer.from('!'))
    await end
    client.close()
    return frames.join('')
  }
  assert.equal(await replayed({}), '')
  assert.equal(await replayed({ 'X-Deliver-All': 'true' }), 'bcde')
  assert.equal(await replayed({ 'X-Deliver-Last': 'true' }), 'e')
  assert.equal(await replayed({ 'X-Start-Seq': '4' }), 'de')
  assert.equal(await replayed({ 'X-Since-Time': '1m' }), 'de')
  assert.equal(await replayed({ 'X-Since-Time': '0h2m1s' }), 'cde')
  assert.equal(await replayed({ 'X-Since-Time': 'yesterday' }), '')
})

test('a server with a certificate speaks TLS', async (t) => {
  const { good, ca } = await certificates()
  const central = await startCentral(t, { tls: good })
  assert.match(central.url, /^https:\/\/127\.0\.0\.1:\d+$/)
  await once(openSocket(central, GOOD, { ca }), 'open')
  const [untrusted] = await once(openSocket(central, GOOD), 'error')
  assert.equal(untrusted.code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
})

test('an expired certificate and one for another name fail with their own error', async (t) => {
  const { expired, otherName, ca } = await certificates()
  const errors: string[] = []
  for (const tls of [expired, otherName]) {
    const central = await startCentral(t, { tls })
    const [error] = await once(openSocket(central, GOOD, { ca }), 'error')
    errors.push(error.code)
  }
  assert.deepEqual(errors, ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])
})

test('a silent server accepts connections and sends nothing', async (t) => {
  const silent = await startSilentServer(t)
  const url = `https://127.0.0.1:${silent.port}`
  const client = openSocket({ url }, GOOD)
  await until(() => silent.connections.length === 1)
  const other = openSocket({ url }, GOOD)
  await until(() => silent.connections.length === 2)
  assert.equal(client.readyState, WebSocket.CONNECTING)
  for (const each of [client, other]) each.terminate()
})

test('a server can start again on its old port', async (t) => {
  const first = await startCentral(t, { port: await closedPort() })
  await once(openSocket(first, GOOD), 'open')
  await first.close()
  const second = await startCentral(t, { port: first.port })
  assert.equal(second.url, first.url)
  await once(openSocket(second, GOOD), 'open')
})
