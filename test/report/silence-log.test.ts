import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../../src/log.js'
import { createSilenceLog } from '../../src/report/silence-log.js'
import { entry, NOW, OPEN } from '../helpers/snapshot.js'

const MINUTE = 60_000

function collect() {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), now: () => NOW })
  return { lines, log }
}

test('a silence is warned of once, and its end is logged', () => {
  const { lines, log } = collect()
  const logSilences = createSilenceLog(log)
  const see = (silentMinutes: number, frames: number, openMinutes = silentMinutes) => {
    const openMs = openMinutes * MINUTE
    const frameAgeMs = frames === 0 ? undefined : silentMinutes * MINUTE
    logSilences([entry('A', { status: { ...OPEN, openMs, frames, frameAgeMs } })])
  }
  see(14, 0)
  assert.deepEqual(lines, [])
  see(15, 0)
  see(16, 0)
  see(60, 0)
  see(19, 0) // Another connection, and still nothing came.
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^WARN {2}A: open, but no message for 15 min, .* for monitoring/)
  see(0, 1, 20)
  assert.equal(lines[1], 'INFO  A: messages come again')
  see(15, 1, 35)
  assert.equal(lines.length, 3)
  assert.match(lines[2] ?? '', /^WARN/)
})

test('an entry that a reload has replaced is not said to have messages again', () => {
  const { lines, log } = collect()
  const logSilences = createSilenceLog(log)
  const openMs = 15 * MINUTE
  logSilences([entry('A', { status: { ...OPEN, openMs, frames: 7, frameAgeMs: openMs } })])
  logSilences([entry('A')])
  assert.equal(lines.length, 1)
})
