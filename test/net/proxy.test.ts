import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { findProxy } from '../../src/net/proxy.js'

const proxyFor = (url: string) => findProxy(new URL(url))?.url.origin

const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'NO_PROXY']
const NAMES = VARIABLES.flatMap((name) => [name, name.toLowerCase()])

describe('findProxy', () => {
  const saved = NAMES.map((name) => [name, process.env[name]] as const)
  const set = (values: Record<string, string>) => Object.assign(process.env, values)
  beforeEach(() => {
    for (const name of NAMES) delete process.env[name]
  })
  afterEach(() => {
    for (const [name, value] of saved) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })

  test('names none where the environment names none', () => {
    assert.equal(proxyFor('wss://central.example/'), undefined)
  })

  test('takes the same route for WebSocket and REST', () => {
    set({ HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2' })
    assert.equal(proxyFor('wss://central.example/'), 'http://a:1')
    assert.equal(proxyFor('https://central.example/'), 'http://a:1')
    assert.equal(proxyFor('ws://central.example/'), 'http://b:2')
    assert.equal(proxyFor('http://central.example/'), 'http://b:2')
  })

  test('makes a header of user and password, and reads variables in lower case', () => {
    set({ https_proxy: 'http://user%40x:p%23ss@a:1' })
    const proxy = findProxy(new URL('wss://central.example/'))
    assert.equal(proxy?.url.href, 'http://a:1/')
    assert.equal(proxy?.authorization, `Basic ${btoa('user@x:p#ss')}`)
  })

  test('takes a proxy without a scheme for an http one', () => {
    set({ HTTPS_PROXY: 'a:1' })
    assert.equal(proxyFor('wss://central.example/'), 'http://a:1')
  })

  for (const list of ['central.example', '.central.example', 'x, central.example', '*']) {
    test(`goes straight to a subdomain where NO_PROXY is ${JSON.stringify(list)}`, () => {
      set({ HTTPS_PROXY: 'http://a:1', NO_PROXY: list })
      assert.equal(proxyFor('wss://app.central.example/'), undefined)
      assert.equal(proxyFor('https://app.central.example/'), undefined)
    })
  }

  test('takes names in NO_PROXY as Python does, with a leading dot or a port', () => {
    set({ HTTPS_PROXY: 'http://a:1', NO_PROXY: '.dotted.example,with.example:8443' })
    assert.equal(proxyFor('wss://dotted.example/'), undefined)
    assert.equal(proxyFor('wss://with.example:8443/'), undefined)
    assert.equal(proxyFor('wss://app.with.example:8443/'), undefined)
    assert.equal(proxyFor('wss://app.with.example/'), 'http://a:1')
  })

  test('takes addresses and subnets in NO_PROXY', () => {
    set({ HTTP_PROXY: 'http://a:1', NO_PROXY: '::1,[fd00::2],10.0.0.0/8,192.0.2.7,fe80::/10,1/99' })
    for (const host of ['[::1]', '[::1]:8080', '[fd00::2]', '10.1.2.3', '192.0.2.7', '[fe80::5]']) {
      assert.equal(proxyFor(`http://${host}/`), undefined, host)
    }
    for (const host of ['[::2]', '11.1.2.3', '192.0.2.70', 'ten.example', '1.0.0.1']) {
      assert.equal(proxyFor(`http://${host}/`), 'http://a:1', host)
    }
  })

  test('takes a port in NO_PROXY for the one of the scheme, too', () => {
    set({ HTTPS_PROXY: 'http://a:1', ALL_PROXY: 'http://b:2', NO_PROXY: 'central.example:443' })
    assert.equal(proxyFor('wss://central.example/'), undefined)
    assert.equal(proxyFor('ws://central.example/'), 'http://b:2')
  })

  test('does not take the end of a name for a domain', () => {
    set({ HTTPS_PROXY: 'http://a:1', NO_PROXY: 'central.example' })
    assert.equal(proxyFor('wss://notcentral.example/'), 'http://a:1')
    assert.equal(proxyFor('wss://central.example/'), undefined)
  })
})
