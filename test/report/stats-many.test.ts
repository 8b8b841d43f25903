import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutputState } from '../../src/delivery/retries.js'
import { StreamError } from '../../src/errors.js'
import { createLogger, type LogLevel } from '../../src/log.js'
import type { EntrySnapshot } from '../../src/report/snapshot.js'
import { createStatsLog, logStats } from '../../src/report/stats.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from '../helpers/snapshot.js'

function collect(level: LogLevel = 'info') {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), level })
  return { log, news: () => lines.splice(0).map((line) => line.replace(/ \([^()]*\)$/, '')) }
}

const GONE = new StreamError('unreachable', 'it refuses connections')
const retrying = {
  ...PROGRESS,
  type: 'retrying',
  since: NOW,
  attempt: 3,
  delayMs: 1000,
  cause: GONE,
} as const

/** Subscriptions of which so many are in trouble. */
function fleet(count: number, troubled: number): EntrySnapshot[] {
  return Array.from({ length: count }, (_, at) =>
    entry(`E${at}`, at < troubled ? { status: retrying, host: 'down.example' } : {}),
  )
}

const ended = { ...PROGRESS, type: 'ended', at: NOW, cause: undefined } as const
const csv = (retried: number, state: OutputState = UP) => ({
  name: 'csv',
  state,
  counters: { delivered: 9, retried, givenUp: 0, kept: 0, waiting: state.up ? 0 : 4 },
})

test('while all is well the counters are one line, however many subscriptions there are', () => {
  for (const count of [2, 240]) {
    const { log, news } = collect()
    const logCounters = createStatsLog(log)
    logCounters(snapshotOf(fleet(count, 0), [csv(0)]))
    assert.deepEqual(news(), [`INFO  ${count} subscriptions: ${count} open`])
  }
})

test('each reason of trouble is a line, and so is each output that retried', () => {
  const { log, news } = collect()
  const logCounters = createStatsLog(log)
  for (const lines of [['INFO  csv: messages delivered'], []]) {
    logCounters(snapshotOf(fleet(240, 80), [csv(3)]))
    assert.deepEqual(news(), [
      'INFO  240 subscriptions: 160 open, 80 retrying',
      'INFO  retrying: unreachable: E0, E1, E2 and 77 more',
      ...lines,
    ])
  }
})

test('an output that is not up has a line each time, which says since when', () => {
  const { log, news } = collect()
  const logCounters = createStatsLog(log)
  const away = { up: false, since: NOW, lastError: GONE }
  for (const state of [away, away, UP]) {
    logCounters(snapshotOf(fleet(240, 0), [csv(3, state)]))
    const line = 'INFO  csv: not up since 2026-01-02T03:04:05.000Z, messages wait'
    assert.deepEqual(news().slice(1), state.up ? [] : [line])
  }
})

test('an attempt after a failure counts as the same trouble', () => {
  const { log, news } = collect()
  const connecting = { ...PROGRESS, type: 'connecting', attempt: 4, cause: GONE } as const
  const entries = fleet(10, 3).map((each, at) =>
    at === 1 ? { ...each, status: connecting } : each,
  )
  createStatsLog(log)(snapshotOf(entries))
  assert.equal(news()[1], 'INFO  retrying: unreachable: E0, E1, E2')
})

test('at debug there is a line for each subscription', () => {
  const { log, news } = collect('debug')
  createStatsLog(log)(snapshotOf(fleet(240, 80)))
  assert.equal(news().filter((line) => line.startsWith('DEBUG E')).length, 240)
})

test('the end names those that were in trouble, ten at most', () => {
  const { log, news } = collect()
  const entries = fleet(240, 0).map((each) => ({ ...each, status: ended }))
  logStats(log, snapshotOf(entries), fleet(240, 80).slice(0, 80))
  const lines = news()
  assert.equal(lines[0], 'INFO  240 subscriptions: 240 ended')
  assert.equal(lines[1], 'INFO  E0: retrying: unreachable')
  assert.deepEqual(lines.slice(11), ['INFO  70 more were in trouble'])
})

test('the end says what each of a few subscriptions was in when it began', () => {
  const { log, news } = collect()
  const silent = { ...OPEN, openMs: 15 * 60_000 }
  const before = fleet(3, 1).map((each, at) => (at === 1 ? { ...each, status: silent } : each))
  const entries = before.map((each) => ({ ...each, status: ended }))
  logStats(log, snapshotOf(entries), before.slice(0, 2))
  assert.deepEqual(news(), [
    'INFO  3 subscriptions: 3 ended',
    'INFO  E0: retrying: unreachable',
    'INFO  E1: open, silent',
    'INFO  E2: ended',
  ])
})

test('the end counts what was decoded after it began', () => {
  const lines: string[] = []
  const log = createLogger({ write: (text) => lines.push(text), level: 'info' })
  const [before] = fleet(1, 1)
  assert.ok(before)
  const after = { ...before, status: ended, messages: 50 }
  logStats(log, snapshotOf([after]), [{ ...before, messages: 19 }])
  assert.match(lines[1] ?? '', /E0: retrying: unreachable \(.*messages=50 /)
})

test('the silences of a cluster and topic are one line where there are many subscriptions', async () => {
  const { createSilenceLog } = await import('../../src/report/silence-log.js')
  const { log, news } = collect()
  const logSilences = createSilenceLog(log)
  const silent = (frames: number, openMs: number) =>
    fleet(240, 0).map((each, at) =>
      at < 30 ? { ...each, status: { ...OPEN, frames, openMs } } : each,
    )
  logSilences(silent(0, 15 * 60_000))
  const [line, ...more] = news()
  assert.match(line ?? '', /^WARN {2}open, but no message for 15 min, .* for monitoring/)
  assert.deepEqual(more, [])
  logSilences(silent(1, 1000))
  assert.deepEqual(news(), ['INFO  messages come again'])
})
