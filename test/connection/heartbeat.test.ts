import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Heartbeat } from '../../src/connection/heartbeat.js'
import { FakeClock } from '../helpers/clock.js'

function start(answersPings = true) {
  const clock = new FakeClock()
  const pingsAt: number[] = []
  const silentAt: number[] = []
  const heartbeat = new Heartbeat({
    clock,
    answersPings,
    ping: () => pingsAt.push(clock.elapsed() / 1000),
    silent: () => silentAt.push(clock.elapsed() / 1000),
  })
  return { clock, heartbeat, pingsAt, silentAt }
}

test('a heartbeat pings every 30 s as long as there is life', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start()
  for (let second = 0; second < 120; second += 1) {
    heartbeat.alive()
    clock.advance(1000)
  }
  assert.deepEqual(pingsAt, [30, 60, 90, 120])
  assert.deepEqual(silentAt, [])
})

test('60 s after the last sign of life the peer is called silent, once', () => {
  const { clock, heartbeat, silentAt } = start()
  clock.advance(7000)
  heartbeat.alive()
  clock.advance(59_999)
  assert.deepEqual(silentAt, [])
  clock.advance(600_000)
  assert.deepEqual(silentAt, [67])
  assert.equal(clock.timers, 0)
})

test('pongs alone keep a connection that has nothing to say', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start()
  for (let seen = 0; seen < 20; ) {
    clock.advance(100)
    if (pingsAt.length > seen) {
      seen += 1
      heartbeat.alive()
    }
  }
  assert.deepEqual(silentAt, [])
})

test('a paused heartbeat sends no ping, and its clock stands still', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start()
  clock.advance(20_000)
  heartbeat.pause()
  clock.advance(3_600_000)
  assert.deepEqual(pingsAt, [])
  heartbeat.resume()
  clock.advance(39_000)
  assert.deepEqual(silentAt, [])
  clock.advance(31_000)
  assert.equal(silentAt.length, 1)
})

test('time in which the whole process stood still is no silence of the peer', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start()
  clock.advance(10_000)
  heartbeat.alive()
  clock.jump(7_200_000)
  assert.deepEqual(silentAt, [])
  assert.equal(pingsAt.length, 1)
  clock.advance(61_000)
  assert.equal(silentAt.length, 1)
})

test('a frame that is read before a late timer counts at the time it was read', () => {
  const { clock, heartbeat, silentAt } = start()
  // As after a suspend: the socket is read first, then timers go off.
  clock.setTimeout(() => heartbeat.alive(), 29_000)
  clock.jump(7_200_000)
  clock.advance(61_000)
  assert.deepEqual(silentAt, [7260])
})

test('a process that stood still during a pause finds the silence after 60 s as usual', () => {
  const { clock, heartbeat, silentAt } = start()
  clock.advance(10_000)
  heartbeat.pause()
  clock.jump(7_200_000)
  heartbeat.resume()
  const resumedAt = clock.elapsed() / 1000
  clock.advance(61_000)
  assert.deepEqual(silentAt, [resumedAt + 50])
})

test('a heartbeat that is stopped does nothing more and leaves no timer', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start()
  heartbeat.stop()
  assert.equal(clock.timers, 0)
  clock.advance(120_000)
  assert.deepEqual([...pingsAt, ...silentAt], [])
})

test('a server that may not answer pings is never called silent before its first pong', () => {
  const { clock, pingsAt, silentAt } = start(false)
  clock.advance(3_600_000)
  assert.deepEqual(silentAt, [])
  // Pinging stops after three pings that nobody answered.
  assert.deepEqual(pingsAt, [30, 60, 90])
})

test('a server that has answered a ping is judged like one that is known to', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start(false)
  clock.advance(95_000)
  heartbeat.pong()
  clock.advance(59_999)
  assert.deepEqual(silentAt, [])
  assert.deepEqual(pingsAt, [30, 60, 90, 120, 150])
  clock.advance(1)
  assert.deepEqual(silentAt, [155])
})

test('frames of a server that answers no pings count as no pong', () => {
  const { clock, heartbeat, pingsAt, silentAt } = start(false)
  for (let second = 0; second < 300; second += 1) {
    heartbeat.alive()
    clock.advance(1000)
  }
  clock.advance(300_000)
  assert.deepEqual([pingsAt.length, silentAt.length], [3, 0])
})
