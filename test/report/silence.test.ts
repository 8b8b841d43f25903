import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../../src/log.js'
import { abnormalSilence, createSilenceWatch } from '../../src/report/silence.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf } from '../helpers/snapshot.js'

const MINUTE = 60_000

test('each topic has its own limit, and three may be silent for ever', () => {
  const limits = { monitoring: 15, presence: 5, apprf: 45 } as const
  for (const [topic, minutes] of Object.entries(limits)) {
    const one = entry('A', { topic: topic as keyof typeof limits })
    assert.equal(abnormalSilence(one, NOW + minutes * MINUTE - 1), undefined)
    assert.equal(abnormalSilence(one, NOW + minutes * MINUTE), minutes * MINUTE)
  }
  for (const topic of ['audit', 'security', 'location'] as const) {
    assert.equal(abnormalSilence(entry('A', { topic }), NOW + 1e9), undefined)
  }
})

test('silence counts from the opening or the last message, whichever was later, and only while open', () => {
  const before = entry('A', { status: { ...OPEN, lastFrameAt: NOW - 60 * MINUTE } })
  assert.equal(abnormalSilence(before, NOW + 14 * MINUTE), undefined)
  const after = entry('A', { status: { ...OPEN, lastFrameAt: NOW + 10 * MINUTE } })
  assert.equal(abnormalSilence(after, NOW + 24 * MINUTE), undefined)
  assert.equal(abnormalSilence(after, NOW + 25 * MINUTE), 15 * MINUTE)
  assert.equal(abnormalSilence({ ...after, held: true }, NOW + 25 * MINUTE), undefined)
  const connecting = entry('A', { status: { ...PROGRESS, type: 'connecting', attempt: 9 } })
  assert.equal(abnormalSilence(connecting, NOW + 60 * MINUTE), undefined)
})

test('one warning comes for each silence, and word when it is over', () => {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), now: () => NOW })
  const watch = createSilenceWatch(log)
  const see = (minutes: number, lastFrameAt?: number, since = NOW) =>
    watch(
      snapshotOf([
        entry('A', { status: { ...PROGRESS, type: 'open', since, lastFrameAt, gapMsBefore: 0 } }),
      ]),
      NOW + minutes * MINUTE,
    )
  see(14)
  assert.deepEqual(lines, [])
  see(15)
  see(16)
  see(60)
  see(80, undefined, NOW + 61 * MINUTE) // connected anew, and still nothing came
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^WARN {2}A: open, but no message for 15 min, .* for monitoring/)
  see(81, NOW + 81 * MINUTE)
  assert.equal(lines[1], 'INFO  A: messages come again')
  see(96, NOW + 81 * MINUTE)
  assert.equal(lines.length, 3)
  assert.match(lines[2] ?? '', /^WARN/)
})
