import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/clock.js'
import { StatusTracker } from '../../src/connection/tracker.js'
import { StreamError } from '../../src/errors.js'
import { createLogger } from '../../src/log.js'
import { logStatus } from '../../src/report/log-status.js'

test('a reconnect is told from the first connection, with the length of the gap', () => {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), now: () => 0 })
  let ms = 0
  const clock = { ...systemClock, now: () => ms, elapsed: () => ms }
  const tracker = new StatusTracker(clock, (status) => logStatus(log, status))
  tracker.open()
  tracker.lost(0)
  tracker.retrying(1, 1500, new StreamError('connection-lost', 'it broke off'))
  ms = 2500
  tracker.open()
  assert.deepEqual(
    lines.map((line) => line.replace(/ \(.*/, '')),
    [
      'INFO  connected',
      'WARN  it broke off; trying again in 1.5 s',
      'INFO  connected again after a gap of 2.5 s',
    ],
  )
})
