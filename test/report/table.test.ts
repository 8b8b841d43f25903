import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TOPICS } from '../../src/classic/topics.js'
import type { Status } from '../../src/connection/status.js'
import { StreamError } from '../../src/errors.js'
import type { EntrySnapshot, Snapshot } from '../../src/report/snapshot.js'
import { createTable } from '../../src/report/table.js'
import { displayWidth } from '../../src/text.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from '../helpers/snapshot.js'
import { Terminal } from '../helpers/terminal.js'

const RETRYING: Status = {
  ...PROGRESS,
  type: 'retrying',
  since: NOW,
  attempt: 2,
  delayMs: 2000,
  cause: new StreamError('certificate-untrusted', 'its certificate has expired'),
}
const REFUSED: Status = {
  ...PROGRESS,
  type: 'refused',
  at: NOW,
  cause: new StreamError('topic-unsubscribed', 'tick it'),
}

function start(entries: readonly EntrySnapshot[], columns = 80, rows = 24, colour = false) {
  const terminal = new Terminal(columns, rows)
  const world: { snapshot: Snapshot } = { snapshot: snapshotOf(entries) }
  const table = createTable({
    write: (text) => {
      terminal.write(text)
      return true
    },
    columns: () => terminal.columns,
    rows: () => terminal.rows,
    colour,
    snapshot: () => world.snapshot,
  })
  return { terminal, world, table }
}

const THREE = [
  entry('CustomerA_monitoring', {
    messages: 12_345,
    delayMs: 400,
    status: { ...OPEN, bytes: 345_678, lastFrameAt: NOW - 3000, frameAgeMs: 3000, reconnects: 2 },
  }),
  entry('CustomerA_presence', { topic: 'presence', status: RETRYING }),
  entry('CustomerB_audit', { topic: 'audit', status: REFUSED }),
]

test('at 120 columns the table shows all columns but the host, those in trouble first', () => {
  const { terminal, table } = start(THREE, 120)
  table.redraw()
  assert.deepEqual(terminal.lines, [
    'ENTRY                 TOPIC       STATE                            MESSAGES  RATE/S   BYTES  LAST  DELAY  RECONN',
    'CustomerB_audit       audit       refused: topic-unsubscribed             0       0     0 B     -      -       0',
    'CustomerA_presence    presence    retrying: certificate-untrusted         0       0     0 B     -      -       0',
    'CustomerA_monitoring  monitoring  open                               12,345       0  346 kB   3 s  0.4 s       2',
    '3 subscriptions: 1 open, 1 retrying, 1 refused · 12,345 messages · 0/s · up 0 s',
  ])
})

test('at 80 columns the long columns are shortened', () => {
  const { terminal, table } = start(THREE, 80)
  table.redraw()
  assert.deepEqual(terminal.lines, [
    'ENTRY               TOPIC       STATE            MESSAGES  RATE/S  LAST  RECONN',
    'CustomerB_audit     audit       refused: topic…         0       0     -       0',
    'CustomerA_presence  presence    retrying: cert…         0       0     -       0',
    'CustomerA_monitor…  monitoring  open               12,345       0   3 s       2',
    '3 subscriptions: 1 open, 1 retrying, 1 refused · 12,345 messages · 0/s · up 0 s',
  ])
})

test('at any width each line fits, and the least important columns go first', () => {
  for (let columns = 12; columns <= 140; columns += 1) {
    const { terminal, table } = start(THREE, columns)
    table.redraw()
    assert.equal(terminal.lines.length, 5, `${columns} columns`)
    for (const line of terminal.lines) assert.ok(displayWidth(line) < columns, line)
    assert.match(terminal.lines[0] ?? '', /^ENTRY/)
  }
})

test('it redraws in place, in one write, while entries connect, break and come back', () => {
  const { terminal, world, table } = start([entry('A'), entry('B')], 120)
  const show = (status: Status) => {
    world.snapshot = snapshotOf([entry('A'), entry('B', { status })])
    const before = terminal.writes
    table.redraw()
    assert.equal(terminal.writes, before + 1)
    assert.equal(terminal.lines.length, 4)
    return terminal.lines.find((line) => line.startsWith('B '))?.split(/ {2,}/)[2]
  }
  assert.equal(show({ ...PROGRESS, type: 'connecting', attempt: 1 }), 'connecting')
  assert.equal(show(OPEN), 'open')
  assert.equal(show(RETRYING), 'retrying: certificate-untrusted')
  assert.equal(show(OPEN), 'open')
  assert.equal(show({ ...PROGRESS, type: 'ended', at: NOW, cause: undefined }), 'ended')
  assert.equal(terminal.scrolledOff.length, 0)
})

