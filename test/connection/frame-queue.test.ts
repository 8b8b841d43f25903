import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Frame } from '../../src/connection/frame.js'
import { FrameQueue } from '../../src/connection/frame-queue.js'

const frame = (index: number): Frame => ({
  bytes: Uint8Array.of(index),
  receivedAt: index,
  text: false,
})
const noop = () => {}

async function take(queue: FrameQueue, count: number): Promise<(number | undefined)[]> {
  const taken: (number | undefined)[] = []
  for (let index = 0; index < count; index += 1) {
    taken.push((await queue.next()).value?.receivedAt)
  }
  return taken
}

test('gives frames in the order they came, whether they are waited for or wait', async () => {
  const queue = new FrameQueue(noop)
  const first = take(queue, 1)
  for (let index = 0; index < 5; index += 1) queue.push(frame(index))
  assert.deepEqual(await first, [0])
  assert.deepEqual(await take(queue, 2), [1, 2])
  queue.push(frame(5))
  assert.deepEqual(await take(queue, 3), [3, 4, 5])
  assert.equal(queue.length, 0)
})

test('calls made ahead are served in order', async () => {
  const queue = new FrameQueue(noop)
  const calls = [queue.next(), queue.next(), queue.next()]
  queue.push(frame(0))
  queue.push(frame(1))
  queue.end()
  const results = await Promise.all(calls)
  assert.deepEqual(
    results.map(({ value, done }) => [value?.receivedAt, done]),
    [
      [0, false],
      [1, false],
      [undefined, true],
    ],
  )
})

test('is full from 64 on, and says when it is down to 16', async () => {
  let low = 0
  const queue = new FrameQueue(() => {
    low += 1
  })
  for (let index = 0; index < 63; index += 1) queue.push(frame(index))
  assert.equal(queue.full, false)
  for (let index = 63; index < 300; index += 1) queue.push(frame(index))
  assert.equal(queue.full, true)
  await take(queue, 283)
  assert.equal(low, 0)
  await take(queue, 1)
  assert.equal(low, 1)
})

test('hands out what waits before it ends', async () => {
  const queue = new FrameQueue(noop)
  queue.push(frame(0))
  queue.end()
  assert.deepEqual(await take(queue, 1), [0])
  assert.deepEqual(await queue.next(), { value: undefined, done: true })
})

test('hands out what waits before it fails', async () => {
  const queue = new FrameQueue(noop)
  queue.push(frame(0))
  queue.end(new Error('a bug'))
  assert.deepEqual(await take(queue, 1), [0])
  await assert.rejects(queue.next(), /a bug/)
})

test('frames that wait may be polled between calls of next', async () => {
  let lows = 0
  const queue = new FrameQueue(() => {
    lows += 1
  })
  assert.equal(queue.poll(), undefined)
  for (let index = 0; index < 18; index += 1) queue.push(frame(index))
  assert.deepEqual(await take(queue, 1), [0])
  assert.equal(lows, 0)
  assert.equal(queue.poll()?.receivedAt, 1)
  assert.equal(lows, 1)
  assert.deepEqual(await take(queue, 1), [2])
  const rest = Array.from({ length: 16 }, () => queue.poll()?.receivedAt)
  assert.deepEqual(rest, [...Array.from({ length: 15 }, (_, index) => index + 3), undefined])
})
