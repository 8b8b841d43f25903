import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryLog } from '../../src/delivery/retries.js'
import { StreamError } from '../../src/errors.js'
import { loggerTo } from '../../src/log.js'
import { collapseRepeats } from '../../src/report/collapse-repeats.js'
import { FakeClock } from '../helpers/clock.js'

function fixture() {
  const logged: string[] = []
  const clock = new FakeClock()
  const log = loggerTo((_, message) => logged.push(message))
  return { logged, clock, retryLog: new RetryLog({ log, clock }) }
}

const gone = () => new StreamError('unreachable', 'gone')

test('trouble is logged once for each kind, and its end with a count', () => {
  const { logged, clock, retryLog } = fixture()
  const source = {}
  retryLog.works(source)
  for (let i = 0; i < 1000; i++) retryLog.failed(source, gone())
  retryLog.failed(source, new StreamError('unavailable', 'busy', { status: 503 }))
  clock.advance(61_400)
  retryLog.works(source)
  retryLog.works(source)
  assert.deepEqual(logged, [
    'gone; trying again until it works, messages wait',
    'busy; trying again until it works, messages wait',
    'works again after 1001 failures in 61 s',
  ])
})

test('faults of the operating system are told apart by their codes', () => {
  const { logged, retryLog } = fixture()
  for (const code of ['ENOSPC', 'EROFS', 'ENOSPC']) {
    const cause = Object.assign(new Error(code), { code })
    retryLog.failed({}, new StreamError('not-writable', code, { cause }))
  }
  assert.equal(logged.length, 2)
})

test('those that share a log are one trouble, which ends with the last of them', () => {
  const { logged, retryLog } = fixture()
  const [first, second] = [{}, {}]
  for (const source of [first, second]) retryLog.failed(source, gone())
  retryLog.works(first)
  assert.equal(logged.length, 1)
  retryLog.works(second)
  assert.match(logged[1] ?? '', /^works again after 2 failures/)
})

test('trouble that comes again is logged again, whatever the wall clock says meanwhile', (t) => {
  const { logged, clock, retryLog } = fixture()
  const source = {}
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 2) })
  for (const at of [Date.UTC(2026, 0, 2), Date.UTC(2026, 0, 1)]) {
    t.mock.timers.setTime(at)
    retryLog.failed(source, gone())
    clock.advance(5000)
    t.mock.timers.setTime(at - 86_400_000)
    retryLog.works(source)
  }
  assert.deepEqual(
    logged.filter((line) => line.startsWith('works again')),
    Array(2).fill('works again after one failure in 5 s'),
  )
  assert.equal(logged.length, 4)
})

/** A retry log whose lines are collapsed, as those of the program are. */
function collapsed() {
  const lines: string[] = []
  const clock = new FakeClock()
  const elapsed = () => clock.elapsed()
  const log = collapseRepeats(
    loggerTo((level, message) => lines.push(`${level} ${message}`)),
    { elapsed },
  )
  const retryLog = new RetryLog({ log: log.child({ exporter: 'e' }), clock })
  return { lines, clock, log, retryLog }
}

test('trouble that is over is not logged later as a repeat, and another cause is no repeat', () => {
  const { lines, log, retryLog } = collapsed()
  const refused = (code: string) => new StreamError('output-refused', code, { cause: { code } })
  const source = {}
  for (const code of ['42501', '3D000', '42501']) {
    retryLog.failed(source, refused(code))
    retryLog.works(source)
  }
  log.flush()
  assert.deepEqual(lines, [
    'error 42501; trying again until it works, messages wait',
    'info works again after one failure in 1 s',
    'error 3D000; trying again until it works, messages wait',
    'info works again after one failure in 1 s',
  ])
})

test('an output that fails now and then has its failures and its recoveries counted together', () => {
  const { lines, clock, log, retryLog } = collapsed()
  const flap = () => {
    retryLog.failed(lines, gone())
    clock.advance(500)
    retryLog.works(lines)
    log.logRepeats()
  }
  for (let n = 0; n < 30; n++) flap()
  const first = [
    'warn gone; trying again until it works, messages wait',
    'info works again after one failure in 1 s',
  ]
  assert.deepEqual(lines, first)
  clock.advance(45_500)
  log.logRepeats()
  const many = 'info works again after one failure in 1 s [29 times more in the past 60 s]'
  assert.deepEqual(lines, [...first, many])
  // What is told as trouble is also told as over.
  retryLog.failed(lines, gone())
  retryLog.works(lines)
  const trouble =
    'warn gone; trying again until it works, messages wait [30 times more in the past 61 s]'
  assert.deepEqual(lines, [...first, many, trouble, first[1]])
})

test('trouble that lasts is logged again every hour', () => {
  const { logged, clock, retryLog } = fixture()
  for (let minute = 0; minute < 150; minute++) {
    retryLog.failed(logged, gone())
    clock.advance(60_000)
  }
  assert.deepEqual(logged, [
    'gone; trying again until it works, messages wait',
    'gone; trying again until it works, messages wait, for 1 h now',
    'gone; trying again until it works, messages wait, for 2 h now',
  ])
})

test('the state of an output says since when it works or not, and why not', () => {
  const clock = new FakeClock(1000)
  const state = { up: true, since: 0, lastError: undefined }
  const retryLog = new RetryLog({ log: loggerTo(() => {}), clock, state })
  const [first, second] = [{}, {}]
  const error = gone()
  retryLog.failed(first, error)
  clock.advance(500)
  retryLog.failed(second, error)
  retryLog.works(first)
  assert.deepEqual(state, { up: false, since: 1000, lastError: error })
  clock.advance(500)
  retryLog.works(second)
  assert.deepEqual(state, { up: true, since: 2000, lastError: undefined })
})
