import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peerText } from '../../src/net/peer-text.js'
import { Secret } from '../../src/secret.js'
import { makeKey } from '../helpers/keys.js'

/** Whether anything of a key longer than chance stands in a text. */
function shows(text: string, key: string): boolean {
  const starts = Array.from({ length: key.length - 15 }, (_, at) => at)
  return starts.some((at) => text.includes(key.slice(at, at + 16)))
}

test('shows the first line of what a server said', () => {
  const key = new Secret(makeKey('said'))
  assert.equal(peerText('\n Unsubscribed Topic\nmore', key), 'Unsubscribed Topic')
  assert.equal(peerText('', key), '')
})

test('masks a key wherever a server cut it off', () => {
  const text = makeKey('cut off')
  const key = new Secret(text)
  for (let from = 0; from <= text.length - 16; from += 7) {
    for (let to = from + 16; to <= text.length; to += 5) {
      const line = peerText(`bad key ${text.slice(from, to)}, sorry`, key)
      assert.ok(!shows(line, text), line)
      assert.match(line, /^bad key .*\*{4}.*, sorry$/)
    }
  }
  assert.ok(!shows(peerText(`${' '.repeat(900)}${text}`, key), text))
  assert.ok(!shows(peerText(`${'x'.repeat(150)}${text}`, key), text))
})

test('masks the key of somebody else, and one that is no JWT', () => {
  const other = makeKey('other')
  assert.equal(peerText(`not ${other}!`, new Secret(makeKey('own'))), 'not ****!')
  assert.equal(peerText('key s3cret is bad', new Secret('s3cret')), 'key **** is bad')
})

test('is done soon with a text that was made to take long', () => {
  const before = process.cpuUsage()
  peerText('eyj'.repeat(20_000), new Secret(makeKey('long')))
  const { user } = process.cpuUsage(before)
  assert.ok(user < 1_000_000, `${user} µs of the processor`)
})
