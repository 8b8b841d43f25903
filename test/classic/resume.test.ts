import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ReplayOptions, resumeHeaders } from '../../src/classic/resume.js'

const NOW_MS = Date.UTC(2024, 5, 1)
const ns = (ms: number) => BigInt(ms) * 1_000_000n

test('a handshake sends the headers that were asked for until the first frame has come', () => {
  const asked = { startSeq: 7n, deliverLast: true, deliverAll: true, sinceTime: '1h30m' }
  const expected = {
    'X-Start-Seq': '7',
    'X-Deliver-Last': 'true',
    'X-Deliver-All': 'true',
    'X-Since-Time': '1h30m',
  }
  assert.deepEqual(resumeHeaders(asked, undefined, NOW_MS), expected)
})

test('X-Since-Time reaches as far back as the first handshake while no frame could be decoded', () => {
  const last = { receivedAt: NOW_MS - 1000, timestamp: undefined, askedAt: NOW_MS - 60_000 }
  const headers = (asked: ReplayOptions) => resumeHeaders(asked, last, NOW_MS)
  assert.deepEqual(headers({ deliverLast: true }), { 'X-Since-Time': '61s' })
  assert.deepEqual(headers({ sinceTime: '1h30m' }), { 'X-Since-Time': `${5400 + 61}s` })
  assert.deepEqual(headers({ sinceTime: '1.5m250ms', deliverLast: true }), {
    'X-Since-Time': `${90 + 62}s`,
  })
  // No time says how far back these reach.
  assert.deepEqual(headers({ deliverAll: true }), { 'X-Deliver-All': 'true' })
  assert.deepEqual(headers({ startSeq: 7n }), { 'X-Start-Seq': '7' })
})

test('sequence number 0 is sent', () => {
  assert.deepEqual(resumeHeaders({ startSeq: 0n }, undefined, NOW_MS), { 'X-Start-Seq': '0' })
})

test('after a frame X-Since-Time reaches back to the last message, rounded up, and a second more', () => {
  const since = (agoMs: number) =>
    resumeHeaders(
      { deliverAll: true },
      { receivedAt: NOW_MS - 10, timestamp: ns(NOW_MS - agoMs) - 1n, askedAt: 0 },
      NOW_MS,
    )
  assert.deepEqual(since(59_000), { 'X-Since-Time': '61s' })
  assert.deepEqual(since(3_600_500), { 'X-Since-Time': '3602s' })
})

test('no header is sent where none was asked for', () => {
  assert.deepEqual(
    resumeHeaders({}, { receivedAt: NOW_MS, timestamp: ns(NOW_MS), askedAt: 0 }, NOW_MS),
    {},
  )
  const off = { deliverAll: false, deliverLast: false }
  assert.deepEqual(resumeHeaders(off, undefined, NOW_MS), {})
})

test('the time of arrival counts where a timestamp cannot be true', () => {
  const receivedAt = NOW_MS - 4000
  const ahead = ns(NOW_MS + 86_400_000)
  for (const timestamp of [0n, -1n, 1_717_200_000n, ns(NOW_MS) / 1000n, ahead, 2n ** 63n - 1n]) {
    assert.deepEqual(
      resumeHeaders({ sinceTime: '5m' }, { receivedAt, timestamp, askedAt: 0 }, NOW_MS),
      { 'X-Since-Time': '5s' },
      String(timestamp),
    )
  }
})

test('X-Since-Time reaches back at least a second, also when the clock was set back', () => {
  const receivedAt = NOW_MS + 60_000
  assert.deepEqual(
    resumeHeaders(
      { sinceTime: '5m' },
      { receivedAt, timestamp: ns(receivedAt), askedAt: 0 },
      NOW_MS,
    ),
    { 'X-Since-Time': '1s' },
  )
})
