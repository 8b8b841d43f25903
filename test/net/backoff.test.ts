import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffDelay, parseRetryAfter } from '../../src/net/backoff.js'
import { seededRandom } from '../helpers/random.js'

test('the wait doubles from 1 s to a minute', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 2000].map((attempt) => backoffDelay(attempt, () => 1))
  assert.deepEqual(longest, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

test('the whole wait is random', () => {
  const [none, quarter] = [0, 0.25].map((chance) => backoffDelay(3, () => chance))
  assert.equal(none, 0)
  assert.equal(quarter, 1000)
})

test('a thousand entries that failed together come back spread over the whole second', () => {
  const tenths = new Array<number>(10).fill(0)
  const random = seededRandom(1)
  for (let index = 0; index < 1000; index += 1) {
    const tenth = Math.min(9, Math.floor(backoffDelay(1, random) / 100))
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  for (const count of tenths) assert.ok(count > 50 && count < 150, `spread: ${tenths}`)
})

test('Retry-After is read as seconds and as a date, and bounded to an hour', () => {
  const nowMs = Date.UTC(2024, 0, 1)
  assert.equal(parseRetryAfter('7', nowMs), 7000)
  assert.equal(parseRetryAfter(' 0120 ', nowMs), 120_000)
  assert.equal(parseRetryAfter('Mon, 01 Jan 2024 00:00:30 GMT', nowMs), 30_000)
  assert.equal(parseRetryAfter('604800', nowMs), 3_600_000)
  assert.equal(parseRetryAfter('9'.repeat(400), nowMs), 3_600_000)
})

test('a Retry-After that names no wait counts as none', () => {
  const nowMs = Date.UTC(2024, 0, 1)
  for (const header of [undefined, '', '0', '-5', 'soon', '1.5', 'Sun, 31 Dec 2023 23:00:00 GMT']) {
    assert.equal(parseRetryAfter(header, nowMs), undefined, header)
  }
})
