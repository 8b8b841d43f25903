import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, isJournal, type LoggerOptions, RecentLog } from '../src/log.js'
import { collapseRepeats } from '../src/report/collapse-repeats.js'

const NOW = Date.parse('2026-01-02T03:04:05.678Z')

function collect(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const clock = { ms: 0, setBackMs: 0 }
  const now = () => NOW + clock.ms - clock.setBackMs
  const log = createLogger({ write: (text) => lines.push(text), now, ...options })
  return { lines, clock, log, collapsing: collapseRepeats(log, { elapsed: () => clock.ms }) }
}

/** What somebody sends to forge a line, clear the screen, climb up or turn the text around. */
const HOSTILE = [
  'A\n2026-01-02T03:04:05Z ERROR all is lost',
  'A\r\n<0>kernel panic',
  '\x1b[2J\x1b[1;1Howned',
  '\x1b]0;title\x07',
  '\x9b2J\x9d0;title\x9c',
  'A\u2028B\u2029C\u0085D\vE\fF\bG\0H\x7f',
  '\u202eesrever\u202c \u2066isolated\u2069 \u200f \u061c \ufeff',
  '\u{e0041}\u{e0042} \ud800 lonely',
]

const UNSAFE =
  /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u

test('a line of text holds time, level, entry, sentence and facts', () => {
  const { lines, log } = collect()
  log.child({ entry: 'CustomerA_presence' }).warn('the connection was lost', {
    code: 'connection-lost',
    attempt: 3,
    absent: undefined,
  })
  assert.deepEqual(lines, [
    '2026-01-02T03:04:05Z WARN  CustomerA_presence: the connection was lost (code=connection-lost attempt=3)\n',
  ])
})

test('a line of JSON holds time, level, message and fields, and fields cannot replace the first three', () => {
  const { lines, log } = collect({ format: 'json' })
  log.error('no answer', { entry: 'A', status: 503, level: 'info', message: 'fine', time: 'never' })
  assert.equal(lines.length, 1)
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: '2026-01-02T03:04:05.678Z',
    level: 'error',
    message: 'no answer',
    entry: 'A',
    status: 503,
  })
})

for (const format of ['text', 'json'] as const) {
  test(`values from outside forge no line and move no cursor in ${format}`, () => {
    for (const hostile of HOSTILE) {
      const { lines, log } = collect({ format })
      log.child({ entry: hostile }).info(`the server said ${hostile}`, {
        body: hostile,
        exporter: hostile,
      })
      assert.equal(lines.length, 1)
      const line = lines[0] ?? ''
      assert.ok(line.endsWith('\n'))
      assert.doesNotMatch(line.slice(0, -1), UNSAFE, JSON.stringify(line))
    }
  })
}

test('JSON lines read back to the values that were logged', () => {
  const { lines, log } = collect({ format: 'json' })
  for (const hostile of HOSTILE) log.info(hostile, { entry: hostile })
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).entry),
    HOSTILE,
  )
})

test('a value that could pass for another field or for the sentence is quoted', () => {
  const { lines, log } = collect()
  log.info('seen', { entry: 'A: all is well', ssid: 'x) ERROR (code="9"', network: 'Büro-5.2' })
  assert.equal(
    lines[0],
    '2026-01-02T03:04:05Z INFO  "A: all is well": seen (ssid="x) ERROR (code=\\"9\\"" network=Büro-5.2)\n',
  )
})

test('long values are cut, and never in the middle of a character', () => {
  for (const format of ['text', 'json'] as const) {
    const { lines, log } = collect({ format })
    log.info('\x1b'.repeat(100_000), { body: `a${'😀'.repeat(50_000)}` })
    assert.ok((lines[0]?.length ?? 0) < 16_000, format)
    assert.doesNotMatch(lines[0] ?? '', /\p{Cs}/u)
  }
})

test('lines below the level are not written', () => {
  const { lines, log } = collect({ level: 'warn' })
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  assert.deepEqual(
    lines.map((line) => line.slice(21).trim()),
    ['WARN  c', 'ERROR d'],
  )
})

test('the log has colours only when asked for', () => {
  const plain = collect()
  plain.log.error('x', { entry: 'A' })
  assert.ok(!plain.lines[0]?.includes('\x1b'))
  const coloured = collect({ colour: true })
  coloured.log.error('x', { entry: 'A' })
  assert.ok(coloured.lines[0]?.includes('\x1b[31mERROR'))
})

test('a line for the journal starts with its priority and leaves the time to the journal', () => {
  const { lines, log } = collect({ journal: true, level: 'debug' })
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d\n<0>e')
  assert.deepEqual(lines, ['<7>DEBUG a\n', '<6>INFO  b\n', '<4>WARN  c\n', '<3>ERROR d\\n<0>e\n'])
})

