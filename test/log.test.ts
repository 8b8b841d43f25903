import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, isJournal, type LoggerOptions } from '../src/log.js'
import { quietRepeats } from '../src/report/log-repeats.js'

const NOW = Date.parse('2026-01-02T03:04:05.678Z')

function collect(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = []
  const clock = { ms: NOW }
  const now = () => clock.ms
  const log = createLogger({ write: (text) => lines.push(text), now, ...options })
  return { lines, clock, now, log }
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

test('colour is written only where it was asked for', () => {
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

test('repeated trouble is logged once, then summed up when the interval is over', () => {
  const { lines, clock, now, log } = collect()
  const quiet = quietRepeats(log, { now })
  const entry = quiet.child({ entry: 'A' })
  for (let frame = 1; frame <= 1000; frame += 1) {
    entry.warn(`frame ${frame} cannot be decoded`, { code: 'frame-undecodable' })
    clock.ms += 30
  }
  assert.equal(lines.length, 1)
  quiet.sumUp()
  assert.equal(lines.length, 1, 'half a minute is too early')
  clock.ms += 30_000
  quiet.sumUp()
  quiet.sumUp()
  assert.equal(lines.length, 2)
  assert.match(
    lines[1] ?? '',
    /A: frame 1000 cannot be decoded \[999 times more in the past 60 s\]/,
  )
})

test('trouble that stays away for two minutes is news when it comes back', () => {
  const { lines, clock, now, log } = collect()
  const quiet = quietRepeats(log, { now })
  for (const awayMs of [119_999, 120_000]) {
    quiet.warn('lost', { code: 'connection-lost' })
    clock.ms += awayMs
    quiet.sumUp()
  }
  assert.deepEqual(
    lines.map((line) => line.slice(27).trim()),
    [
      'lost (code=connection-lost)',
      'lost [once more in the past 120 s] (code=connection-lost repeats=1)',
    ],
  )
  quiet.warn('lost', { code: 'connection-lost' })
  assert.equal(lines.length, 3)
})

test('trouble that lasts is summed up less and less often, at least once an hour', () => {
  const { lines, clock, now, log } = collect()
  const quiet = quietRepeats(log, { now })
  const sums: number[] = []
  for (let second = 0; second < 24 * 3600; second += 5) {
    clock.ms = NOW + second * 1000
    const before = lines.length
    if (second % 45 === 0) quiet.warn('down', { code: 'unavailable' })
    quiet.sumUp()
    if (lines.length > before) sums.push(second)
  }
  quiet.flush()
  const gaps = sums.slice(1).map((second, at) => second - (sums[at] ?? 0))
  assert.deepEqual(gaps.slice(0, 7), [60, 120, 240, 480, 960, 1920, 3600])
  assert.ok(gaps.every((gap) => gap <= 3600))
  assert.ok(lines.length < 35, `${lines.length} lines`)
  const repeats = lines.slice(1).map((line) => Number(/repeats=(\d+)/.exec(line)?.[1]))
  assert.equal(1 + repeats.reduce((sum, count) => sum + count, 0), (24 * 3600) / 45)
})

test('entries, levels, exporters and codes are told apart, and lines without a code pass', () => {
  const { lines, now, log } = collect()
  const quiet = quietRepeats(log, { now })
  quiet.warn('a', { entry: 'A', code: 'x' })
  quiet.warn('a', { entry: 'B', code: 'x' })
  quiet.warn('a', { entry: 'A', code: 'y' })
  quiet.error('a', { entry: 'A', code: 'x' })
  quiet.warn('a', { entry: 'A', code: 'x', exporter: 'json' })
  assert.equal(lines.length, 5)
  quiet.info('b')
  quiet.info('b')
  assert.equal(lines.length, 7)
})

test('the end brings what was held back', () => {
  const { lines, now, log } = collect()
  const quiet = quietRepeats(log, { now })
  quiet.warn('a', { code: 'x' })
  quiet.warn('a', { code: 'x' })
  quiet.flush()
  quiet.flush()
  assert.equal(lines.length, 2)
})
