import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { Bell } from '../../src/outputs/bell.js'
import { Outbox } from '../../src/outputs/outbox.js'
import { Trouble } from '../../src/outputs/trouble.js'
import { Window } from '../../src/outputs/window.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'

test('takes what goes past its limit and lets whoever brought it wait for room', async () => {
  const window = new Window(10)
  assert.equal(window.add(9), undefined)
  const order: string[] = []
  const rooms = [window.add(5), window.add(5)].map(async (room, i) => {
    await room
    order.push(`waiter ${i}`)
  })
  window.remove(9)
  await Promise.resolve()
  order.push('still full')
  window.remove(5)
  await Promise.all(rooms)
  assert.deepEqual(order, ['still full', 'waiter 0', 'waiter 1'])
  assert.equal(window.add(4), undefined)
})

test('keeps counters right while messages come, arrive and are given up', () => {
  const context = fakeContext()
  const outbox = new Outbox(context, new Window(1_000_000))
  for (let n = 0; n < 3000; n++) outbox.push(fakeMessage('a', n))
  outbox.delivered(2000)
  assert.deepEqual(context.counters, { delivered: 2000, retried: 0, givenUp: 0, waiting: 1000 })
  assert.equal(outbox.first?.timestamp, 2000n)
  outbox.giveUp(new StreamError('export-failed', 'no'), 10)
  assert.equal(outbox.first?.timestamp, 2010n)
  outbox.giveUp(new StreamError('export-failed', 'no'))
  assert.deepEqual(context.counters, { delivered: 2000, retried: 0, givenUp: 1000, waiting: 0 })
  assert.deepEqual([outbox.length, outbox.bytes], [0, 0])
})

test('cuts a batch by count and bytes, and lets one large line through', () => {
  const outbox = new Outbox(fakeContext(), new Window(1_000_000))
  for (const [n, pad] of [10, 10, 5000, 10].entries()) outbox.push(fakeMessage('a', n, { pad }))
  assert.equal(outbox.lines({ maxCount: 1, maxBytes: 4000 }).length, 1)
  assert.equal(outbox.lines({ maxCount: 9, maxBytes: 4000 }).length, 2)
  outbox.delivered(2)
  assert.equal(outbox.lines({ maxCount: 9, maxBytes: 4000 }).length, 1)
})

test('tells of trouble once for each kind, and of its end with a count', () => {
  const context = fakeContext()
  let nowMs = 0
  const trouble = new Trouble(context.log, () => nowMs)
  trouble.mended()
  for (let i = 0; i < 1000; i++) trouble.failed(new StreamError('unreachable', 'gone'))
  trouble.failed(new StreamError('unavailable', 'busy', { status: 503 }))
  nowMs = 61_400
  trouble.mended()
  trouble.mended()
  assert.deepEqual(
    context.logged.map(({ message }) => message),
    [
      'gone; trying again until it works, messages wait',
      'busy; trying again until it works, messages wait',
      'works again after 1001 failures in 61 s',
    ],
  )
})

test('keeps a ring that nobody waited for', async () => {
  const bell = new Bell()
  bell.ring()
  bell.ring()
  await bell.next()
  let woken = false
  const next = bell.next().then(() => {
    woken = true
  })
  await Promise.resolve()
  assert.equal(woken, false)
  bell.ring()
  await next
})
