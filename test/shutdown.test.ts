import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Shutdown } from '../src/shutdown.js'

/** A shutdown on a clock that stands still, and what has come of it so far. */
function shutdownOn(timers: { enable(options: { apis: ['setTimeout'] }): void }) {
  timers.enable({ apis: ['setTimeout'] })
  let cuts = 0
  const shutdown = new Shutdown(() => {
    cuts += 1
  })
  const { stopping, holdOver, graceOver, overdue, forced } = shutdown
  const signals = [stopping, holdOver, graceOver, overdue, forced]
  const moments = () => [...signals.map(({ aborted }) => aborted), cuts]
  return { shutdown, moments }
}

test('an end has 8 s to finish, 4 s of them for what holds others up, 0.8 s for what is under way, and is cut after 10 s', (t) => {
  const { timers } = t.mock
  const { shutdown, moments } = shutdownOn(timers)
  assert.deepEqual(moments(), [false, false, false, false, false, 0])
  shutdown.begin('signal')
  assert.deepEqual(moments(), [true, false, false, false, false, 0])
  const steps: readonly [ms: number, moments: readonly (boolean | number)[]][] = [
    [4_000, [true, true, false, false, false, 0]],
    [4_000, [true, true, true, false, false, 0]],
    [800, [true, true, true, true, false, 0]],
    [1_000, [true, true, true, true, true, 0]],
    [200, [true, true, true, true, true, 1]],
  ]
  for (const [ms, expected] of steps) {
    const before = moments()
    timers.tick(ms - 1)
    assert.deepEqual(moments(), before)
    timers.tick(1)
    assert.deepEqual(moments(), expected)
  }
})

test('an end that is done is not cut', (t) => {
  const { shutdown, moments } = shutdownOn(t.mock.timers)
  shutdown.begin()
  t.mock.timers.tick(8_000)
  shutdown.done()
  t.mock.timers.tick(60_000)
  assert.deepEqual(moments(), [true, true, true, false, false, 0])
})

test('the first reason for an end counts', () => {
  const shutdown = new Shutdown(() => {})
  shutdown.begin()
  shutdown.begin('signal')
  assert.equal(shutdown.interrupted, false)
  shutdown.done()
})
