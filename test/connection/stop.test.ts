import assert from 'node:assert/strict'
import diagnostics from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { subscribe } from '../../src/connection/subscribe.js'
import { parseHost } from '../../src/net/host.js'
import { createLimiter } from '../../src/net/limiter.js'
import type { Central } from '../../src/simulator/central.js'
import { startCentral, startSilentServer } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { fixedKey, type Subscriber, startSubscriber } from '../helpers/subscription.js'

/** Stops a subscriber and makes sure that nothing is left of it. */
async function assertStops(subscriber: Subscriber, central?: Central): Promise<void> {
  subscriber.stop()
  await subscriber.finished
  const status = await subscriber.reach('ended')
  assert.equal(status.cause, undefined)
  assert.equal(subscriber.clock.timers, 0)
  if (central) await until(() => central.connections.open === 0)
}

test('stops before it has begun', async (t) => {
  const central = await startCentral(t)
  const stop = new AbortController()
  stop.abort()
  const subscription = subscribe({
    entry: { topic: 'audit', username: undefined, host: parseHost(central.url) },
    key: fixedKey(),
    userAgent: 'aruba-stream/test',
    limiter: createLimiter(),
    signal: stop.signal,
  })
  for await (const _ of subscription) assert.fail('no frame was sent')
  assert.equal(subscription.status.type, 'ended')
  assert.equal(central.connections.accepted, 0)
})

test('stops while connecting', async (t) => {
  const server = await startSilentServer(t)
  for (const scheme of ['ws', 'wss']) {
    const subscriber = startSubscriber(t, `${scheme}://127.0.0.1:${server.port}`)
    const before = server.connections.length
    await until(() => (server.connections[before]?.bytesRead ?? 0) > 0)
    await assertStops(subscriber)
    await until(() => server.connections[before]?.destroyed === true)
  }
})

test('stops in the very tick in which it began to connect', async (t) => {
  const central = await startCentral(t)
  await assertStops(startSubscriber(t, central.url), central)
})

test('stops while it waits to retry', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 503 })
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('retrying')
  await assertStops(subscriber, central)
  assert.equal(central.handshakes.length, 1)
})

test('stops while it waits at the limiter', async (t) => {
  const central = await startCentral(t)
  const limiter = createLimiter(1)
  const leave = await limiter.acquire(new AbortController().signal, 'another')
  const subscriber = startSubscriber(t, central.url, { limiter })
  await assertStops(subscriber, central)
  assert.equal(central.connections.accepted, 0)
  leave('answered')
  await limiter.acquire(new AbortController().signal, 'another')
})

test('handshakes that a stop gives up take no places from their host', async (t) => {
  const server = await startSilentServer(t)
  const authority = `127.0.0.1:${server.port}`
  const limiter = createLimiter()
  const { signal } = new AbortController()
  // As many as it may hold after its first answers.
  for (let answers = 0; answers < 14; answers += 1) {
    ;(await limiter.acquire(signal, authority))('answered')
  }
  const subscribers = Array.from({ length: 4 }, () =>
    startSubscriber(t, `ws://${authority}`, { limiter }),
  )
  await until(() => server.connections.length === 4)
  for (const subscriber of subscribers) subscriber.stop()
  await Promise.all(subscribers.map(({ finished }) => finished))
  let held = 0
  for (let waiting = 0; waiting < 20; waiting += 1) {
    limiter.acquire(signal, authority).then(() => {
      held += 1
    })
  }
  await until(() => held > 0)
  assert.equal(held, 16)
})

test('stops while a key is being validated, even by a source that does not listen', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'refuse' })
  let asked = false
  const never = new Promise<never>(() => {
    // Neither answers nor fails.
  })
  const subscriber = startSubscriber(t, central.url, {
    key: {
      ...fixedKey(),
      afterUnauthorized: () => {
        asked = true
        return never
      },
    },
  })
  await until(() => asked)
  await assertStops(subscriber, central)
})

