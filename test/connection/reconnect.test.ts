import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLimiter } from '../../src/net/limiter.js'
import type { ResumePoint } from '../../src/service.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { type Subscriber, startSubscriber } from '../helpers/subscription.js'
import { startWebSocketServer } from '../helpers/websocket-server.js'

const types = (subscriber: Subscriber) => subscriber.statuses.map(({ type }) => type)
const bytesOf = (subscriber: Subscriber) => subscriber.frames.map(({ bytes }) => bytes[0])

for (const code of [1000, 1001, 1011, 1012, 4000]) {
  test(`a close with ${code} is followed by another connection`, async (t) => {
    const central = await startCentral(t)
    const subscriber = startSubscriber(t, central.url)
    await subscriber.reach('open')
    central.sockets[0]?.close(code, 'as\nannounced')
    const { cause, attempt } = await subscriber.reconnect()
    assert.equal(cause.code, 'connection-lost')
    assert.equal(cause.status, code)
    assert.match(cause.message, new RegExp(`closed the connection with code ${code} "as"`))
    assert.equal(attempt, 1)
    assert.equal(subscriber.status.reconnects, 1)
  })
}

test('a server that closes, but does not end TCP, is left after a second', async (t) => {
  const server = await startWebSocketServer(t)
  const subscriber = startSubscriber(t, server.url)
  await subscriber.reach('open')
  server.socket?.write(Uint8Array.of(0x88, 2, 3, 243))
  await until(() => server.ended)
  subscriber.clock.advance(999)
  assert.equal(subscriber.status.type, 'open')
  subscriber.clock.advance(1)
  assert.equal((await subscriber.reach('retrying')).cause.status, 1011)
})

test('a connection that ends without a close frame is followed by another', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  central.sockets[0]?.terminate()
  const { cause } = await subscriber.reconnect()
  assert.equal(cause.code, 'connection-lost')
  assert.equal(cause.status, 1006)
  assert.match(cause.message, /broke off without a close frame$/)
})

test('a connection that is reset is followed by another', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  central.sockets[0]?.reset()
  const { cause } = await subscriber.reconnect()
  assert.equal(cause.code, 'connection-lost')
  assert.match(cause.message, /ECONNRESET/)
})

test('a peer that vanishes is noticed after 60 s of silence', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  central.sockets[0]?.freeze()
  subscriber.clock.advance(59_999)
  assert.equal(subscriber.status.type, 'open')
  subscriber.clock.advance(1)
  const { cause, delayMs } = await subscriber.reconnect()
  assert.equal(cause.code, 'connection-silent')
  assert.equal(subscriber.status.gapMs, 60_000 + delayMs, 'the silence belongs to the gap')
})

test('a connection with nothing to say stays, by its pongs', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  const socket = await central.waitForSocket()
  for (let pings = 1; pings <= 10; pings += 1) {
    subscriber.clock.advance(30_000)
    await until(() => socket.pings === pings)
    // The pong is on its way; a frame behind it says that it has arrived.
    await socket.sendEmpty()
    await subscriber.receive(pings)
  }
  assert.deepEqual(types(subscriber), ['connecting', 'open'])
})

test("the server's own pings are answered, and are signs of life", async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reach('open')
  const socket = await central.waitForSocket()
  socket.answerPings = false
  for (let pongs = 1; pongs <= 5; pongs += 1) {
    subscriber.clock.advance(59_000)
    socket.ping()
    await until(() => socket.pongs === pongs)
  }
  assert.deepEqual(types(subscriber), ['connecting', 'open'])
})

test('text and empty frames are frames', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  const socket = await central.waitForSocket()
  await socket.sendText('hello')
  await socket.sendEmpty()
  // A text frame that is not UTF-8: header of 1 byte, then the byte.
  socket.sendRaw(Uint8Array.of(0x81, 1, 0xff))
  const frames = await subscriber.receive(3)
  assert.deepEqual(
    frames.map(({ bytes, text }) => [Buffer.from(bytes).toString('latin1'), text]),
    [
      ['hello', true],
      ['', false],
      ['\xff', true],
    ],
  )
  assert.equal(frames[0]?.receivedAt, subscriber.clock.now())
  assert.equal(subscriber.status.frames, 3)
  assert.equal(subscriber.status.bytes, 6)
})

test('a frame over 64 MiB ends the connection with 1009, and another follows', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  const socket = await central.waitForSocket()
  await socket.send(Uint8Array.of(1))
  socket.sendOversized()
  const { cause } = await subscriber.reconnect()
  assert.equal(cause.code, 'frame-too-large')
  assert.equal((await socket.ended).code, 1009)
  assert.deepEqual(bytesOf(subscriber), [1])
})

