import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { FrameQueue, Repeats } from '../../src/connection/frame-queue.js'
import { ByteBudget } from '../../src/delivery/byte-budget.js'
import type { Frame } from '../../src/service.js'

const MIB = 1024 * 1024

const frame = (index: number, size = 1): Frame => ({
  bytes: new Uint8Array(size),
  receivedAt: index,
  text: false,
})

/** A queue, its batches, and how often it asked for a pause or for more. */
function start(budget = new ByteBudget(512 * MIB)) {
  const calls = { full: 0, room: 0 }
  const queue = new FrameQueue(budget, {
    pause: () => {
      calls.full += 1
    },
    resume: () => {
      calls.room += 1
    },
  })
  const batches = queue.batches()
  const take = async () => (await batches.next()).value?.map(({ receivedAt }) => receivedAt)
  return { queue, batches, take, calls }
}

test('a batch holds all frames that came together, in order', async () => {
  const { queue, take } = start()
  const first = take()
  for (let index = 0; index < 5; index += 1) queue.push(frame(index))
  assert.deepEqual(await first, [0, 1, 2, 3, 4])
  queue.push(frame(5))
  queue.push(frame(6))
  assert.deepEqual(await take(), [5, 6])
})

test('calls made ahead are served in order', async () => {
  const { queue, take } = start()
  const calls = [take(), take(), take()]
  await Promise.resolve()
  queue.push(frame(0))
  assert.deepEqual(await calls[0], [0])
  queue.push(frame(1))
  queue.end()
  assert.deepEqual(await Promise.all(calls), [[0], [1], undefined])
})

test('a queue is full from 64 frames on, those in the consumer’s hand included', async () => {
  const { queue, take, calls } = start()
  for (let index = 0; index < 63; index += 1) queue.push(frame(index))
  assert.equal(queue.full, false)
  queue.push(frame(63))
  assert.equal(queue.full, true)
  await take()
  assert.equal(queue.full, true)
  calls.room = 0
  void take()
  assert.equal(queue.full, false)
  assert.equal(calls.room, 1)
})

test('a queue asks for no pause where its consumer takes all of one read and comes back', async () => {
  const { queue, take, calls } = start()
  let taken = take()
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 100; index += 1) queue.push(frame(index))
    assert.equal((await taken)?.length, 100)
    taken = take()
    await nextTurn()
  }
  assert.equal(calls.full, 0)
})

test('a queue asks for a pause before the next read where its consumer keeps 64 frames', async () => {
  const { queue, take, calls } = start()
  const taken = take()
  for (let index = 0; index < 64; index += 1) queue.push(frame(index))
  assert.equal((await taken)?.length, 64)
  assert.equal(calls.full, 0)
  await new Promise<void>(process.nextTick)
  assert.equal(calls.full, 1)
})

test('a queue asks for a pause at the 64th frame where its consumer is busy', async () => {
  const { queue, take, calls } = start()
  const taken = take()
  queue.push(frame(0))
  await taken
  for (let index = 1; index < 63; index += 1) queue.push(frame(index))
  assert.equal(calls.full, 0)
  queue.push(frame(63))
  assert.equal(calls.full, 1)
})

test('a queue does not ask for more while more than 16 frames wait', async () => {
  const { queue, take, calls } = start()
  queue.push(frame(0))
  await take()
  for (let index = 0; index < 17; index += 1) queue.push(frame(index))
  calls.room = 0
  await take()
  assert.equal(calls.room, 0)
  void take()
  assert.equal(calls.room, 1)
})

test('a queue is full from 16 MiB on, and takes one larger frame', async () => {
  const { queue, take } = start()
  assert.equal(queue.full, false)
  queue.push(frame(0, 15 * MIB))
  assert.equal(queue.full, false)
  queue.push(frame(1, 2 * MIB))
  assert.equal(queue.full, true)
  assert.deepEqual(await take(), [0, 1])
  void take()
  assert.equal(queue.full, false)
  queue.push(frame(2, 63 * MIB))
  assert.equal(queue.full, true)
})

test('queues share a budget; each may hold one frame, and goes on when there is room', async () => {
  const budget = new ByteBudget(MIB)
  const large = start(budget)
  const small = start(budget)
  large.queue.push(frame(0, MIB))
  assert.equal(small.queue.full, false)
  small.queue.push(frame(1))
  assert.equal(small.queue.full, true)
  assert.deepEqual(await small.take(), [1])
  small.calls.room = 0
  small.queue.push(frame(2))
  // Its own batch is done, but the budget is still full.
  const second = small.take()
  assert.equal(small.calls.room, 0)
  assert.deepEqual(await second, [2])
  await large.take()
  void large.take()
  assert.equal(budget.used, 1)
  assert.equal(small.calls.room, 1)
})

test('what waits is handed out before the end, and before an error', async () => {
  const ended = start()
  ended.queue.push(frame(0))
  ended.queue.end()
  assert.deepEqual(await ended.take(), [0])
  assert.deepEqual(await ended.batches.next(), { value: undefined, done: true })

  const failed = start()
  failed.queue.push(frame(0))
  failed.queue.end(new Error('a bug'))
  assert.deepEqual(await failed.take(), [0])
  await assert.rejects(failed.take(), /a bug/)
})

test('an event counts as a repeat until 8,192 others have come, and one without an id never does', () => {
  const repeats = new Repeats()
  for (let n = 0; n < 8192; n++) assert.equal(repeats.has(`event ${n}`), false)
  assert.equal(repeats.has('event 0'), true)
  assert.equal(repeats.has('event 8191'), true)
  assert.equal(repeats.has('event 8192'), false)
  assert.equal(repeats.has('event 0'), false, 'the oldest is forgotten')
  assert.equal(repeats.has('event 2'), true)
  assert.equal(repeats.has(undefined), false)
  assert.equal(repeats.has(undefined), false)
})
