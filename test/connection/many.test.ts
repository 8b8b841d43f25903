import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscribe } from '../../src/connection/subscribe.js'
import { parseHost } from '../../src/net/host.js'
import { createLimiter } from '../../src/net/limiter.js'
import { startCentral, startSilentServer } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { fixedKey, startSubscriber } from '../helpers/subscription.js'

const ENTRIES = 1000

/** Runs something; gives the seconds it took and the seconds of CPU that it used. */
async function measure(run: () => Promise<unknown>): Promise<{ seconds: number; cpu: number }> {
  const startedMs = performance.now()
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - startedMs) / 1000, cpu: (user + system) / 1e6 }
}

// The stand-in's own sockets and work are in this process, and in these figures, too.
test('a thousand entries open soon, cost little while idle, and end soon', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  const stop = new AbortController()
  const limiter = createLimiter()
  const key = fixedKey()
  let open = 0
  let reading: Promise<void>[] = []

  const opening = await measure(async () => {
    reading = Array.from({ length: ENTRIES }, async () => {
      const subscription = subscribe({
        entry: { topic: 'monitoring', username: undefined, host: parseHost(central.url) },
        ...{ key, limiter, clock, userAgent: 'aruba-stream/test', signal: stop.signal },
        onStatus: ({ type }) => {
          if (type === 'open') open += 1
        },
      })
      for await (const _ of subscription) assert.fail('no frame was sent')
    })
    await until(
      () => open === ENTRIES,
      () => `${open} open`,
      60_000,
    )
  })
  assert.ok(opening.seconds < 60, `open after ${opening.seconds} s`)
  assert.equal(central.connections.accepted, ENTRIES)
  const megabytes = process.memoryUsage.rss() / 1e6
  assert.ok(megabytes < 300, `${megabytes} MB resident`)

  const sockets = central.sockets
  const idle = await measure(async () => {
    for (const pings of [1, 2]) {
      clock.advance(30_000)
      await until(() => sockets.every((socket) => socket.pings === pings))
      // Its answer to a ping that follows the pong says that the pong has arrived.
      for (const socket of sockets) socket.ping()
      await until(() => sockets.every((socket) => socket.pongs === pings))
    }
  })
  assert.ok(idle.cpu < 0.03 * 60, `${idle.cpu} s of CPU for an idle minute`)

  const ending = await measure(async () => {
    stop.abort()
    await Promise.all(reading)
  })
  assert.ok(ending.seconds < 20, `ended after ${ending.seconds} s`)
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