test('a server that breaks the protocol is connected to again', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  const socket = await central.waitForSocket()
  socket.sendRaw(Uint8Array.of(0xff, 0xff, 0xff, 0xff))
  const { cause } = await subscriber.reconnect()
  assert.equal(cause.code, 'connection-lost')
  assert.match(cause.message, /broke the protocol/)
})

test('a frame in a hundred thousand pieces, each of which takes memory, ends the connection', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  const socket = await central.waitForSocket()
  const [first, next] = [Buffer.from([0x02, 1, 0]), Buffer.from([0x00, 1, 0])]
  socket.sendRaw(Buffer.concat([first, ...Array.from({ length: 100_000 }, () => next)]))
  const { cause } = await subscriber.reconnect()
  assert.equal(cause.code, 'connection-lost')
  assert.match(cause.message, /broke the protocol: Too many message fragments/)
})

test('frames sent with the answer to the handshake arrive, and frames before a close', async (t) => {
  const central = await startCentral(t, { history: 10 })
  for (const byte of [1, 2, 3]) await central.broadcast('monitoring', Uint8Array.of(byte))
  const subscriber = startSubscriber(t, central.url, { replay: { deliverAll: true } })
  const socket = await central.waitForSocket()
  socket.send(Uint8Array.of(4))
  socket.close(1001)
  await subscriber.reach('retrying')
  assert.deepEqual(bytesOf(subscriber), [1, 2, 3, 4])
})

test('the waits double while tries fail, up to a minute', async (t) => {
  const central = await startCentral(t)
  const remove = central.failHandshake({ type: 'answer', status: 503 }, {}, Infinity)
  const subscriber = startSubscriber(t, central.url)
  const delays: number[] = []
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    const status = await subscriber.reach('retrying')
    assert.equal(status.attempt, attempt)
    assert.equal(status.since, subscriber.clock.now() - delays.reduce((sum, ms) => sum + ms, 0))
    delays.push(status.delayMs)
    if (attempt === 8) remove()
    await subscriber.passWait(status.delayMs)
  }
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  await subscriber.reach('open')
})

/** A subscriber that got through at the second try, and its socket. */
async function secondTry(t: TestContext): Promise<[Subscriber, CentralSocket]> {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 503 })
  const subscriber = startSubscriber(t, central.url)
  await subscriber.reconnect()
  return [subscriber, await central.waitForSocket()]
}

test('a connection that broke early counts as another failure', async (t) => {
  const [subscriber, socket] = await secondTry(t)
  subscriber.clock.advance(59_999)
  socket.close(1011)
  assert.equal((await subscriber.reach('retrying')).delayMs, 1000)
})

test('a connection that delivered a frame starts the count again', async (t) => {
  const [subscriber, socket] = await secondTry(t)
  await socket.sendEmpty()
  await subscriber.receive(1)
  socket.close(1011)
  assert.equal((await subscriber.reach('retrying')).delayMs, 500)
})

test('a connection that stood for a minute starts the count again', async (t) => {
  const [subscriber, socket] = await secondTry(t)
  subscriber.clock.advance(30_000)
  socket.ping()
  await until(() => socket.pongs === 1)
  subscriber.clock.advance(30_000)
  socket.close(1011)
  assert.equal((await subscriber.reach('retrying')).delayMs, 500)
})

test('each reconnect tells its gap, and the gaps add up', async (t) => {
  const central = await startCentral(t)
  const gaps: [number, number][] = []
  const subscriber = startSubscriber(t, central.url, {
    onStatus: (status, previous) => {
      if (status.type !== 'open') return
      assert.equal(previous.type, 'connecting')
      gaps.push([status.gapMsBefore, status.gapMs])
    },
  })
  for (const _ of [1, 2]) {
    await subscriber.reach('open')
    central.sockets[0]?.close(1000)
    await subscriber.reach('retrying')
    await until(() => central.sockets.length === 0)
    subscriber.clock.advance(500 * (gaps.length + 1))
    await subscriber.reach('open')
  }
  assert.deepEqual(gaps, [
    [0, 0],
    [1000, 1000],
    [1500, 2500],
  ])
  assert.equal(subscriber.status.reconnects, 2)
})

