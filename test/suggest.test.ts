import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closest } from '../src/suggest.js'

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
