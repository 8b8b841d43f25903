import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.js'
import type { Status } from '../../src/connection/status.js'
import { StatusTracker } from '../../src/connection/status.js'
import { abnormalSilence } from '../../src/report/trouble.js'
import { FakeClock } from '../helpers/clock.js'
import { entry, OPEN, PROGRESS } from '../helpers/snapshot.js'

const MINUTE = 60_000

const open = (minutes: number, frameAgeMs?: number): Status => ({
  ...OPEN,
  openMs: minutes * MINUTE,
  frameAgeMs,
})

test('each topic has its own limit, and three may be silent for ever', () => {
  const limits = { monitoring: 15, presence: 5, apprf: 45 } as const
  for (const [name, minutes] of Object.entries(limits)) {
    const topic = name as keyof typeof limits
    const at = (status: Status) => abnormalSilence(entry('A', { topic, status }))
    assert.equal(at({ ...OPEN, openMs: minutes * MINUTE - 1 }), undefined)
    assert.equal(at(open(minutes)), minutes * MINUTE)
  }
  for (const topic of ['audit', 'security', 'location'] as const) {
    assert.equal(abnormalSilence(entry('A', { topic, status: open(20_000) })), undefined)
  }
})

test('silence counts from the opening or the last frame, whichever was later, and only while open', () => {
  const silence = (status: Status, held = false) => abnormalSilence(entry('A', { status, held }))
  assert.equal(silence(open(14, 74 * MINUTE)), undefined)
  assert.equal(silence(open(15, 75 * MINUTE)), 15 * MINUTE)
  assert.equal(silence(open(24, 14 * MINUTE)), undefined)
  assert.equal(silence(open(25, 15 * MINUTE)), 15 * MINUTE)
  assert.equal(silence(open(25, 15 * MINUTE), true), undefined, 'reading is held by us')
  const connecting: Status = {
    ...PROGRESS,
    frameAgeMs: 60 * MINUTE,
    type: 'connecting',
    attempt: 9,
  }
  assert.equal(silence(connecting), undefined)
})

test('a clock that is set back a day hides no silence, and one set forward makes none', () => {
  for (const days of [-1, 1]) {
    const time = new FakeClock()
    let shiftMs = 0
    const now = () => time.now() + shiftMs
    const clock = { ...systemClock, now, elapsed: () => time.elapsed() }
    const tracker = new StatusTracker(clock, () => {})
    const silence = () => abnormalSilence(entry('A', { status: tracker.status }))
    tracker.open()
    time.advance(MINUTE)
    tracker.frame(1, now(), false)
    shiftMs = days * 86_400_000
    assert.equal(silence(), undefined)
    time.advance(15 * MINUTE)
    assert.equal(silence(), 15 * MINUTE)
  }
})
