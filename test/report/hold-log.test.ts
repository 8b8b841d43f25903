import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RetryLog } from '../../src/delivery/retries.js'
import { StreamError } from '../../src/errors.js'
import { createLogger } from '../../src/log.js'
import { collapseRepeats } from '../../src/report/collapse-repeats.js'
import { createHoldLog } from '../../src/report/hold-log.js'
import { FakeClock } from '../helpers/clock.js'
import { NOW, UP } from '../helpers/snapshot.js'

const MINUTE = 60_000

function start() {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), now: () => NOW })
  const clock = new FakeClock()
  /** The lines since the last call, without their fields. */
  const news = () => lines.splice(0).map((line) => line.replace(/ \(.*/, ''))
  return { clock, log: collapseRepeats(log, { elapsed: () => clock.elapsed() }), news }
}

test('streams that wait for an output are warned of once, and their end is logged', () => {
  const { clock, log, news } = start()
  const logHolds = createHoldLog(log, clock)
  const counters = { delivered: 9, retried: 3, givenUp: 0, kept: 0, waiting: 3351 }
  const outputs = [{ name: 'postgres://h/net', counters, state: UP }]
  const see = (heldMs: number) =>
    logHolds({ outputs, holds: [{ name: 'postgres://h/net', heldMs }] })
  see(9_999)
  assert.deepEqual(news(), [])
  see(10_000)
  clock.advance(7 * MINUTE)
  see(10_000 + 7 * MINUTE)
  assert.deepEqual(news(), [
    'WARN  postgres://h/net: the streams wait for it: there is no room for more messages, and the other outputs get none either',
  ])
  see(0)
  see(0)
  assert.deepEqual(news(), ['INFO  postgres://h/net: the streams go on after 7 min'])
})

test('an output that holds up one entry is not said to hold up all streams', () => {
  const { log, news } = start()
  const logHolds = createHoldLog(log)
  logHolds({ outputs: [], holds: [{ name: './save.mjs', heldMs: 10_000, ofEntry: true }] })
  assert.deepEqual(news(), [
    'WARN  ./save.mjs: an entry waits for it, and the other outputs get no more of that entry either',
  ])
})

test('an output that holds the streams up again and again is told in few lines, the last one true', () => {
  const { clock, log, news } = start()
  const logHolds = createHoldLog(log, clock)
  const see = (heldMs: number) => logHolds({ outputs: [], holds: [{ name: 'nats', heldMs }] })
  for (let count = 0; count < 10; count++) {
    see(10_000)
    clock.advance(2_500)
    see(0)
    clock.advance(2_500)
    log.logRepeats()
  }
  clock.advance(60_000)
  log.logRepeats()
  const lines = news()
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['WARN', 'INFO', 'INFO'],
  )
  assert.match(lines.at(-1) ?? '', /go on after .* \[9 times more/)
})

test('an output whose second trouble was logged works again in the log, though it also holds the streams up again', () => {
  const { clock, log, news } = start()
  const logHolds = createHoldLog(log, clock)
  const exporter = 'postgres://h/net'
  const retryLog = new RetryLog({ log: log.child({ exporter }), clock })
  const source = {}
  const fail = (code: 'unreachable' | 'output-refused') => {
    retryLog.failed(source, new StreamError(code, code))
    logHolds({ outputs: [], holds: [{ name: exporter, heldMs: 10_000 }] })
    clock.advance(20_000)
  }
  fail('unreachable')
  retryLog.works(source)
  logHolds({ outputs: [] })
  fail('output-refused')
  news()
  retryLog.works(source)
  assert.match(news().join(), /works again after one failure in 20 s/)
  logHolds({ outputs: [] })
  clock.advance(60_000)
  log.logRepeats()
  assert.match(news().join(), /the streams go on after 30 s \[once more/)
})
