import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { subscribe } from '../../src/connection/subscribe.js'
import { createLimiter } from '../../src/net/limiter.js'
import type { Frame } from '../../src/service.js'
import type { Central } from '../../src/simulator/central.js'
import { startCentral, startSilentServer } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { endpointAt, fixedKey, type Subscriber, startSubscriber } from '../helpers/subscription.js'
import { certificates } from '../helpers/tls.js'
import { startWebSocketServer } from '../helpers/websocket-server.js'

/** Stops a subscriber and makes sure that nothing is left of it. */
async function assertStops(subscriber: Subscriber, central?: Central): Promise<void> {
  subscriber.stop()
  await subscriber.finished
  const status = await subscriber.reach('ended')
  assert.equal(status.cause, undefined)
  assert.equal(subscriber.clock.timers, 0)
  if (central) await until(() => central.connections.open === 0)
}

const bytesIn = ({ value }: IteratorResult<readonly Frame[]>): number =>
  (value ?? []).reduce((sum: number, { bytes }: Frame) => sum + bytes.length, 0)

test('a subscription stops before it has begun', async (t) => {
  const central = await startCentral(t)
  const stop = new AbortController()
  stop.abort()
  const subscription = subscribe({
    endpoint: endpointAt(central.url, { entry: { topic: 'audit' } }),
    limiter: createLimiter(),
    stopping: stop,
  })
  for await (const _ of subscription) assert.fail('no frame was sent')
  assert.equal(subscription.status.type, 'ended')
  assert.equal(central.connections.accepted, 0)
})

test('a subscription stops while it connects', async (t) => {
  const server = await startSilentServer(t)
  for (const scheme of ['ws', 'wss']) {
    const subscriber = startSubscriber(t, `${scheme}://127.0.0.1:${server.port}`)
    const before = server.connections.length
    await until(() => (server.connections[before]?.bytesRead ?? 0) > 0)
    await assertStops(subscriber)
    await until(() => server.connections[before]?.destroyed === true)
  }
})

test('a subscription stops in the tick in which it began to connect', async (t) => {
  const central = await startCentral(t)
  await assertStops(startSubscriber(t, central.url), central)
})

test('a subscription stops while it waits to retry', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 503 })
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('retrying')
  await assertStops(subscriber, central)
  assert.equal(central.handshakes.length, 1)
})

test('a subscription that is refused stops, and stays refused', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 403 })
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('refused')
  subscriber.stop()
  await subscriber.finished
  assert.deepEqual(
    subscriber.statuses.map(({ type }) => type),
    ['connecting', 'refused'],
  )
  assert.equal(subscriber.clock.timers, 0)
  assert.equal(central.handshakes.length, 1)
})

