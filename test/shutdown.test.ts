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
  const { stopping, graceOver, forced } = shutdown
  const moments = () => [stopping.aborted, graceOver.aborted, forced.aborted, cuts]
  return { shutdown, moments }
}

test('an end has 9 s to finish and 0.8 s to write down the rest, and is cut after 10 s', (t) => {
  const { timers } = t.mock
  const { shutdown, moments } = shutdownOn(timers)
  assert.deepEqual(moments(), [false, false, false, 0])
  shutdown.begin('signal')
  assert.deepEqual(moments(), [true, false, false, 0])
  timers.tick(8_999)
  assert.deepEqual(moments(), [true, false, false, 0])
  timers.tick(1)
  assert.deepEqual(moments(), [true, true, false, 0])
  timers.tick(799)
  assert.deepEqual(moments(), [true, true, false, 0])
  timers.tick(1)
  assert.deepEqual(moments(), [true, true, true, 0])
  timers.tick(200)
  assert.deepEqual(moments(), [true, true, true, 1])
})

test('an end that is done is not cut', (t) => {
  const { shutdown, moments } = shutdownOn(t.mock.timers)
  shutdown.begin()
  t.mock.timers.tick(9_000)
  shutdown.done()
  t.mock.timers.tick(60_000)
  assert.deepEqual(moments(), [true, true, false, 0])
})

test('the first reason for an end counts', () => {
  const shutdown = new Shutdown(() => {})
  shutdown.begin()
  shutdown.begin('signal')
  assert.equal(shutdown.interrupted, false)
  shutdown.done()
})