test('log lines stand above the table, in order, and do not tear it', () => {
  const { terminal, table } = start([entry('A')], 80, 10)
  table.log('before the first drawing\n')
  for (let at = 1; at <= 20; at += 1) {
    table.redraw()
    table.log(`line ${at}\n`)
  }
  const all = [...terminal.scrolledOff, ...terminal.lines]
  assert.deepEqual(all.slice(0, -3), [
    'before the first drawing',
    ...Array.from({ length: 20 }, (_, at) => `line ${at + 1}`),
  ])
  assert.match(all.at(-3) ?? '', /^ENTRY/)
  assert.match(all.at(-2) ?? '', /^A /)
  assert.match(all.at(-1) ?? '', /^1 subscription: 1 open/)
})

test('the rate is that of the last five seconds', () => {
  const { terminal, world, table } = start([entry('A')], 120)
  const rate = () => terminal.lines[1]?.split(/ {2,}/)[4]
  for (let second = 0; second <= 20; second += 1) {
    // Forty a second for ten seconds, then one every two seconds.
    const messages = second <= 10 ? second * 40 : 400 + Math.floor((second - 10) / 2)
    world.snapshot = snapshotOf([entry('A', { messages })], [], { upMs: second * 1000 })
    table.redraw()
    if (second === 10) assert.equal(rate(), '40')
  }
  assert.match(rate() ?? '', /^0\.[456]$/)
})

test('a screen too low for all entries shows those in trouble first', () => {
  const entries = Array.from({ length: 50 }, (_, at) => entry(`E${at}`))
  entries[40] = entry('broken', { status: RETRYING })
  entries[45] = entry('refused', { status: REFUSED })
  const { terminal, world, table } = start(entries, 100, 10)
  for (let time = 0; time < 5; time += 1) {
    world.snapshot = snapshotOf(entries, [], { upMs: time * 500 })
    table.redraw()
  }
  assert.equal(terminal.scrolledOff.length, 0)
  assert.deepEqual(
    terminal.lines.slice(1, -1).map((line) => line.split(' ')[0]),
    ['refused', 'broken', 'E0', 'E1', 'E2', 'E3', '1'],
  )
  assert.match(
    terminal.lines.at(-1) ?? '',
    /^44 more not shown · 50 subscriptions: 48 open, 1 retrying/,
  )
})

test('after a resize the old drawing is gone, whether the terminal became narrower or wider', () => {
  for (const columns of [50, 140]) {
    const { terminal, table } = start(THREE, 90, 30)
    table.log('a log line that stays\n')
    table.redraw()
    terminal.resize(columns)
    table.redraw()
    const text = terminal.lines.join('\n')
    assert.equal(text.match(/ENTRY/g)?.length, 1, text)
    assert.equal(text.match(/subscriptions:/g)?.length, 1, text)
    assert.equal(terminal.lines[0], 'a log line that stays')
  }
})

test('the end leaves the final counters and the cursor, and later lines follow plainly', () => {
  const { terminal, world, table } = start([entry('A', { messages: 1 })])
  table.redraw()
  assert.equal(terminal.cursorHidden, true)
  world.snapshot = snapshotOf([entry('A', { messages: 777 })])
  table.close()
  table.close()
  table.redraw()
  table.log('good-bye\n')
  assert.equal(terminal.cursorHidden, false)
  assert.match(terminal.lines[1] ?? '', / 777 /)
  assert.deepEqual(terminal.lines.slice(3), ['good-bye'])
})

