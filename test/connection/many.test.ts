import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscribe } from '../../src/connection/subscribe.js'
import { createLimiter } from '../../src/net/limiter.js'
import { startCentral, startSilentServer } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { sized } from '../helpers/settings.js'
import { endpointAt, fixedKey, startSubscriber } from '../helpers/subscription.js'

const ENTRIES = sized(300, 1000)

test(`${ENTRIES} entries open, idle with one timer each, and end without a rest`, async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  const stop = new AbortController()
  const limiter = createLimiter()
  const key = fixedKey()
  let open = 0
  const reading = Array.from({ length: ENTRIES }, async () => {
    const subscription = subscribe({
      endpoint: endpointAt(central.url, { key }),
      ...{ limiter, clock, stopping: stop },
      onStatus: ({ type }) => {
        if (type === 'open') open += 1
      },
    })
    for await (const _ of subscription) assert.fail('no frame was sent')
  })
  await until(
    () => open === ENTRIES,
    () => `${open} open`,
  )
  assert.equal(central.connections.accepted, ENTRIES)
  assert.equal(clock.timers, ENTRIES)

  const sockets = central.sockets
  for (const pings of [1, 2]) {
    clock.advance(30_000)
    await until(() => sockets.every((socket) => socket.pings === pings))
    // Its answer to a ping that follows the pong says that the pong has arrived.
    for (const socket of sockets) socket.ping()
    await until(() => sockets.every((socket) => socket.pongs === pings))
    assert.equal(clock.timers, ENTRIES)
  }

  stop.abort()
  await Promise.all(reading)
  assert.equal(clock.timers, 0)
  await until(() => central.connections.open === 0)
})

test('a host that does not answer holds up no entry of another host', async (t) => {
  const [dead, central] = [await startSilentServer(t), await startCentral(t)]
  const limiter = createLimiter()
  for (let n = 0; n < 100; n += 1) startSubscriber(t, `ws://127.0.0.1:${dead.port}`, { limiter })
  await until(() => dead.connections.length === 2)
  const alive = Array.from({ length: 100 }, () => startSubscriber(t, central.url, { limiter }))
  // The clock stands still: no handshake is given up meanwhile.
  for (const subscriber of alive) await subscriber.reach('open')
  assert.equal(dead.connections.length, 2)
})
