import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ReplayOptions, replayHeaders } from '../../src/classic/resume.js'

const NOW_MS = Date.UTC(2024, 5, 1)
const ns = (ms: number) => BigInt(ms) * 1_000_000n

test('sends the headers that were asked for, until the first frame', () => {
  const asked = { startSeq: 7, deliverLast: true, deliverAll: true, sinceTime: '1h30m' }
  const expected = {
    'X-Start-Seq': '7',
    'X-Deliver-Last': 'true',
    'X-Deliver-All': 'true',
    'X-Since-Time': '1h30m',
  }
  assert.deepEqual(replayHeaders(asked, undefined, NOW_MS), expected)
})

test('reaches as far back as the first handshake, while no frame could be decoded', () => {
  const last = { receivedAt: NOW_MS - 1000, timestamp: undefined, askedAt: NOW_MS - 60_000 }
  const headers = (asked: ReplayOptions) => replayHeaders(asked, last, NOW_MS)
  assert.deepEqual(headers({ deliverLast: true }), { 'X-Since-Time': '61s' })
  assert.deepEqual(headers({ sinceTime: '1h30m' }), { 'X-Since-Time': `${5400 + 61}s` })
  assert.deepEqual(headers({ sinceTime: '1.5m250ms', deliverLast: true }), {
    'X-Since-Time': `${90 + 62}s`,
  })
  // No time says how far back these reach.
  assert.deepEqual(headers({ deliverAll: true }), { 'X-Deliver-All': 'true' })
  assert.deepEqual(headers({ startSeq: 7 }), { 'X-Start-Seq': '7' })
})

test('sequence number 0 is a number to begin with', () => {
  assert.deepEqual(replayHeaders({ startSeq: 0 }, undefined, NOW_MS), { 'X-Start-Seq': '0' })
})

test('then reaches back to the last envelope, rounded up, and a second for the way there', () => {
  const since = (agoMs: number) =>
    replayHeaders(
      { deliverAll: true },
      { receivedAt: NOW_MS - 10, timestamp: ns(NOW_MS - agoMs) - 1n, askedAt: 0 },
      NOW_MS,
    )
  assert.deepEqual(since(59_000), { 'X-Since-Time': '61s' })
  assert.deepEqual(since(3_600_500), { 'X-Since-Time': '3602s' })
})

test('asks for nothing where nothing was asked for', () => {
  assert.deepEqual(
    replayHeaders({}, { receivedAt: NOW_MS, timestamp: ns(NOW_MS), askedAt: 0 }, NOW_MS),
    {},
  )
  const off = { deliverAll: false, deliverLast: false }
  assert.deepEqual(replayHeaders(off, undefined, NOW_MS), {})
})

test('goes by the time of arrival where a timestamp cannot be true', () => {
  const receivedAt = NOW_MS - 4000
  const ahead = ns(NOW_MS + 86_400_000)
  for (const timestamp of [0n, -1n, 1_717_200_000n, ns(NOW_MS) / 1000n, ahead, 2n ** 63n - 1n]) {
    assert.deepEqual(
      replayHeaders({ sinceTime: '5m' }, { receivedAt, timestamp, askedAt: 0 }, NOW_MS),
      { 'X-Since-Time': '5s' },
      String(timestamp),
    )
  }
})

test('reaches back a second at least, even when the clock was set back', () => {
  const receivedAt = NOW_MS + 60_000
  assert.deepEqual(
    replayHeaders(
      { sinceTime: '5m' },
      { receivedAt, timestamp: ns(receivedAt), askedAt: 0 },
      NOW_MS,
    ),
    { 'X-Since-Time': '1s' },
  )
})