test('a subscription stops while it waits at the limiter', async (t) => {
  const central = await startCentral(t)
  const limiter = createLimiter()
  const { signal } = new AbortController()
  const { host } = new URL(central.url)
  const leave = await limiter.acquire(signal, host)
  await limiter.acquire(signal, host)
  const subscriber = startSubscriber(t, central.url, { limiter })
  await assertStops(subscriber, central)
  assert.equal(central.connections.accepted, 0)
  leave('aborted')
  await limiter.acquire(signal, host)
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

test('a subscription stops while a key is validated, also by a source that ignores the signal', async (t) => {
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

test('a stop closes an open connection with 1000, and what was received is still yielded', async (t) => {
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

test('a stop cuts a connection whose server does not answer within a second', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  central.sockets[0]?.freeze()
  subscriber.stop()
  subscriber.clock.advance(999)
  await turn()
  assert.equal(subscriber.status.type, 'open')
  subscriber.clock.advance(1)
  await assertStops(subscriber)
})

test('a stop cuts a connection whose server answers the close frame, but does not end TCP', async (t) => {
  const server = await startWebSocketServer(t)
  const subscriber = startSubscriber(t, server.url)
  await subscriber.reach('open')
  const { socket } = server
  subscriber.stop()
  await until(() => server.received > 0)
  socket?.write(Uint8Array.of(0x88, 2, 3, 232))
  await until(() => server.ended)
  assert.equal(subscriber.status.type, 'open')
  subscriber.clock.advance(1000)
  await assertStops(subscriber)
})

/** A subscriber that does not read, and a server that has sent more than the kernel takes. */
async function startHeld(t: TestContext, frames: number, graceOver?: AbortSignal, tls = false) {
  const central = await startCentral(t, tls ? { tls: (await certificates()).good } : {})
  const options = { collect: false, verifyCertificates: false, ...(graceOver && { graceOver }) }
  const subscriber = startSubscriber(t, central.url, options)
  const batches = subscriber.subscription[Symbol.asyncIterator]()
  const first = batches.next()
  const socket = await central.waitForSocket()
  const sending = socket.sendAll(Array.from({ length: frames }, () => Buffer.alloc(500)))
  let count = (await first).value?.length ?? 0
  await until(() => socket.isHeldUp && subscriber.status.frames >= 64)
  return {
    ...{ central, subscriber, batches, socket, sending },
    /** Reads to the end; gives the number of all frames. */
    async read() {
      for (let next = await batches.next(); !next.done; next = await batches.next()) {
        count += next.value.length
      }
      return count
    },
  }
}

for (const kind of ['plain', 'TLS'] as const) {
  test(`a stop of a paused ${kind} connection still yields all that the server had sent`, async (t) => {
    const held = await startHeld(t, 40_000, undefined, kind === 'TLS')
    const { central, subscriber, socket, sending, read } = held
    subscriber.stop()
    // A consumer that takes its time is no reason to cut what the server has sent.
    subscriber.clock.advance(3_600_000)
    const count = await read()
    assert.equal(await sending, count)
    assert.equal(subscriber.status.frames, count)
    assert.equal((await socket.ended).code, 1000)
    assert.equal(subscriber.clock.timers, 0)
    await until(() => central.connections.open === 0)
  })
}

test('a stop of a paused connection that the server has reset ends it', async (t) => {
  const { central, subscriber, socket, read } = await startHeld(t, 40_000)
  socket.reset()
  await until(() => central.connections.open === 0)
  subscriber.stop()
  const count = await read()
  assert.equal(subscriber.status.frames, count)
  assert.equal(subscriber.clock.timers, 0)
})

test('the end of the grace period cuts a paused connection, and what was received is yielded', async (t) => {
  const grace = new AbortController()
  const { central, subscriber, read } = await startHeld(t, 40_000, grace.signal)
  subscriber.stop()
  grace.abort()
  const count = await read()
  assert.equal(subscriber.status.frames, count)
  assert.ok(count < 1000, `${count} frames`)
  assert.equal(subscriber.clock.timers, 0)
  await until(() => central.connections.open === 0)
})

test('leaving the loop while the socket is paused ends the subscription, too', async (t) => {
  const { central, subscriber, batches } = await startHeld(t, 40_000)
  await batches.return?.()
  assert.equal(subscriber.status.type, 'ended')
  assert.equal(subscriber.clock.timers, 0)
  await until(() => central.connections.open === 0)
})

test('the bytes that wait are bounded at the end as before it', async (t) => {
  const MIB = 1024 * 1024
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const batches = subscriber.subscription[Symbol.asyncIterator]()
  const first = batches.next()
  const socket = await central.waitForSocket()
  const sending = socket.sendAll(Array.from({ length: 12 }, () => Buffer.alloc(7 * MIB)))
  let consumed = bytesIn(await first)
  const waiting = () => subscriber.status.bytes - consumed
  await until(() => subscriber.status.bytes >= 14 * MIB && socket.bufferedBytes > 0)
  subscriber.stop()
  let most = 0
  let next: IteratorResult<readonly Frame[]>
  do {
    // What can be read meanwhile is read.
    for (let turns = 0; turns < 50; turns += 1) await turn()
    most = Math.max(most, waiting())
    next = await batches.next()
    consumed += bytesIn(next)
  } while (!next.done)
  const sent = await sending
  assert.ok(sent >= 3, `${sent} frames`)
  assert.equal(consumed, sent * 7 * MIB)
  assert.ok(most <= 3 * 7 * MIB, `${most / MIB} MiB`)
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

test('an entry that was refused for good leaves nothing behind', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 404 })
  const stop = new AbortController()
  const clock = new FakeClock()
  const subscription = subscribe({
    endpoint: endpointAt(central.url, { entry: { topic: 'audit' } }),
    limiter: createLimiter(),
    stopping: stop,
    reconnect: false,
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
      endpoint: endpointAt(central.url, { entry: { topic: 'audit' } }),
      limiter,
      stopping: stop,
    })
    for await (const _ of subscription) assert.fail('no frame was sent')
  })
  await until(() => central.sockets.length === 30)
  stop.abort()
  await Promise.all(reading)
  assert.deepEqual(warnings, [])
})