test('names with wide characters and emoji keep the columns, and hostile names move no cursor', () => {
  const names = [
    '客户甲的监控',
    '👨‍👩‍👧 family',
    'Kunde Süd é',
    'A\n\u001b[2J\u202e',
    '客'.repeat(60),
  ]
  const { terminal, table } = start(names.map((name) => entry(name)))
  table.redraw()
  assert.equal(terminal.lines.length, 7)
  const columnOf = (line: string) => displayWidth(line.slice(0, line.indexOf('monitoring')))
  assert.equal(new Set(terminal.lines.slice(1, 4).map(columnOf)).size, 1)
  assert.match(terminal.lines[4] ?? '', /^A\\n\\u001b\[2J\\u202e/)
  assert.ok(terminal.lines[5]?.includes('…'))
})

test('the outputs stand above the sums, each with its counters that are not zero', () => {
  const { terminal, world, table } = start([entry('A')])
  world.snapshot = snapshotOf(
    [entry('A')],
    [
      {
        name: 'csv',
        counters: { delivered: 1234, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
        state: UP,
      },
      {
        name: 'tcp://h:1\n',
        counters: { delivered: 5, retried: 2, givenUp: 52, kept: 51, waiting: 64 },
        state: UP,
      },
    ],
    { deadLetterFile: 'd5.ndjson' },
  )
  table.redraw()
  assert.deepEqual(terminal.lines.slice(2, 4), [
    'csv: 1,234 delivered',
    'tcp://h:1\\n: 5 delivered · 64 waiting · 2 retried · 1 lost · 51 kept in d5.ndj…',
  ])
  assert.equal(terminal.lines.length, 5)
})

test('the sums say how much a transform has dropped, and a line above them how often it failed', () => {
  const { terminal, world, table } = start([entry('A')])
  const counters = { delivered: 0, retried: 0, givenUp: 2, kept: 0, waiting: 0 }
  world.snapshot = snapshotOf(
    [entry('A', { messages: 1500, filtered: 1200 })],
    [{ name: 'transform', counters, state: UP }],
  )
  table.redraw()
  assert.equal(terminal.lines[2], 'transform: 2 lost')
  assert.match(terminal.lines[3] ?? '', / · 1,500 messages · 1,200 filtered · /)
})

test('the table has colours only when asked for', () => {
  const plain = start(THREE)
  plain.table.redraw()
  assert.equal(plain.terminal.colours, 0)
  const coloured = start(THREE, 80, 24, true)
  coloured.table.redraw()
  assert.ok(coloured.terminal.colours > 0)
  assert.deepEqual(coloured.terminal.lines, plain.terminal.lines)
})

/** 240 subscriptions on three clusters, of which one is away; a key of another is refused. */
const FLEET = Array.from({ length: 240 }, (_, at) => {
  const customer = Math.floor(at / 6)
  const host = ['eu.example', 'us.example', 'ap.example'][customer % 3] ?? ''
  const status = host === 'us.example' ? RETRYING : customer === 2 ? REFUSED : OPEN
  const topic = TOPICS[at % 6] ?? 'audit'
  return entry(`Customer${customer + 1}`, { topic, label: `C${at}`, host, status, messages: 10 })
})

for (const columns of [80, 120, 200]) {
  test(`at ${columns} columns 240 subscriptions are grouped by cluster, with the reasons of trouble`, () => {
    const { terminal, table } = start(FLEET, columns, 24)
    table.redraw()
    const { lines } = terminal
    assert.equal(lines.length, 23)
    assert.deepEqual(
      lines.slice(1, 5).map((line) => line.split(/ {2,}/).slice(0, 2)),
      [
        ['us.example', '78 topics'],
        ['ap.example', '78 topics'],
        ['eu.example', '84 topics'],
        ['Customer3', 'apprf'],
      ],
    )
    assert.match(lines[1] ?? '', /78 retrying/)
    assert.deepEqual(lines.slice(-3, -1), [
      '78 retrying: certificate-untrusted · us.example',
      '6 refused: topic-unsubscribed · ap.example',
    ])
    assert.equal(/ HOST$/.test(lines[0] ?? ''), columns >= 120)
    for (const line of lines) assert.ok(displayWidth(line) < columns, line)
  })
}

test('the end of many subscriptions leaves the sums and those that were in trouble', () => {
  const { terminal, world, table } = start(FLEET, 120, 40)
  table.redraw()
  const troubled = FLEET.filter(({ status }) => status !== OPEN)
  const ended = { ...PROGRESS, type: 'ended', at: NOW, cause: undefined } as const
  world.snapshot = snapshotOf(FLEET.map((each) => ({ ...each, status: ended })))
  table.close(troubled)
  const { lines } = terminal
  assert.equal(lines.length, 13)
  assert.match(lines[1] ?? '', /^Customer3 +apprf +refused: topic-unsubscribed/)
  assert.equal(lines[11], '74 more were in trouble')
  assert.match(lines[12] ?? '', /^240 subscriptions: 240 ended · 2,400 messages/)
})

test('the end of a few subscriptions shows which of them were in trouble', () => {
  const entries = [entry('fine'), entry('away', { status: RETRYING })]
  const { terminal, world, table } = start(entries, 120, 40)
  table.redraw()
  const ended = { ...PROGRESS, type: 'ended', at: NOW, cause: undefined } as const
  world.snapshot = snapshotOf(entries.map((each) => ({ ...each, status: ended })))
  table.close(entries.slice(1))
  const { lines } = terminal
  assert.match(lines[1] ?? '', /^away +monitoring +retrying: /)
  assert.match(lines[2] ?? '', /^fine +monitoring +ended /)
  assert.match(lines[3] ?? '', /^2 subscriptions: 2 ended /)
})

test('the end of many subscriptions without trouble leaves the sums alone', () => {
  const entries = FLEET.map((each) => ({ ...each, status: OPEN }))
  const { terminal, table } = start(entries, 120, 40)
  table.redraw()
  table.close([])
  assert.deepEqual(terminal.lines, ['240 subscriptions: 240 open · 2,400 messages · 0/s · up 0 s'])
})
