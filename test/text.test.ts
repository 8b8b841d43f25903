import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  closest,
  displayWidth,
  fit,
  formatBytes,
  formatCount,
  formatDuration,
  listed,
  printable,
  truncate,
} from '../src/text.js'

test('a duration is shown in its largest unit, rounded down, and a negative one as none', () => {
  const shown = [
    [-1, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h'],
    [172_799_999, '47 h'],
    [172_800_000, '2 d'],
  ] as const
  for (const [ms, text] of shown) assert.equal(formatDuration(ms), text)
  assert.equal(formatCount(1_234_567), '1,234,567')
  assert.equal(formatCount(999), '999')
  assert.equal(formatCount(100_000), '100,000')
})

test('the width of a text is that of its characters on a terminal', () => {
  const widths = {
    abc: 3,
    客户: 4,
    é: 1,
    'e\u0301': 1,
    '👨‍👩‍👧': 2,
    ｶ: 1,
    Ａ: 2,
    한글: 4,
    '\u200b': 0,
  }
  for (const [text, width] of Object.entries(widths)) assert.equal(displayWidth(text), width, text)
})

test('a text is cut to a width with an ellipsis, and never through a character', () => {
  assert.equal(fit('monitoring', 10), 'monitoring')
  assert.equal(fit('monitoring', 5), 'moni…')
  assert.equal(fit('客户甲', 6), '客户甲')
  assert.equal(fit('客户甲', 5), '客户…')
  assert.equal(fit('客户甲', 4), '客…')
  assert.equal(fit('a👨‍👩‍👧b', 2), 'a…')
  assert.equal(fit('abc', 1), '…')
  assert.equal(fit('abc', 0), '')
})

test('a text that is cut by length keeps its pairs of surrogates whole', () => {
  assert.equal(truncate('a😀b', 3), 'a…')
  assert.equal(printable('a\n😀'.repeat(100), 6), 'a\\n😀…')
})

test('bytes are shown in a unit that keeps them short', () => {
  const shown: readonly [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [9940, '9.9 kB'],
    [34_499_000, '34 MB'],
    [5e15, '5000 TB'],
  ]
  for (const [bytes, text] of shown) assert.equal(formatBytes(bytes), text)
})

test('a list names the first ones, and counts the others', () => {
  assert.equal(listed(['A', 'B', 'C']), 'A, B, C')
  assert.equal(
    listed(['A\n', ...Array.from({ length: 1999 }, () => 'B')]),
    'A\\n, B, B and 1,997 more',
  )
})

const OPTIONS = ['--help', '--hostname', '--jsoninput', '--decode_data', '--deliver_all', '--json']
const TYPES = ['json', 'csv', 'tcp', 'tls', 'http', 'https', 'nats']

test('a suggestion is what was written with a slip, in another spelling, or in part', () => {
  assert.equal(closest('--decode_dat', OPTIONS), '--decode_data')
  assert.equal(closest('--decode', OPTIONS), '--decode_data')
  assert.equal(closest('--decodedata', OPTIONS), '--decode_data')
  assert.equal(closest('--Hostname', OPTIONS), '--hostname')
  assert.equal(closest('--hostnmae', OPTIONS), '--hostname')
  assert.equal(closest('--input', OPTIONS), '--jsoninput')
  assert.equal(closest('jsn', TYPES), 'json')
  assert.equal(closest('cvs', TYPES), 'csv')
  assert.equal(closest('htps', TYPES), 'https')
})

test('nothing is suggested for what is far from every candidate', () => {
  assert.equal(closest('--topic', OPTIONS), undefined)
  assert.equal(closest('--wsskey', OPTIONS), undefined)
  for (const type of ['influxdb', 'mqtt', 'kafka', 'xml', 'j', '', 'x'.repeat(10_000)]) {
    assert.equal(closest(type, TYPES), undefined, type)
  }
})