test('stops an open connection with code 1000, and still gives what was received', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  for (let byte = 0; byte < 10; byte += 1) await socket.send(Uint8Array.of(byte))
  await until(() => subscriber.status.frames === 10)
  subscriber.stop()
  const rest: (number | undefined)[] = []
  for (let next = await first; !next.done; next = await frames.next()) {
    rest.push(...next.value.map(({ bytes }) => bytes[0]))
  }
  assert.deepEqual(rest, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal((await socket.ended).code, 1000)
  assert.equal(subscriber.status.type, 'ended')
  assert.equal(subscriber.clock.timers, 0)
})

test('cuts an open connection when its server does not answer within a second', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  central.sockets[0]?.freeze()
  const startedMs = performance.now()
  await assertStops(subscriber, undefined)
  const tookMs = performance.now() - startedMs
  // `ws` itself would wait for 30 s.
  assert.ok(tookMs > 900 && tookMs < 10_000, `took ${tookMs} ms`)
})

test('stops while its socket is paused, without reading all that was sent', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  const sending = socket.sendAll(Array.from({ length: 40_000 }, () => Buffer.alloc(500)))
  let count = (await first).value?.length ?? 0
  await until(() => socket.bufferedBytes > 1024 * 1024)
  subscriber.stop()
  for (let next = await frames.next(); !next.done; next = await frames.next()) {
    count += next.value.length
  }
  assert.equal(subscriber.status.frames, count)
  assert.ok(count < 1000, `${count} frames`)
  assert.equal((await socket.ended).code, 1000)
  await sending
  assert.equal(subscriber.clock.timers, 0)
  await until(() => central.connections.open === 0)
})

test('gives what a paused socket had read, also behind a frame that had come in part', async (t) => {
  const central = await startCentral(t)
  let client: Socket | undefined
  const onSocket = (message: unknown) => {
    client = (message as { socket: Socket }).socket
  }
  diagnostics.subscribe('net.client.socket', onSocket)
  t.after(() => diagnostics.unsubscribe('net.client.socket', onSocket))
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  await subscriber.reach('open')
  const small = (count: number) => Buffer.alloc(3 * count, Uint8Array.of(0x82, 1, 7))
  const large = Buffer.concat([Uint8Array.of(0x82, 126, 3, 232), Buffer.alloc(1000)])
  // The pause comes while most of the large frame is in the hands of the parser.
  socket.sendRaw(Buffer.concat([small(65), large.subarray(0, 900)]))
  await until(() => subscriber.status.frames === 65)
  const rest = Buffer.concat([large.subarray(900), small(10)])
  socket.sendRaw(rest)
  await until(() => client?.readableLength === rest.length)
  subscriber.stop()
  let count = 0
  for (let next = await first; !next.done; next = await frames.next()) count += next.value.length
  assert.equal(count, 76)
})

test('leaving the loop ends the subscription', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const sending = central.waitForSocket().then((socket) => socket.sendEmpty())
  for await (const _ of subscriber.subscription) break
  await sending
  assert.equal(subscriber.status.type, 'ended')
  assert.equal(subscriber.clock.timers, 0)
  await until(() => central.connections.open === 0)
})

test('an entry that was given up leaves nothing behind', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 404 })
  const stop = new AbortController()
  const clock = new FakeClock()
  const subscription = subscribe({
    entry: { topic: 'audit', username: undefined, host: parseHost(central.url) },
    key: fixedKey(),
    userAgent: 'aruba-stream/test',
    limiter: createLimiter(),
    signal: stop.signal,
    clock,
  })
  for await (const _ of subscription) assert.fail('no frame was sent')
  assert.equal(subscription.status.type, 'refused')
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  assert.equal(clock.timers, 0)
  await until(() => central.connections.open === 0)
})

test('one signal serves many entries without a warning of leaks', async (t) => {
  const central = await startCentral(t)
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const stop = new AbortController()
  const limiter = createLimiter()
  const reading = Array.from({ length: 30 }, async () => {
    const subscription = subscribe({
      entry: { topic: 'audit', username: undefined, host: parseHost(central.url) },
      key: fixedKey(),
      userAgent: 'aruba-stream/test',
      limiter,
      signal: stop.signal,
    })
    for await (const _ of subscription) assert.fail('no frame was sent')
  })
  await until(() => central.sockets.length === 30)
  stop.abort()
  await Promise.all(reading)
  assert.deepEqual(warnings, [])
})
