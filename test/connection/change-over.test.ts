import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { StreamError } from '../../src/errors.js'
import type { NewCentralOptions } from '../../src/simulator/newcentral/service.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { idsIn, startEventSubscriber } from '../helpers/new-central.js'
import { eventFrame, idsOf, publish } from '../simulator/newcentral-client.js'

const TOPIC = 'rssi-events'
const LIFE_MS = 100_000

async function start(t: TestContext, newCentral: NewCentralOptions = {}) {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { expires_in: 100, ...newCentral } })
  /** Of each replacement so far; undefined where it succeeded. */
  const failures: (StreamError | undefined)[] = []
  const subscriber = startEventSubscriber(t, central, {
    clock,
    onReplaced: (failure) => failures.push(failure),
  })
  await subscriber.reach('open')
  return { clock, central, subscriber, failures }
}

test('a connection is replaced before its token ends, without a gap and without a repeat', async (t) => {
  const { clock, central, subscriber } = await start(t)
  const published: string[] = []
  for (let token = 1; token <= 5; token++) {
    const ids = idsOf(`${token}-`, 20)
    await publish(central, TOPIC, ids.slice(0, 10))
    const [old] = central.sockets
    const next = central.nextSocket()
    clock.advance(LIFE_MS * 0.8)
    await next
    await publish(central, TOPIC, ids.slice(10))
    await old?.ended
    published.push(...ids)
    await subscriber.receive(published.length)
  }
  assert.deepEqual(idsIn(subscriber.frames).sort(), published.sort())
  assert.equal(central.tokenRequests.length, 6)
  assert.equal(central.sockets.length, 1)
  assert.equal(subscriber.status.reconnects, 0)
  assert.equal(subscriber.status.gapMs, 0)
  assert.deepEqual(
    subscriber.statuses.map(({ type }) => type),
    ['connecting', 'open'].slice(-subscriber.statuses.length),
  )
  const ids = new Set(central.handshakes.map(({ headers }) => headers['subscriber-id']))
  assert.equal(ids.size, 1)
})

/** A connection that another has replaced, and whose server does not answer the close frame. */
async function startReplaced(t: TestContext) {
  const { clock, central, subscriber } = await start(t)
  const [old] = central.sockets
  assert.ok(old)
  old.answerClose = false
  const next = central.nextSocket()
  clock.advance(LIFE_MS * 0.8)
  const replacement = await next
  await replacement.send(eventFrame('first'))
  await subscriber.receive(1)
  return { clock, old, subscriber }
}

test('what a replaced connection still brings is read, however late its server answers the close', async (t) => {
  const { clock, old, subscriber } = await startReplaced(t)
  clock.advance(5_000)
  assert.ok(await old.send(eventFrame('late')))
  await subscriber.receive(2)
  assert.deepEqual(idsIn(subscriber.frames), ['first', 'late'])
  // A server that never answers is not waited for longer.
  clock.advance(5_000)
  await old.ended
})

test('what a replaced connection brought while the process stood still is read', async (t) => {
  const { clock, old, subscriber } = await startReplaced(t)
  // As after a suspend: timers go off before what arrived is read.
  assert.ok(await old.send(eventFrame('late')))
  clock.jump(12_000)
  await subscriber.receive(2)
  assert.deepEqual(idsIn(subscriber.frames), ['first', 'late'])
  clock.advance(10_000)
  await old.ended
})

test('the connection is kept where the one that is to replace it is refused', async (t) => {
  const { clock, central, subscriber, failures } = await start(t)
  central.failHandshake({ type: 'answer', status: 503 }, {}, 1)
  clock.advance(LIFE_MS * 0.8)
  await until(() => failures.length === 1)
  assert.equal(failures[0]?.code, 'unavailable')
  await publish(central, TOPIC, ['kept'])
  await subscriber.receive(1)
  assert.equal(subscriber.status.type, 'open')
  clock.advance(499)
  assert.equal(central.handshakes.length, 2)
  clock.advance(1)
  await until(() => failures.length === 2)
  assert.equal(failures[1], undefined)
  assert.equal(central.handshakes.length, 3)
  assert.equal(subscriber.status.reconnects, 0)
})

test('the credential’s end is waited for without reconnecting', async (t) => {
  const clock = new FakeClock()
  const central = await startCentral(t, { clock, newCentral: { expires_in: 100 } })
  const subscriber = startEventSubscriber(t, central, { clock, reconnect: false })
  await subscriber.reach('open')
  clock.advance(LIFE_MS)
  const { cause } = await subscriber.reach('ended')
  assert.equal(cause?.status, 1008)
  assert.equal(central.handshakes.length, 1)
})

for (const close of ['1008', '4000', '1001', 'cut'] as const) {
  test(`a server that ends connections early (${close}) is reconnected to at once, and no event is lost`, async (t) => {
    const { clock, central, subscriber } = await start(t, {
      expiry_at: 'half',
      expiry_close: close,
      duplicates: 3,
    })
    const published: string[] = []
    for (let token = 1; token <= 4; token++) {
      const ids = idsOf(`${token}-`, 20)
      await publish(central, TOPIC, ids.slice(0, 10))
      await subscriber.receive(published.length + 10)
      const [old] = central.sockets
      clock.advance(LIFE_MS / 2)
      await old?.ended
      await publish(central, TOPIC, ids.slice(10))
      const { delayMs } = await subscriber.reach('retrying')
      assert.equal(delayMs, 0)
      clock.advance(0)
      await subscriber.reach('open')
      published.push(...ids)
      await subscriber.receive(published.length)
    }
    assert.deepEqual(idsIn(subscriber.frames), published)
    assert.equal(central.tokenRequests.length, 5)
    assert.equal(central.newCentral.account.counts().repeated, 12)
  })
}

test('a server that ends each connection as soon as it is open is not hurried', async (t) => {
  const { central, subscriber } = await start(t)
  central.sockets[0]?.close(1008)
  const { delayMs } = await subscriber.reach('retrying')
  assert.ok(delayMs > 0)
})

test('events without an id are never taken for repeats', async (t) => {
  const { central, subscriber } = await start(t)
  for (let at = 0; at < 3; at++) await central.broadcast(TOPIC, eventFrame(''))
  await central.broadcast(TOPIC, eventFrame('1'))
  await central.broadcast(TOPIC, eventFrame('1'))
  await central.broadcast(TOPIC, eventFrame('2'))
  assert.deepEqual(idsIn(await subscriber.receive(5)), ['', '', '', '1', '2'])
})
