import assert from 'node:assert/strict'
import { test } from 'node:test'
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

const numberOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).readUInt32BE()

test('a consumer that stands still costs no memory, and no frame is lost', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const socket = await central.waitForSocket()
  const sending = socket.sendAll(numbered(0, 20_000))
  assert.equal(numberOf((await first).value?.bytes), 0)
  await until(() => socket.bufferedBytes > 1024 * 1024)
  assert.ok(subscriber.status.frames <= MOST_WAITING, `${subscriber.status.frames} frames`)

  // An hour of it is no silence of the server.
  subscriber.clock.advance(3_600_000)
  assert.equal(subscriber.status.type, 'open')
  assert.equal(socket.pings, 0)

  for (let index = 1; index < 20_000; index += 1) {
    const { value } = await frames.next()
    assert.equal(numberOf(value?.bytes), index)
  }
  assert.equal(await sending, 20_000)
})

test('one entry that stands still does not hold up another', async (t) => {
  const central = await startCentral(t)
  const stuck = startSubscriber(t, central.url, { collect: false, entry: { topic: 'audit' } })
  const first = stuck.subscription[Symbol.asyncIterator]().next()
  const quick = startSubscriber(t, central.url)
  const slowSocket = await central.waitForSocket({ topic: 'audit' })
  const quickSocket = await central.waitForSocket({ topic: 'monitoring' })
  const blocked = slowSocket.sendAll(numbered(0, 20_000))
  await first
  await until(() => slowSocket.bufferedBytes > 1024 * 1024)
  await quickSocket.sendAll(numbered(0, 5000))
  await quick.receive(5000)
  stuck.stop()
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
  await first
  socket.close(1012)
  await flushed
  const numbers = [0]
  const takeUntil = async (count: number) => {
    while (numbers.length < count) numbers.push(numberOf((await frames.next()).value?.bytes))
  }
  // The end is noticed when all before it is read, and that is when 16 frames wait.
  await takeUntil(385)
  await subscriber.reconnect()
  const next = await central.waitForSocket()
  await next.sendAll(numbered(400, 10))
  await takeUntil(410)
  assert.deepEqual(
    numbers,
    Array.from({ length: 410 }, (_, index) => index),
  )
})

test('a server that flaps cannot fill the memory of a consumer that stands still', async (t) => {
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url, { collect: false })
  const frames = subscriber.subscription[Symbol.asyncIterator]()
  const first = frames.next()
  const sendAndReset = async (from: number) => {
    const socket = await central.nextSocket()
    await Promise.all([...numbered(from, 81)].map((frame) => socket.send(frame.subarray(0, 10))))
    return socket
  }
  const before = await sendAndReset(0)
  await first
  // All came in one read, so that the reset behind it is seen although the socket is paused.
  before.reset()
  const { delayMs } = await subscriber.reach('retrying')
  const sending = sendAndReset(81)
  subscriber.clock.advance(delayMs)
  const second = await sending
  await subscriber.reach('open')
  second.reset()
  await until(() => central.connections.open === 0)
  assert.equal(subscriber.status.frames, 81)

  for (let index = 1; index < 162; index += 1) {
    const { value } = await frames.next()
    assert.equal(numberOf(value?.bytes), index)
  }
})
