import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Central } from '../../src/simulator/central.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { type Subscriber, startSubscriber } from '../helpers/subscription.js'

const TEN_MINUTES = 600_000

const types = (subscriber: Subscriber) => subscriber.statuses.map(({ type }) => type)

/** Lets ten minutes pass, and waits until the answer to that try has come and the next wait began. */
async function tryOnce(subscriber: Subscriber, central: Central): Promise<void> {
  const before = central.handshakes.length
  subscriber.clock.advance(TEN_MINUTES)
  await until(() => central.handshakes.length === before + 1)
  await until(() => central.connections.open === 0 && subscriber.clock.timers === 1)
}

test('a refusal is told once while the answer stays the same, and again when it changes', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 403, body: 'no' }, {}, 4)
  central.failHandshake({ type: 'answer', status: 404, body: 'nothing here' }, {}, 2)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('refused')
  await until(() => central.connections.open === 0)
  for (let count = 1; count < 4; count += 1) {
    await tryOnce(subscriber, central)
    assert.deepEqual(types(subscriber), ['connecting', 'refused'])
  }
  await tryOnce(subscriber, central)
  await tryOnce(subscriber, central)
  assert.deepEqual(types(subscriber), ['connecting', 'refused', 'refused'])
  subscriber.clock.advance(TEN_MINUTES)
  await subscriber.reach('open')
  assert.equal(central.handshakes.length, 7)
})

test('an entry that was open for weeks comes back after a 403 by itself, with its gap', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  central.failHandshake({ type: 'answer', status: 403 })
  central.sockets[0]?.close(1001)
  const { delayMs } = await subscriber.reach('retrying')
  subscriber.clock.advance(delayMs)
  await subscriber.reach('refused')
  subscriber.clock.advance(TEN_MINUTES)
  const { gapMsBefore, reconnects } = await subscriber.reach('open')
  assert.equal(gapMsBefore, delayMs + TEN_MINUTES)
  assert.equal(reconnects, 1)
})

test('trouble of another kind after a refusal is retried as usual', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 403 })
  central.failHandshake({ type: 'answer', status: 503 })
  central.failHandshake({ type: 'answer', status: 403 })
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('refused')
  subscriber.clock.advance(TEN_MINUTES)
  const { delayMs, attempt } = await subscriber.reach('retrying')
  assert.deepEqual([delayMs, attempt], [500, 1])
  subscriber.clock.advance(delayMs)
  await subscriber.reach('refused')
  subscriber.clock.advance(TEN_MINUTES)
  await subscriber.reach('open')
})

test('tryNow ends the wait of a refused entry, and does nothing in other states', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 403 })
  const subscriber = startSubscriber(t, central.url)
  subscriber.subscription.tryNow()
  await subscriber.reach('refused')
  subscriber.subscription.tryNow()
  await subscriber.reach('open')
  subscriber.subscription.tryNow()
  central.failHandshake({ type: 'answer', status: 503 })
  central.sockets[0]?.close(1001)
  await subscriber.reach('retrying')
  subscriber.subscription.tryNow()
  await until(() => central.sockets.length === 0)
  assert.equal(subscriber.status.type, 'retrying')
  assert.equal(central.handshakes.length, 2)
})

test('without reconnect a refusal is final', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 403 })
  const subscriber = startSubscriber(t, central.url, { reconnect: false })
  await subscriber.finished
  assert.equal((await subscriber.reach('refused')).delayMs, undefined)
  assert.equal(subscriber.clock.timers, 0)
})
