import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from '../../src/service.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { startSubscriber } from '../helpers/subscription.js'

const FRAME_BYTES = 1000
/** 64, and what one read of the socket held (64 KiB), and a read that the pause came too late for. */
const MOST_WAITING = 64 + 2 * Math.ceil(65_536 / FRAME_BYTES)

/** Frames that begin with their number. */
function* numbered(from: number, count: number): Generator<Buffer> {
  for (let index = from; index < from + count; index += 1) {
    const frame = Buffer.alloc(FRAME_BYTES)
    frame.writeUInt32BE(index)
    yield frame
  }
}

const numbersOf = (frames: readonly Frame[] | undefined = []) =>
  frames.map(({ bytes }) => Buffer.from(bytes).readUInt32BE())
const range = (count: number) => Array.from({ length: count }, (_, index) => index)

test('a consumer that stands still costs no memory, and no frame is lost', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  const sending = socket.sendAll(numbered(0, 20_000))
  const numbers = numbersOf((await first).value)
  assert.equal(numbers[0], 0)
  await until(() => socket.isHeldUp && subscriber.status.frames >= 64)
  assert.ok(subscriber.status.frames <= MOST_WAITING, `${subscriber.status.frames} frames`)

  // An hour of it is no silence of the server.
  subscriber.clock.advance(3_600_000)
  assert.equal(subscriber.status.type, 'open')

  while (numbers.length < 20_000) numbers.push(...numbersOf((await frames.next()).value))
  assert.deepEqual(numbers, range(20_000))
  assert.equal(await sending, 20_000)
  assert.equal(socket.pings, 0)
})

test('one entry that stands still does not hold up another', async (t) => {
  const central = await startCentral(t)
  const stuck = startSubscriber(t, central.url, { collect: false, entry: { topic: 'audit' } })
  const frames = stuck.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const quick = startSubscriber(t, central.url)
  const slowSocket = await central.waitForSocket({ topic: 'audit' })
  const quickSocket = await central.waitForSocket({ topic: 'monitoring' })
  const blocked = slowSocket.sendAll(numbered(0, 20_000))
  await first
  await until(() => slowSocket.isHeldUp && stuck.status.frames >= 64)
  await quickSocket.sendAll(numbered(0, 5000))
  await quick.receive(5000)
  assert.ok(stuck.status.frames <= MOST_WAITING, `${stuck.status.frames} frames`)
  await frames.return?.()
  await blocked
})

test('what came before a connection was lost is given, while the next one is opened', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  // More than is read before the pause: the rest is still in the kernel when the server ends.
  const flushed = socket.sendAll(numbered(0, 400))
  const numbers = numbersOf((await first).value)
  socket.close(1012)
  await flushed
  const takeUntil = async (count: number) => {
    while (numbers.length < count) numbers.push(...numbersOf((await frames.next()).value))
  }
  await takeUntil(400)
  // The end is noticed when the consumer asks for more, since all before it is read then.
  const following = frames.next()
  await subscriber.reconnect()
  const next = await central.waitForSocket()
  await next.sendAll(numbered(400, 10))
  numbers.push(...numbersOf((await following).value))
  await takeUntil(410)
  assert.deepEqual(numbers, range(410))
})

test('frames of several lost connections wait in order', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  for (const from of [0, 40]) {
    const socket = await central.waitForSocket()
    await socket.sendAll(numbered(from, 40))
    await until(() => subscriber.status.frames >= Math.min(from + 40, 65))
    socket.reset()
    if (from === 0) await subscriber.reconnect()
  }
  const numbers = numbersOf((await first).value)
  while (numbers.length < 80) numbers.push(...numbersOf((await frames.next()).value))
  assert.deepEqual(numbers, range(80))
  void frames.next()
  await subscriber.reconnect()
})

test('a server that pings while the consumer stands still is answered, and loses no frame', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  const ping = Uint8Array.of(0x89, 1, 7)
  // Header of 126 (two bytes of length), then the frame.
  const framed = [...numbered(0, 400)].map((frame) =>
    Buffer.concat([Uint8Array.of(0x82, 126, FRAME_BYTES >> 8, FRAME_BYTES & 255), frame]),
  )
  const chunks = framed.map((frame) => Buffer.concat([frame, ...Array(20).fill(ping)]))
  await new Promise<void>((taken) => socket.sendRaw(Buffer.concat(chunks), taken))
  const numbers = numbersOf((await first).value)
  while (numbers.length < 400) numbers.push(...numbersOf((await frames.next()).value))
  assert.deepEqual(numbers, range(400))
  // Of the last pings the last is answered: its pong is the last one.
  await until(() => socket.pongs > 0)
  assert.equal(subscriber.status.type, 'open')
  assert.ok(socket.pongs < 8000, `${socket.pongs} pongs`)
})
