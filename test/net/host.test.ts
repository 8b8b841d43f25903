import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseHost, validateUrl } from '../../src/net/host.js'

describe('parseHost', () => {
  for (const text of [
    'h.example',
    ' h.example ',
    'wss://h.example/streaming/api',
    'https://h.example/',
    'wss://h.example/streaming/api/',
    'https://h.example/Streaming/API',
    'h.example/streaming/api',
    'H.Example.',
    'wss://h.example.:443/streaming/api',
  ]) {
    test(`takes ${JSON.stringify(text)}`, () => {
      const host = parseHost(text)
      assert.equal(validateUrl(host), 'https://h.example/streaming/token/validate')
    })
  }

  test('keeps a port, and takes IPv6 in brackets', () => {
    for (const authority of ['h.example:8443', '[::1]:8443']) {
      assert.deepEqual(parseHost(authority), { authority, secure: true })
    }
  })

  test('takes the pasted URL of a stream of New Central for its host', () => {
    const { authority } = parseHost('wss://h.example/network-services/v1alpha1/wids')
    assert.equal(authority, 'h.example')
  })

  test('takes plain text for loopback hosts alone', () => {
    for (const host of ['127.0.0.1:1', 'localhost:1', 'localhost.:1', '[::1]:1', '127.1.2.3']) {
      assert.equal(parseHost(`ws://${host}`).secure, false)
    }
    for (const host of ['h.example', '10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
      assert.throws(() => parseHost(`http://${host}`), /loopback/)
    }
  })

  test('does not take a scheme for the host, where one stands twice or lacks a sign', () => {
    for (const text of ['wss://wss://h.example', 'wss:/h.example', 'https//h.example', 'http:']) {
      assert.throws(() => parseHost(text), /scheme/)
    }
  })

  test('never quotes what stands before an "@"', () => {
    for (const text of ['ftp://me:secret@h', 'me:secret@a b', 'wss://me:secret@h/x', 'me:s@h:p']) {
      assert.throws(
        () => parseHost(text),
        ({ code, message }) => code === 'usage' && !/secret|me:/.test(message),
        text,
      )
    }
  })

  const WRONG: readonly (readonly [text: string, why: RegExp])[] = [
    ['wss://h.example/network-config/v1/sites', /its path "\/network-config\/v1\/sites" is not/],
    ['https://gateway.example/central', /its path "\/central" is not .* without a path/],
    ['h.example/streaming/api/v2', /its path "\/streaming\/api\/v2" is not/],
    ['h.example/streaming/apis', /its path/],
    ['h.example/?cluster=us', /a query or a fragment/],
    ['wss://h.example/streaming/api#top', /a query or a fragment/],
    ['$\u007bCLUSTER}', /"\$\{CLUSTER\}" is a placeholder that was not replaced/],
    ['https://$\u007bCLUSTER}/streaming/api', /"\$\{CLUSTER\}" is a placeholder/],
    ['app-$CLUSTER.example', /"\$CLUSTER" is a placeholder/],
    ['{{ cluster }}', /"\{\{ cluster \}\}" is a placeholder/],
    ['%CLUSTER%', /"%CLUSTER%" is a placeholder/],
    ['<cluster>.example', /"<cluster>" is a placeholder/],
    ['a.example,b.example', /it holds ",": expected one host/],
    ['a.example;b.example', /it holds ";": expected one host/],
    ['a.example b.example', /it holds a blank/],
    ['"h.example"', /it holds "\\"", which no host name has/],
    [
      '\u201ch.example\u201d',
      /it holds a typographic quotation mark \(U\+201C\), which no host name has/,
    ],
    ['h\u200b.example', /it holds a zero-width space \(U\+200B\)/],
    ['h.example\\streaming', /it holds "\\\\"/],
    ['h.example:70000', /its port 70000 is not between 1 and 65535/],
    ['h.example:0', /its port 0 is not/],
    ['wss://[::1]:99999/streaming/api', /its port 99999/],
    ['h.example:https', /its port "https" is no number/],
    ['', /it is empty/],
  ]
  for (const [text, why] of WRONG) {
    test(`says what is wrong with ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseHost(text), { code: 'usage', message: why })
    })
  }

  test('does not quote a query, which may hold a token', () => {
    assert.throws(
      () => parseHost('wss://h.example/streaming/api?token=hunter2'),
      ({ message }) => !message.includes('hunter2'),
    )
  })

  for (const text of ['', 'ftp://h', 'constructor://h', 'a b', 'h:port', 'https://']) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseHost(text), { code: 'usage' })
    })
  }
})
