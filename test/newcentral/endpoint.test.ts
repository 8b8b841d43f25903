import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { idsIn, SUBSCRIBER_ID, startEventSubscriber, tokensOn } from '../helpers/new-central.js'
import { eventFrame } from '../simulator/newcentral-client.js'

const TYPE = 'com.hpe.greenlake.network-services.v1alpha1.rssi.raw-rssi'

test('the handshake goes to the path of the topic with token, subscriber id and one filter', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  const other = TYPE.replace('raw', 'proximity')
  const subscriber = startEventSubscriber(t, central, { clock, eventTypes: [TYPE, other] })
  await subscriber.reach('open')
  const [handshake] = central.handshakes
  assert.equal(handshake?.path, '/network-services/v1alpha1/rssi-events')
  assert.deepEqual([...handshake.query], [['event-types', `${TYPE},${other}`]])
  assert.equal(handshake.headers['subscriber-id'], SUBSCRIBER_ID)
  assert.match(handshake.headers.authorization ?? '', /^Bearer \S+$/)
  assert.equal(handshake.headers['user-agent'], 'aruba-stream/test')
  await central.broadcast('rssi-events', eventFrame('1'))
  assert.deepEqual(idsIn(await subscriber.receive(1)), ['1'])
})

for (const [what, options, expected] of [
  ['an API client of the old kind', { old_client: ['client'] }, /403 .*API client.*old kind/],
  ['a stream that the cluster does not have', { missing: ['rssi-events'] }, /404 .*"rssi-events"/],
] as const) {
  test(`${what} is refused, and the text says so`, async (t) => {
    const clock = new FakeClock()
    const central = await startCentral(t, { clock, newCentral: options })
    const { cause } = await startEventSubscriber(t, central, { clock }).reach('refused')
    assert.match(cause.message, expected)
    assert.equal(cause.exitCode, 3)
  })
}

test('an event type that does not exist is refused, and the text names it', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  const eventTypes = ['com.hpe.greenlake.no-such']
  const { cause } = await startEventSubscriber(t, central, { clock, eventTypes }).reach('refused')
  assert.match(cause.message, /400 .*event_types \(com\.hpe\.greenlake\.no-such\)/)
})

test('a 401 is followed by a new token and one more try at once, then by waits', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  central.failHandshake({ type: 'answer', status: 401 }, {}, 3)
  const subscriber = startEventSubscriber(t, central, { clock })
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'still-unauthorized')
  assert.equal(central.handshakes.length, 2)
  assert.equal(new Set(central.handshakes.map(({ headers }) => headers.authorization)).size, 2)
  await subscriber.reconnect()
  assert.equal(central.handshakes.length, 4)
})

test('a refused API client is refused without a handshake', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { refused_client: ['client'] } })
  const { cause } = await startEventSubscriber(t, central, { clock }).reach('refused')
  assert.equal(cause.code, 'client-refused')
  assert.equal(central.handshakes.length, 0)
})

test('a token endpoint that is down is waited for', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  central.failToken({ type: 'answer', status: 503 })
  const subscriber = startEventSubscriber(t, central, { clock, tokens: tokensOn(clock) })
  await subscriber.reconnect()
  assert.equal(central.tokenRequests.length, 2)
})

test('a silent stream on a server without pongs stays connected for an hour', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { pong: 'no' } })
  const subscriber = startEventSubscriber(t, central, { clock })
  await subscriber.reach('open')
  for (let minute = 0; minute < 60; minute++) clock.advance(60_000)
  await central.broadcast('rssi-events', eventFrame('late'))
  assert.deepEqual(idsIn(await subscriber.receive(1)), ['late'])
  assert.equal(central.handshakes.length, 1)
})

test('a server that answers pings and then falls silent is left', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock })
  const subscriber = startEventSubscriber(t, central, { clock })
  await subscriber.reach('open')
  const [socket] = central.sockets
  clock.advance(30_000)
  await until(() => (socket?.pings ?? 1) > 0)
  // The pong comes before it on the same connection.
  await central.broadcast('rssi-events', eventFrame('1'))
  await subscriber.receive(1)
  socket?.freeze()
  clock.advance(30_000)
  clock.advance(30_000)
  assert.equal((await subscriber.reach('retrying')).cause.code, 'connection-silent')
})
