import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { parseDuration, sleep, systemClock, untilAborted } from '../src/clock.js'
import { FakeClock } from './helpers/clock.js'

test('sleeps as long as it was told, and leaves nothing behind', async () => {
  const clock = new FakeClock()
  const { signal } = new AbortController()
  let awake = false
  const sleeping = sleep(1000, clock, signal).then((isOver) => {
    awake = isOver
  })
  clock.advance(999)
  await Promise.resolve()
  assert.equal(awake, false)
  clock.advance(1)
  await sleeping
  assert.equal(awake, true)
  assert.equal(clock.timers, 0)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('sleep ends at once when it is aborted, before or meanwhile', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const sleeping = sleep(1000, clock, stop.signal)
  stop.abort()
  assert.equal(await sleeping, false)
  assert.equal(await sleep(1000, clock, stop.signal), false)
  assert.equal(clock.timers, 0)
})

test('waits for a promise, or until aborted', async () => {
  const stop = new AbortController()
  assert.equal(await untilAborted(Promise.resolve(7), stop.signal), 7)
  await assert.rejects(untilAborted(Promise.reject(new Error('no')), stop.signal), /no/)
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  const waiting = untilAborted(new Promise<never>(() => {}), stop.signal)
  stop.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await assert.rejects(untilAborted(Promise.reject(new Error('late')), stop.signal), /enough/)
})

test("the machine's clock goes on", async () => {
  const [now, elapsed] = [systemClock.now(), systemClock.elapsed()]
  await sleep(5, systemClock, new AbortController().signal)
  assert.ok(systemClock.now() >= now)
  assert.ok(systemClock.elapsed() - elapsed >= 4)
})

test('a duration is the sum of its parts, in milliseconds', () => {
  for (const [text, expected] of [
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['1.5m250ms', 90_250],
    ['2m1s', 121_000],
    ['500us', 0.5],
    ['1000000ns', 1],
    ['0s', 0],
  ] as const) {
    assert.equal(parseDuration(text), expected, text)
  }
})

test('a text that is not a duration has no milliseconds', () => {
  for (const text of ['', '10', 's', '7d', '1h 30m', '-1h', '1h30', 'yesterday', '1.h', '1,5h']) {
    assert.equal(parseDuration(text), undefined, text)
  }
})