test('stderr is the journal only where device and inode agree', () => {
  assert.equal(isJournal('8:1234', { dev: 8, ino: 1234 }), true)
  assert.equal(isJournal('8:1234', { dev: 8n, ino: 1234n }), true)
  assert.equal(isJournal('8:1234', { dev: 8, ino: 5 }), false)
  assert.equal(isJournal(undefined, { dev: 8, ino: 1234 }), false)
})

test('a repeated line is logged once, then with the number of repeats when the interval is over', () => {
  const { lines, clock, collapsing } = collect()
  const entry = collapsing.child({ entry: 'A' })
  for (let frame = 1; frame <= 1000; frame += 1) {
    entry.warn(`frame ${frame} cannot be decoded`, { code: 'frame-undecodable' })
    clock.ms += 30
  }
  assert.equal(lines.length, 1)
  collapsing.logRepeats()
  assert.equal(lines.length, 1, 'half a minute is too early')
  clock.ms += 30_000
  collapsing.logRepeats()
  collapsing.logRepeats()
  assert.equal(lines.length, 2)
  assert.match(
    lines[1] ?? '',
    /A: frame 1000 cannot be decoded \[999 times more in the past 60 s\]/,
  )
})

test('a line that stays away for two minutes counts as new when it comes back', () => {
  const { lines, clock, collapsing } = collect()
  for (const awayMs of [119_999, 120_000]) {
    collapsing.warn('lost', { code: 'connection-lost' })
    clock.ms += awayMs
    collapsing.logRepeats()
  }
  assert.deepEqual(
    lines.map((line) => line.slice(27).trim()),
    [
      'lost (code=connection-lost)',
      'lost [once more in the past 120 s] (code=connection-lost repeats=1)',
    ],
  )
  collapsing.warn('lost', { code: 'connection-lost' })
  assert.equal(lines.length, 3)
})

test('after a change of an operator, what waits is logged, and the next line is new', () => {
  const { lines, collapsing } = collect()
  const refused = () => collapsing.error('refused', { code: 'key-refused', state: true })
  refused()
  refused()
  assert.equal(lines.length, 1)
  collapsing.startAnew()
  refused()
  assert.deepEqual(
    lines.map((line) => line.slice(27).trim()),
    [
      'refused (code=key-refused)',
      'refused [once more in the past 0 s] (code=key-refused repeats=1)',
      'refused (code=key-refused)',
    ],
  )
})

test('repeats that go on are logged less and less often, at least once an hour', () => {
  const { lines, clock, collapsing } = collect()
  const sums: number[] = []
  for (let second = 0; second < 24 * 3600; second += 5) {
    clock.ms = second * 1000
    const before = lines.length
    if (second % 45 === 0) collapsing.warn('down', { code: 'unavailable' })
    collapsing.logRepeats()
    if (lines.length > before) sums.push(second)
  }
  collapsing.flush()
  const gaps = sums.slice(1).map((second, at) => second - (sums[at] ?? 0))
  assert.deepEqual(gaps.slice(0, 7), [60, 120, 240, 480, 960, 1920, 3600])
  assert.ok(gaps.every((gap) => gap <= 3600))
  assert.ok(lines.length < 35, `${lines.length} lines`)
  const repeats = lines.slice(1).map((line) => Number(/repeats=(\d+)/.exec(line)?.[1]))
  assert.equal(1 + repeats.reduce((sum, count) => sum + count, 0), (24 * 3600) / 45)
})

test('lines of another entry, level, exporter or code are no repeats, nor are lines without a code', () => {
  const { lines, collapsing } = collect()
  collapsing.warn('a', { entry: 'A', code: 'x' })
  collapsing.warn('a', { entry: 'B', code: 'x' })
  collapsing.warn('a', { entry: 'A', code: 'y' })
  collapsing.error('a', { entry: 'A', code: 'x' })
  collapsing.warn('a', { entry: 'A', code: 'x', exporter: 'json' })
  assert.equal(lines.length, 5)
  collapsing.info('b')
  collapsing.info('b')
  assert.equal(lines.length, 7)
})

test('lines of one exporter are repeats whichever entries they are about, and their sum counts the entries', () => {
  const { lines, collapsing } = collect()
  for (let message = 0; message < 540; message++) {
    const entry = `E${message % 18}`
    collapsing.error('down; the message is given up', { entry, exporter: 'http', code: 'down' })
  }
  collapsing.error('refused; the message is given up', {
    entry: 'E1',
    exporter: 'http',
    code: 'no',
  })
  collapsing.error('refused; the message is given up', {
    entry: 'E1',
    exporter: 'http',
    code: 'no',
  })
  collapsing.flush()
  assert.deepEqual(
    lines.map((line) => line.slice(27).trim()),
    [
      'E0 http: down; the message is given up (code=down)',
      'E1 http: refused; the message is given up (code=no)',
      'http: down; the message is given up [539 times more in the past 0 s] ' +
        '(code=down subscriptions=18 entries="E1, E2, E3 and 15 more" repeats=539)',
      'E1 http: refused; the message is given up [once more in the past 0 s] (code=no repeats=1)',
    ],
  )
})

