import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusTracker } from '../../src/connection/status.js'
import { StreamError } from '../../src/errors.js'
import { createLogger } from '../../src/log.js'
import { collapseRepeats } from '../../src/report/collapse-repeats.js'
import { logStatus } from '../../src/report/status-line.js'
import { FakeClock } from '../helpers/clock.js'
import { NOW } from '../helpers/snapshot.js'

const MINUTE = 60_000
const LOST = new StreamError('connection-lost', 'it broke off')

function collect() {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), now: () => NOW })
  return { lines, log }
}

/** An entry whose status goes to a log that collapses repeats. */
function start() {
  const { lines, log } = collect()
  const clock = new FakeClock()
  const collapsing = collapseRepeats(log, { elapsed: () => clock.elapsed() })
  const own = collapsing.child({ entry: 'A' })
  const tracker = new StatusTracker(clock, (status) => logStatus(own, status))
  const lose = (delayMs: number) => {
    tracker.lost(0)
    tracker.retrying(1, delayMs, LOST)
    clock.advance(delayMs)
  }
  /** The lines since the last call, without their fields. */
  const news = () => lines.splice(0).map((line) => line.replace(/ \(.*/, ''))
  return { clock, log: collapsing, tracker, lose, news }
}

test('a reconnect is logged with the length of the gap', () => {
  const { tracker, lose, news } = start()
  tracker.open()
  lose(2500)
  tracker.open()
  assert.deepEqual(news(), [
    'INFO  A: connected',
    'WARN  A: it broke off; trying again in 2.5 s',
    'INFO  A: connected again after a gap of 2.5 s; messages of that time may be missing',
  ])
})

test('no held-back "trying again" is logged once the connection is open again', () => {
  const { clock, log, tracker, lose, news } = start()
  tracker.open()
  for (let attempt = 0; attempt < 5; attempt++) lose(1000)
  tracker.open()
  news()
  clock.advance(2 * MINUTE)
  log.logRepeats()
  log.flush()
  assert.deepEqual(news(), [])
})

test('no held-back "trying again" is logged once the entry has ended, nor "connected again"', () => {
  for (const connected of [false, true]) {
    const { log, tracker, lose, news } = start()
    tracker.open()
    for (let attempt = 0; attempt < 5; attempt++) {
      lose(1000)
      if (connected) tracker.open()
    }
    news()
    tracker.ended(undefined)
    log.flush()
    const gaps =
      'INFO  A: 4 gaps of 4.0 s in all; messages of those times may be missing [4 times more in the past 4 s]'
    assert.deepEqual(news(), ['INFO  A: ended', ...(connected ? [gaps] : [])])
  }
})

test('the end logs no held-back state of an entry that is still trying', () => {
  const { log, tracker, lose, news } = start()
  tracker.open()
  for (let attempt = 0; attempt < 5; attempt++) lose(1000)
  news()
  log.flush()
  assert.deepEqual(news(), [])
})

test('an unstable connection is told with the number of its losses, while it is lost', () => {
  const { clock, log, tracker, lose, news } = start()
  tracker.open()
  for (let second = 0; second < 60; second += 2) {
    lose(1000)
    tracker.open()
    clock.advance(1000)
    log.logRepeats()
  }
  news()
  lose(1000)
  assert.deepEqual(news(), [
    'WARN  A: it broke off; trying again in 1.0 s [30 times more in the past 60 s]',
  ])
})

test('the gaps of an unstable connection are told with their number and sum, none of them twice', () => {
  const { clock, log, tracker, lose, news } = start()
  tracker.open()
  const told: string[] = []
  for (let loss = 0; loss < 31; loss++) {
    lose(500)
    tracker.open()
    clock.advance(2500)
    log.logRepeats()
    told.push(...news().filter((line) => line.includes(' gap')))
  }
  assert.deepEqual(told, [
    'INFO  A: connected again after a gap of 0.5 s; messages of that time may be missing',
    'INFO  A: 20 gaps of 10.0 s in all; messages of those times may be missing [20 times more in the past 60 s]',
  ])
  log.flush()
  log.flush()
  assert.deepEqual(
    news().filter((line) => line.includes(' gap')),
    [
      'INFO  A: 10 gaps of 5.0 s in all; messages of those times may be missing [10 times more in the past 33 s]',
    ],
  )
})

test('a gap that is held back is told even when the connection does not come back', () => {
  const { clock, log, tracker, lose, news } = start()
  tracker.open()
  for (let loss = 0; loss < 2; loss++) {
    lose(500)
    tracker.open()
  }
  lose(0)
  news()
  for (let second = 0; second < 180; second += 5) {
    clock.advance(5000)
    log.logRepeats()
  }
  assert.deepEqual(
    news().filter((line) => line.includes(' gap')),
    ['INFO  A: a gap of 0.5 s; messages of that time may be missing [once more in the past 61 s]'],
  )
})

test('a sum of gaps has their seconds as a field', () => {
  const { lines, log } = collect()
  const collapsing = collapseRepeats(log)
  const tracker = new StatusTracker(new FakeClock(), () => {})
  const { status } = tracker
  for (const gapMsBefore of [600, 700, 1400]) {
    const open = {
      ...status,
      type: 'open',
      since: 0,
      openMs: 0,
      reconnects: 1,
      gapMsBefore,
    } as const
    logStatus(collapsing, open)
  }
  collapsing.flush()
  assert.match(lines[0] ?? '', /\(gap_seconds=0\.6 code=reconnected\)$/)
  assert.match(lines[1] ?? '', /\(gap_seconds=2\.1 code=reconnected repeats=2\)$/)
})
