import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { createLogger } from '../../src/log.js'
import { logStats, logUndelivered } from '../../src/report/stats.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from '../helpers/snapshot.js'

const SNAPSHOT = snapshotOf(
  [
    entry('A', {
      messages: 1200,
      undecodable: 2,
      status: { ...OPEN, bytes: 34_000, lastFrameAt: NOW, reconnects: 1, gapMs: 2600 },
    }),
    entry('B', {
      topic: 'audit',
      unknownFields: 12,
      status: {
        ...PROGRESS,
        type: 'refused',
        at: NOW,
        cause: new StreamError('topic-unsubscribed', 'tick it'),
      },
    }),
  ],
  [
    {
      name: 'csv',
      counters: { delivered: 1190, retried: 7, givenUp: 3, kept: 0, waiting: 7 },
      state: UP,
    },
  ],
  { upMs: 61_000 },
)

function lines(format: 'text' | 'json') {
  const written: string[] = []
  const log = createLogger({ write: (text) => written.push(text), format, now: () => NOW })
  logStats(log, SNAPSHOT)
  return written
}

test('the counters are one line for the program, one for each entry and one for each exporter', () => {
  assert.deepEqual(
    lines('text').map((line) => line.slice(21).trim()),
    [
      'INFO  2 subscriptions: 1 open, 1 refused (messages=1200 bytes=34000 undecodable=2 delivered=1190 given_up=3 up_seconds=61)',
      'INFO  A: open (topic=monitoring messages=1200 bytes=34000 undecodable=2 reconnects=1 gap_seconds=3 last_message=2026-01-02T03:04:05.000Z)',
      'INFO  B: refused: topic-unsubscribed (topic=audit messages=0 bytes=0 undecodable=0 schema_drift=12 reconnects=0 gap_seconds=0 last_message=never)',
      'INFO  csv: messages delivered, 3 lost (delivered=1190 retried=7 given_up=3 waiting=7)',
    ],
  )
})

test('what a transform drops is counted as filtered, and it has a line once it has failed', () => {
  const transform = (givenUp: number) => ({
    name: 'transform',
    counters: { delivered: 0, retried: 0, givenUp, kept: givenUp, waiting: 0 },
    state: UP,
  })
  const written = (givenUp: number) => {
    const texts: string[] = []
    const log = createLogger({ write: (text) => texts.push(text), now: () => NOW })
    const replayOptions = ['--transform', './names.mjs']
    const over = { deadLetterFile: 'dead.ndjson', replayOptions }
    const counters = { delivered: 1, retried: 0, givenUp: 0, kept: 0, waiting: 0 }
    const outputs = [
      { name: 'stdout', type: '--decode_data', counters, state: UP },
      { name: 'https://h/in', type: 'https://h/in?****', counters, state: UP },
    ]
    const all = [transform(givenUp), ...outputs]
    const snapshot = snapshotOf([entry('A', { filtered: 7 })], all, over)
    logStats(log, snapshot)
    logUndelivered(log, snapshot)
    return texts.map((line) => line.slice(21).trim())
  }
  assert.equal(written(0).length, 4)
  for (const line of written(0).slice(0, 2)) assert.match(line, / filtered=7 /)
  assert.match(
    written(3)[2] ?? '',
    /^INFO {2}transform: messages given up, 3 kept in dead\.ndjson /,
  )
  assert.match(
    written(3)[5] ?? '',
    /: aruba-stream replay dead\.ndjson --transform \.\/names\.mjs --decode_data --export_data 'https:\/\/h\/in\?\*{4}' \(\*{4} stands for what may be secret\)$/,
  )
})

test('in JSON the counters are numbers', () => {
  const [, a] = lines('json').map((line) => JSON.parse(line))
  assert.equal(a.entry, 'A')
  assert.equal(a.messages, 1200)
  assert.equal(a.gap_seconds, 3)
})

/** What is logged of an output that gave up so many messages, of which so many are kept. */
function undelivered(
  name: string,
  givenUp: number,
  kept: number,
  deadLetterFile?: string,
  { type = name, replayOptions }: { replayOptions?: readonly string[]; type?: string } = {},
) {
  const written: string[] = []
  const log = createLogger({ write: (text) => written.push(text.slice(21).trim()), now: () => NOW })
  const counters = { delivered: 5, retried: 0, givenUp, kept, waiting: 0 }
  const snapshot = snapshotOf([], [{ name, type, counters, state: UP }], {
    deadLetterFile,
    replayOptions,
  })
  logStats(log, snapshot)
  logUndelivered(log, snapshot)
  return written.slice(1)
}

test('messages in the dead letter are kept, not lost, and the end says how to send them', () => {
  assert.deepEqual(undelivered('json:out.ndjson', 51, 51, 'd5.ndjson'), [
    'INFO  json:out.ndjson: messages delivered, 51 kept in d5.ndjson (delivered=5 retried=0 given_up=51 kept=51 waiting=0)',
    'WARN  json:out.ndjson: 51 messages kept in d5.ndjson; to send what is still there: aruba-stream replay d5.ndjson --export_data json:out.ndjson',
  ])
  assert.match(
    undelivered('stdout', 1, 1, "it's d.ndjson", { type: '--decode_data' })[1] ?? '',
    /1 message kept .*: aruba-stream replay 'it'\\''s d\.ndjson' --decode_data$/,
  )
  assert.match(
    undelivered('stdout', 1, 1, 'd.ndjson', { type: '--rows' })[1] ?? '',
    /: aruba-stream replay d\.ndjson --rows$/,
  )
  const type = 'https://h/in?****#batch=5'
  assert.match(
    undelivered('https://h/in', 1, 1, 'd.ndjson', { type })[1] ?? '',
    /--export_data 'https:\/\/h\/in\?\*{4}#batch=5' \(\*{4} stands for what may be secret\)$/,
  )
})

test('the command that sends kept messages has the options that make the same records', () => {
  const replayOptions = ['--readable', '--transform', './my names.mjs']
  assert.match(
    undelivered('csv:out', 1, 1, 'd.ndjson', { replayOptions })[1] ?? '',
    /: aruba-stream replay d\.ndjson --readable --transform '\.\/my names\.mjs' --export_data csv:out$/,
  )
})

test('messages that are in no dead letter are lost, and the end says what would keep them', () => {
  assert.deepEqual(undelivered('csv', 3, 0), [
    'INFO  csv: messages delivered, 3 lost (delivered=5 retried=0 given_up=3 waiting=0)',
    'WARN  csv: 3 messages lost; --dead_letter FILE keeps such messages',
  ])
})

test('messages that a dead letter could not take are lost, and the end says which one it was', () => {
  const [, kept, lost] = undelivered('csv', 3, 1, 'dead.ndjson')
  assert.match(kept ?? '', /1 message kept in dead\.ndjson/)
  assert.equal(lost, 'WARN  csv: 2 messages lost: they could not be written to dead.ndjson')
})

test('an output that delivered everything has nothing to say at the end', () => {
  assert.equal(undelivered('csv', 0, 0, 'd5.ndjson').length, 1)
})
