import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { createLogger } from '../../src/log.js'
import { logStats } from '../../src/report/stats.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf } from '../helpers/snapshot.js'

const SNAPSHOT = snapshotOf(
  [
    entry('A', {
      messages: 1200,
      undecodable: 2,
      status: { ...OPEN, bytes: 34_000, lastFrameAt: NOW, reconnects: 1, gapMs: 2600 },
    }),
    entry('B', {
      topic: 'audit',
      drifts: 12,
      status: {
        ...PROGRESS,
        type: 'refused',
        at: NOW,
        cause: new StreamError('topic-unsubscribed', 'tick it'),
      },
    }),
  ],
  [{ name: 'csv', counters: { delivered: 1190, retried: 7, givenUp: 3, waiting: 7 } }],
)

function lines(format: 'text' | 'json') {
  const written: string[] = []
  const log = createLogger({ write: (text) => written.push(text), format, now: () => NOW })
  logStats(log, SNAPSHOT, NOW + 61_000)
  return written
}

test('the counters are one line for the program, one for each entry and one for each exporter', () => {
  assert.deepEqual(
    lines('text').map((line) => line.slice(21).trim()),
    [
      'INFO  2 entries: 1 open, 1 refused (messages=1200 bytes=34000 undecodable=2 delivered=1190 given_up=3 up_seconds=61)',
      'INFO  A: open (topic=monitoring messages=1200 bytes=34000 undecodable=2 reconnects=1 gap_seconds=3 last_message=2026-01-02T03:04:05.000Z)',
      'INFO  B: refused: topic-unsubscribed (topic=audit messages=0 bytes=0 undecodable=0 schema_drift=12 reconnects=0 gap_seconds=0 last_message=never)',
      'INFO  csv: messages handed on, with losses (delivered=1190 retried=7 given_up=3 waiting=7)',
    ],
  )
})

test('in JSON the counters are numbers', () => {
  const [, a] = lines('json').map((line) => JSON.parse(line))
  assert.equal(a.entry, 'A')
  assert.equal(a.messages, 1200)
  assert.equal(a.gap_seconds, 3)
})
