import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quotePeer, redactUrl } from '../../src/net/redact.js'
import { Secret } from '../../src/secret.js'
import { makeKey } from '../helpers/keys.js'

const SHOWN: readonly [type: string, shown: string][] = [
  ['https://host/in', 'https://host/in'],
  ['https://host:8443/in?token=hidden#hidden', 'https://host:8443/in'],
  ['https://me:hidden@host/in', 'https://****@host/in'],
  ['https://me:hid/den@host/in', 'https://****@host/in'],
  ['https://me:hid@den?hidden#@host/in?token=hidden', 'https://****@host/in'],
  ['https:/me:hidden@host', 'https:/****@host'],
  ['https:me:hidden@host', 'https:****@host'],
  ['htps://host/in?token=hidden', 'htps://host/in'],
  ['nats://me:hidden@a,b:4222/p?stream=S', 'nats://****@a,b:4222/p'],
  ['me:hidden@host', 'me:****@host'],
  ['hidden@host', '****@host'],
  ['www.host/in?token=hidden#hidden', 'www.host/in'],
  ['tcp://h:1\n?token=hidden', 'tcp://h:1\n'],
  ['json:/a/b?c', 'json:/a/b'],
  ['json:/home/me@work/out.ndjson', 'json:/home/me@work/out.ndjson'],
  ['json', 'json'],
  ['csv:w#1', 'csv:w#1'],
  ['./module.mjs?token=hidden', './module.mjs'],
  ['/srv/a@b/module.mjs', '/srv/a@b/module.mjs'],
  // Paths of webhooks and collectors are logins.
  ['https://h/services/T024BE7LD/hidden7AbCdEfGhIjKlMnOp', 'https://h/services/T024BE7LD/****'],
  ['https://h/hooks/hidden00-4f89-11d3-9a0c-0305e82c3301/in', 'https://h/hooks/****/in'],
  ['https://h//receiver/v1/http/hiddenZaVnC4dhaV1==', 'https://h//receiver/v1/http/****'],
  ['http://h/hiddenhiddenhiddenhidden', 'http://h/****'],
  // The parser of URLs takes a backslash for a slash, and leaves out tabs.
  ['https://h\\services\\hidden7AbCdEfGhIjKlMnOp', 'https://h\\services\\****'],
  ['https://h/hidden7AbCd\tEfGhIjKlMnOp', 'https://h/****'],
  ['https://h/loki/api/v1/push', 'https://h/loki/api/v1/push'],
  ['https://h/aruba-stream-2026_events/_doc', 'https://h/aruba-stream-2026_events/_doc'],
  ['postgres://me@h/aruba2stream2026production', 'postgres://****@h/aruba2stream2026production'],
]

for (const [type, shown] of SHOWN) {
  test(`shows ${JSON.stringify(type)} as ${JSON.stringify(shown)}`, () => {
    assert.equal(redactUrl(type), shown)
  })
}

/** Whether anything of a key longer than chance stands in a text. */
function shows(text: string, key: string): boolean {
  const starts = Array.from({ length: key.length - 15 }, (_, at) => at)
  return starts.some((at) => text.includes(key.slice(at, at + 16)))
}

test('shows the first line of what a server said', () => {
  const key = new Secret(makeKey('said'))
  assert.equal(quotePeer('\n Unsubscribed Topic\nmore', [key]), 'Unsubscribed Topic')
  assert.equal(quotePeer('', [key]), '')
})

test('masks a key wherever a server cut it off', () => {
  const text = makeKey('cut off')
  const key = new Secret(text)
  for (let from = 0; from <= text.length - 16; from += 7) {
    for (let to = from + 16; to <= text.length; to += 5) {
      const line = quotePeer(`bad key ${text.slice(from, to)}, sorry`, [key])
      assert.ok(!shows(line, text), line)
      assert.match(line, /^bad key .*\*{4}.*, sorry$/)
    }
  }
  assert.ok(!shows(quotePeer(`${' '.repeat(900)}${text}`, [key]), text))
  assert.ok(!shows(quotePeer(`${'x'.repeat(150)}${text}`, [key]), text))
})

test('masks another key, and one that is no JWT', () => {
  const other = makeKey('other')
  assert.equal(quotePeer(`not ${other}!`, [new Secret(makeKey('own'))]), 'not ****!')
  assert.equal(quotePeer('key s3cret is bad', [new Secret('s3cret')]), 'key **** is bad')
})

test('masks a secret in the forms that a server may know it in', () => {
  const value = `p/s>?w"r&d<!'*~( )1`
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const form = new URLSearchParams({ '': value }).toString().slice(1)
  for (const text of [
    value,
    value.slice(0, 10),
    value.slice(-10),
    value.toUpperCase(),
    JSON.stringify(value).slice(1, -1),
    JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'),
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    html.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase(),
    form,
    form.replaceAll('+', '%20'),
    Buffer.from(value).toString('hex'),
    Buffer.from(value).toString('hex').toUpperCase(),
    btoa(value),
    btoa(value).replace(/=/g, ''),
    Buffer.from(value).toString('base64url'),
  ]) {
    const line = quotePeer(`not ${text} here`, [new Secret(value)])
    assert.match(line, /^not \*{4}=* here$/, text)
  }
  assert.equal(quotePeer('a word', [new Secret(''), new Secret('a')]), 'a word')
})

test('masks a secret that base64 shows in the midst of other bytes', () => {
  const value = 'p/s>?w"rd'
  for (const user of ['', 'a', 'ab', 'abc', '\0me\0']) {
    for (const end of ['', '1', '12']) {
      const text = Buffer.from(user + value + end).toString('base64')
      const line = quotePeer(`not ${text} here`, [new Secret(value)])
      const left = Buffer.from(line.replace(/^not|here$/g, '').replace(/\*+/, ''), 'base64')
      assert.match(line, /\*{4}/)
      assert.ok(!/[/s>?w"]{2}/.test(left.toString('latin1')), line)
    }
  }
})

test('quotes of a page its title, else its text, and a JSON text in one line', () => {
  const quote = (text: string) => quotePeer(text, [])
  assert.equal(quote('<!DOCTYPE html>\n<title>\n 403\n Forbidden</title>'), '403 Forbidden')
  assert.equal(quote('<html><style>p { x: y }</style><p>Go &lt;away&gt;</p></html>'), 'Go <away>')
  assert.equal(quote('<?xml version="1.0"?>\n<Error><Code>Denied</Code></Error>'), 'Denied')
  assert.equal(quote('<html>'), '')
  assert.equal(quote('{\n  "error": "no"\n}\n'), '{ "error": "no" }')
  assert.equal(quote('< 5 items'), '< 5 items')
})

test('is done at once with a long text that was made to take long', () => {
  // Looking for keys in all of it would take days.
  const line = quotePeer('eyj'.repeat(2_000_000), [new Secret(makeKey('long'))])
  assert.ok(line.length <= 200)
})
