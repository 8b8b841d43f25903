import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeySource } from '../../src/classic/entry-key.js'
import { StreamError } from '../../src/errors.js'
import { Secret } from '../../src/secret.js'
import { startCentral } from '../helpers/central.js'
import { makeKey } from '../helpers/keys.js'
import { fixedKey, startSubscriber } from '../helpers/subscription.js'

/** A key that is replaced by the next one whenever it is refused. */
function renewing(...keys: string[]): KeySource & { refused: string[] } {
  const refused: string[] = []
  return {
    refused,
    current: () => new Secret(keys[0] ?? ''),
    afterUnauthorized: async (key) => {
      refused.push(key.reveal())
      keys.shift()
      return new Secret(keys[0] ?? '')
    },
  }
}

test('a 401 at the start: the key that replaces it is tried at once', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  const central = await startCentral(t, { keys: [renewed] })
  const key = renewing(old, renewed)
  const subscriber = startSubscriber(t, central.url, { key })
  await subscriber.reach('open')
  assert.deepEqual(
    central.handshakes.map((handshake) => handshake.key),
    [old, renewed],
  )
  assert.deepEqual(key.refused, [old])
  assert.deepEqual(
    subscriber.statuses.map(({ type }) => type),
    ['connecting', 'open'],
  )
})

test('a 401 after weeks: the key that replaces it is tried at once', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  const central = await startCentral(t, { keys: [old] })
  const subscriber = startSubscriber(t, central.url, { key: renewing(old, renewed) })
  await subscriber.reach('open')
  central.keys.refuse(old)
  central.keys.accept(renewed)
  central.sockets[0]?.close(1001)
  await subscriber.reconnect()
  assert.deepEqual(
    central.handshakes.map((handshake) => handshake.key),
    [old, old, renewed],
  )
})

test('after a second 401 the entry waits as after a 5xx, and comes back', async (t) => {
  const central = await startCentral(t)
  const remove = central.failHandshake({ type: 'answer', status: 401 }, {}, Infinity)
  const subscriber = startSubscriber(t, central.url)
  const delays: number[] = []
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const { cause, delayMs } = await subscriber.reach('retrying')
    assert.equal(cause.code, 'still-unauthorized')
    assert.match(
      cause.message,
      /answered 401: it does not accept the key, which was checked just now/,
    )
    delays.push(delayMs)
    assert.equal(central.handshakes.length, 2 * attempt)
    if (attempt === 3) remove()
    await subscriber.passWait(delayMs)
  }
  assert.deepEqual(delays, [500, 1000, 2000])
  await subscriber.reach('open')
})

test('without reconnect a second 401 is the failure that it is, and no refusal', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'refuse' })
  const subscriber = startSubscriber(t, central.url, { reconnect: false })
  await subscriber.finished
  assert.equal((await subscriber.reach('ended')).cause?.code, 'still-unauthorized')
})

test('each later 401 leads to a search for a new key', async (t) => {
  const keys = ['a', 'b', 'c'].map((label) => makeKey(label))
  const central = await startCentral(t, { unknownKeys: 'refuse' })
  const subscriber = startSubscriber(t, central.url, { key: renewing(...keys) })
  for (const key of keys.slice(1)) {
    central.keys.accept(key)
    if (subscriber.status.type === 'open') {
      central.sockets[0]?.close(1000)
      await subscriber.reconnect()
    }
    await subscriber.reach('open')
    central.keys.refuse(key)
  }
  assert.equal(central.handshakes.length, 4)
})

test('a key that its validation refuses is a refusal with that reason, and tried again', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'refuse' })
  const refused = new StreamError('key-refused', 'Central refused the key')
  const subscriber = startSubscriber(t, central.url, {
    key: { ...fixedKey(), afterUnauthorized: () => Promise.reject(refused) },
  })
  const { cause } = await subscriber.reach('refused')
  assert.equal(cause, refused)
  assert.equal(central.handshakes.length, 1)
  central.keys.accept(central.handshakes[0]?.key ?? '')
  subscriber.clock.advance(600_000)
  await subscriber.reach('open')
})

test('where the validation gets no answer, the entry waits and tries again', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'refuse' })
  const key = makeKey('later')
  const source = fixedKey(key)
  const noAnswer = new StreamError('timed-out', 'no answer', { retryAfterMs: 7000 })
  const subscriber = startSubscriber(t, central.url, {
    key: { ...source, afterUnauthorized: () => Promise.reject(noAnswer) },
  })
  const status = await subscriber.reach('retrying')
  assert.equal(status.cause, noAnswer)
  assert.equal(status.delayMs, 7500)
  central.keys.accept(key)
  subscriber.clock.advance(7500)
  await subscriber.reach('open')
})

test('without reconnect a new key is tried after a 401, too', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  const central = await startCentral(t, { keys: [renewed] })
  const key = renewing(old, renewed)
  const subscriber = startSubscriber(t, central.url, { key, reconnect: false })
  await subscriber.reach('open')
})

test('a new key that meets a busy server is offered again after the wait', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  const central = await startCentral(t, { keys: [renewed] })
  central.failHandshake({ type: 'answer', status: 503 }, { key: renewed })
  const subscriber = startSubscriber(t, central.url, { key: renewing(old, renewed) })
  await subscriber.reconnect()
  assert.deepEqual(
    central.handshakes.map((handshake) => handshake.key),
    [old, renewed, renewed],
  )
})
