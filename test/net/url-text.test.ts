import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactUrl } from '../../src/net/url-text.js'

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
  ['json:/a/b?c', 'json:/a/b?c'],
  ['json:/home/me@work/out.ndjson', 'json:/home/me@work/out.ndjson'],
  ['json', 'json'],
  ['csv:w#1', 'csv:w#1'],
  ['./module.mjs?x', './module.mjs?x'],
  ['/srv/a@b/module.mjs', '/srv/a@b/module.mjs'],
]

for (const [type, shown] of SHOWN) {
  test(`shows ${JSON.stringify(type)} as ${JSON.stringify(shown)}`, () => {
    assert.equal(redactUrl(type), shown)
  })
}