test('replay headers are repeated until a frame has come, then they reach back to it', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  let timestamp: bigint | undefined
  const subscriber = startSubscriber(t, central.url, {
    clock,
    replay: { deliverAll: true, sinceTime: '2h' },
    decoder: {
      get lastTimestamp() {
        return timestamp
      },
    },
  })
  await subscriber.reach('open')
  central.sockets[0]?.close(1011)
  await subscriber.reconnect()
  const socket = await central.waitForSocket()
  await socket.sendEmpty()
  await subscriber.receive(1)
  timestamp = BigInt(clock.now() - 90_000) * 1_000_000n
  socket.close(1011)
  await subscriber.reconnect()
  const sent = central.handshakes.map(({ headers }) => [
    headers['x-deliver-all'],
    headers['x-since-time'],
  ])
  assert.deepEqual(sent, [
    ['true', '2h'],
    ['true', '2h'],
    [undefined, '92s'],
  ])
})

test('a subscription that replaces another continues where that one ended', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  const replay = { deliverAll: true }
  const timestamp = BigInt(clock.now() - 90_000) * 1_000_000n
  const first = startSubscriber(t, central.url, {
    clock,
    replay,
    decoder: { lastTimestamp: timestamp },
  })
  await first.reach('open')
  assert.ok(!first.subscription.resumePoint)
  await (await central.waitForSocket()).sendEmpty()
  await first.receive(1)
  first.stop()
  await first.finished
  let resume: ResumePoint | undefined = first.subscription.resumePoint
  // The second one receives nothing: what comes after it goes on from the same point.
  for (let count = 0; count < 2; count += 1) {
    const next = startSubscriber(t, central.url, { clock, replay, resume })
    await next.reach('open')
    next.stop()
    await next.finished
    resume = next.subscription.resumePoint
  }
  startSubscriber(t, central.url, { clock, resume })
  await until(() => central.handshakes.length === 4)
  const sent = central.handshakes.map(({ headers }) => [
    headers['x-deliver-all'],
    headers['x-since-time'],
  ])
  assert.deepEqual(sent, [
    ['true', undefined],
    [undefined, '91s'],
    [undefined, '91s'],
    // Without replay nothing is asked for.
    [undefined, undefined],
  ])
})

test('without reconnect an orderly close by the server is a normal end', async (t) => {
  const central = await startCentral(t)
  for (const code of [1000, 1001]) {
    const subscriber = startSubscriber(t, central.url, { reconnect: false })
    // The one of the round before may not be gone yet.
    const socket = await central.waitForSocket()
    socket.close(code)
    await subscriber.finished
    assert.equal((await subscriber.reach('ended')).cause, undefined)
    assert.equal(subscriber.clock.timers, 0)
  }
})

test('without reconnect a close frame without a code is a normal end', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { reconnect: false })
  const socket = await central.waitForSocket()
  socket.sendRaw(Uint8Array.of(0x88, 0))
  await subscriber.finished
  assert.equal((await subscriber.reach('ended')).cause, undefined)
})

test('without reconnect any other end is the failure that it is', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { reconnect: false })
  const socket = await central.waitForSocket()
  await socket.send(Uint8Array.of(1))
  socket.close(1011)
  await subscriber.finished
  const { cause } = await subscriber.reach('ended')
  assert.equal(cause?.status, 1011)
  assert.deepEqual(bytesOf(subscriber), [1])
})

test('without reconnect a handshake is not tried twice', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 503 })
  const subscriber = startSubscriber(t, central.url, { reconnect: false })
  await subscriber.finished
  const { cause } = await subscriber.reach('ended')
  assert.equal(cause?.code, 'unavailable')
  assert.equal(central.handshakes.length, 1)
})

test('many entries that lose the server at once reconnect spread out, sixteen at a time', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  const limiter = createLimiter()
  const subscribers = Array.from({ length: 60 }, (_, index) =>
    startSubscriber(t, central.url, { clock, limiter, random: () => index / 60 }),
  )
  await Promise.all(subscribers.map((subscriber) => subscriber.reach('open')))
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  central.failHandshake({ type: 'hold', until: released }, {}, Infinity)
  for (const socket of central.sockets) socket.reset()
  const statuses = await Promise.all(subscribers.map((subscriber) => subscriber.reach('retrying')))
  const delays = new Set(statuses.map(({ delayMs }) => delayMs))
  assert.equal(delays.size, 60)
  const before = central.handshakes.length
  clock.advance(1000)
  await until(() => central.pending.now === 16)
  assert.equal(central.handshakes.length - before, 16)
  release()
  await Promise.all(subscribers.map((subscriber) => subscriber.reach('open')))
  assert.equal(central.pending.peak, 16)
})
