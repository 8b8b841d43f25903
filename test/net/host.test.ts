import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseHost, socketUrl, validateUrl } from '../../src/net/host.js'

describe('parseHost', () => {
  for (const text of [
    'h.example',
    ' h.example ',
    'wss://h.example/streaming/api',
    'https://h.example/',
  ]) {
    test(`takes ${JSON.stringify(text)}`, () => {
      const host = parseHost(text)
      assert.equal(socketUrl(host), 'wss://h.example/streaming/api')
      assert.equal(validateUrl(host), 'https://h.example/streaming/token/validate')
    })
  }

  test('keeps a port, and takes IPv6 in brackets', () => {
    assert.equal(socketUrl(parseHost('h.example:8443')), 'wss://h.example:8443/streaming/api')
    assert.equal(socketUrl(parseHost('[::1]:8443')), 'wss://[::1]:8443/streaming/api')
  })

  test('takes plain text for loopback hosts alone', () => {
    for (const host of ['127.0.0.1:1', 'localhost:1', '[::1]:1', '127.1.2.3']) {
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

  for (const text of ['', 'ftp://h', 'constructor://h', 'a b', 'h:port', 'https://']) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseHost(text), { code: 'usage' })
    })
  }
})