test('the end logs what was held back', () => {
  const { lines, collapsing } = collect()
  collapsing.warn('a', { code: 'x' })
  collapsing.warn('a', { code: 'x' })
  collapsing.flush()
  collapsing.flush()
  assert.equal(lines.length, 2)
})

test('a clock that is set back a day holds no repeated line back for longer', () => {
  const { lines, clock, collapsing } = collect()
  collapsing.warn('down', { code: 'unavailable' })
  clock.setBackMs = 86_400_000
  collapsing.warn('down', { code: 'unavailable' })
  clock.ms += 60_000
  collapsing.logRepeats()
  assert.match(lines[1] ?? '', /^2026-01-01T03:05:05Z WARN {2}down \[once more in the past 60 s\]/)
  clock.ms += 120_000
  collapsing.logRepeats()
  collapsing.warn('down', { code: 'unavailable' })
  assert.equal(lines.length, 3, 'it counts as new after two minutes')
})

test('a state is logged as a repeat only until the next state of its entry and exporter', () => {
  const { lines, clock, collapsing } = collect()
  const retry = (at: { entry?: string; exporter?: string }) => {
    collapsing.warn('trying again', { ...at, code: 'unavailable', state: true })
    collapsing.warn('trying again', { ...at, code: 'unavailable', state: true })
  }
  const places = [
    { entry: 'A' },
    { entry: 'B' },
    { exporter: 'http' },
    { entry: 'A', exporter: 'x' },
  ]
  for (const place of places) retry(place)
  collapsing.error('a frame is broken', { entry: 'A', code: 'frame-undecodable' })
  collapsing.error('a frame is broken', { entry: 'A', code: 'frame-undecodable' })
  lines.length = 0
  collapsing.info('connected', { entry: 'A', state: true })
  collapsing.info('works again', { exporter: 'http', state: true })
  clock.ms += 60_000
  collapsing.logRepeats()
  assert.deepEqual(
    lines.map((line) =>
      line
        .slice(27)
        .replace(/ [([].*/, '')
        .trim(),
    ),
    [
      'A: connected',
      'http: works again',
      'B: trying again',
      'A x: trying again',
      'A: a frame is broken',
    ],
  )
  assert.ok(lines.every((line) => !line.includes('state')))
})

test('lines that nobody reads are dropped and counted, and the count is logged when there is room', () => {
  let room = false
  const lines: string[] = []
  const log = createLogger({ write: (text) => room && lines.push(text), now: () => NOW })
  for (const message of ['a', 'b', 'c']) log.info(message)
  room = true
  log.info('d')
  log.info('e')
  assert.deepEqual(
    lines.map((line) => line.slice(21).trim()),
    ['WARN  log lines were lost: nobody read stderr (lines=3)', 'INFO  d', 'INFO  e'],
  )
})

test('the last fifty lines are kept, the newest first, without those of debug', () => {
  const written: string[] = []
  const recent = new RecentLog()
  const log = recent.tap(createLogger({ write: (text) => written.push(text), level: 'debug' }))
  log.debug('not kept')
  for (let at = 0; at < 60; at++) log.info(`line ${at}`)
  log.child({ entry: 'A' }).warn('moves \u001b[2J no cursor', { code: 'x', state: true })
  assert.equal(written.length, 62)
  assert.equal(recent.events.length, 50)
  const [last, before] = recent.events
  assert.deepEqual(
    { ...last, at: 0 },
    { at: 0, level: 'warn', text: 'A: moves \\u001b[2J no cursor (code=x)' },
  )
  assert.equal(before?.text, 'line 59')
})

test('repeats of one code are told apart by their kind, up to twenty kinds', () => {
  const { lines, collapsing } = collect()
  const log = collapsing.child({ exporter: 'transform' })
  const fail = (reason: string) => log.error(reason, { code: 'export-failed', kind: reason })
  for (let n = 0; n < 5; n++) for (const reason of ['fifth', 'no x']) fail(reason)
  collapsing.flush()
  assert.deepEqual(
    lines.map((line) => line.slice(21).trim()),
    [
      'ERROR transform: fifth (code=export-failed)',
      'ERROR transform: no x (code=export-failed)',
      'ERROR transform: fifth [4 times more in the past 0 s] (code=export-failed repeats=4)',
      'ERROR transform: no x [4 times more in the past 0 s] (code=export-failed repeats=4)',
    ],
  )
  lines.length = 0
  for (let n = 0; n < 100; n++) fail(`bad record ${n}`)
  assert.equal(lines.length, 19, 'eighteen more kinds, and one line for all others')
})
