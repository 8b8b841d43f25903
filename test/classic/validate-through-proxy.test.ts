import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { type ValidateKeyOptions, validateKey } from '../../src/classic/validate-key.js'
import { StreamError } from '../../src/errors.js'
import { parseHost } from '../../src/net/host.js'
import { Secret } from '../../src/secret.js'
import type { CentralOptions } from '../../src/simulator/central.js'
import { closedPort, startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { setProxies, startProxy } from '../helpers/proxy.js'
import { certificates } from '../helpers/tls.js'

function validate(url: string, options: Partial<ValidateKeyOptions> = {}) {
  return validateKey({
    host: parseHost(url),
    key: new Secret(makeKey('through a proxy')),
    verifyCertificates: true,
    userAgent: 'aruba-stream/test',
    signal: new AbortController().signal,
    ...options,
  })
}

async function failure(validation: Promise<unknown>): Promise<StreamError> {
  const error = await validation.then(
    () => assert.fail('the key was validated'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StreamError, inspect(error))
  assert.deepEqual(leaksIn(inspect(error, { depth: Infinity, showHidden: true })), [])
  assert.doesNotMatch(error.message, /s3cret/)
  return error
}

const withLogin = (url: string) => url.replace('//', '//user:s3cret@')

for (const [kind, variable] of [
  ['plain', 'HTTP_PROXY'],
  ['secure', 'HTTPS_PROXY'],
] as const) {
  test(`a proxy gets a tunnel to a ${kind} host and never sees the key`, async (t) => {
    const { good } = await certificates()
    const central = await startCentral(t, kind === 'secure' ? { tls: good } : {})
    const proxy = await startProxy(t)
    setProxies(t, { [variable]: withLogin(proxy.url) })
    const validation = await validate(central.url, { verifyCertificates: false })
    assert.deepEqual(validation, { type: 'accepted' })
    const [head = ''] = proxy.requests
    assert.match(head, new RegExp(`^CONNECT 127.0.0.1:${central.port} `))
    assert.match(head, new RegExp(`Authorization: Basic ${btoa('user:s3cret')}`))
    assert.deepEqual(leaksIn(head), [])
    await until(() => proxy.open.size === 0 && central.connections.open === 0)
  })
}

test('certificates are verified through a proxy too', async (t) => {
  const { good } = await certificates()
  const central = await startCentral(t, { tls: good })
  const proxy = await startProxy(t)
  setProxies(t, { HTTPS_PROXY: proxy.url })
  assert.equal((await failure(validate(central.url))).code, 'certificate-untrusted')
  assert.equal(central.validations.length, 0)
  await until(() => proxy.open.size === 0)
})

test('NO_PROXY is honoured', async (t) => {
  const central = await startCentral(t)
  const proxy = await startProxy(t)
  setProxies(t, { HTTP_PROXY: proxy.url, NO_PROXY: 'localhost,127.0.0.1' })
  await validate(central.url)
  assert.equal(proxy.requests.length, 0)
})

for (const status of [407, 401, 403, 502]) {
  test(`a proxy that answers ${status} is what failed`, async (t) => {
    const central = await startCentral(t)
    const answer = `HTTP/1.1 ${status} No\r\nContent-Length: 5\r\n\r\nsorry`
    const proxy = await startProxy(t, { answer })
    setProxies(t, { HTTP_PROXY: withLogin(proxy.url) })
    const error = await failure(validate(central.url))
    assert.deepEqual([error.code, error.status], ['proxy-failed', status])
    assert.match(error.message, new RegExp(`^the proxy 127.0.0.1:\\d+ answered ${status}`))
    assert.equal(/user and password/.test(error.message), status === 407 || status === 401)
    assert.equal(central.validations.length, 0)
    await until(() => proxy.open.size === 0)
  })
}

test('how long a proxy asks to wait is passed on', async (t) => {
  const central = await startCentral(t)
  const answer = 'HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n'
  const proxy = await startProxy(t, { answer })
  setProxies(t, { HTTP_PROXY: proxy.url })
  assert.equal((await failure(validate(central.url))).retryAfterMs, 120_000)
})

test('a proxy that hangs up, is not there, or cannot be used is what failed', async (t) => {
  const central = await startCentral(t)
  const proxy = await startProxy(t, { answer: '' })
  const gone = `http://127.0.0.1:${await closedPort()}`
  for (const HTTP_PROXY of [proxy.url, gone, 'socks5://127.0.0.1:1080', 'http://[']) {
    setProxies(t, { HTTP_PROXY })
    assert.equal((await failure(validate(central.url))).code, 'proxy-failed', HTTP_PROXY)
  }
  assert.equal(central.validations.length, 0)
})

test('a proxy that does not answer is left in time, and at once on an abort', async (t) => {
  const central = await startCentral(t)
  const proxy = await startProxy(t, { answer: null })
  setProxies(t, { HTTP_PROXY: proxy.url })
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const leaving = failure(validate(central.url))
  await until(() => proxy.requests.length === 1)
  t.mock.timers.tick(10_000)
  const late = await leaving
  assert.equal(late.code, 'proxy-failed')
  assert.match(late.message, /^the proxy 127.0.0.1:\d+: no answer .* within 10 s/)
  await until(() => proxy.open.size === 0)

  const controller = new AbortController()
  const before = proxy.requests.length
  const validation = validate(central.url, { signal: controller.signal })
  await until(() => proxy.requests.length > before)
  controller.abort(new Error('the end'))
  await assert.rejects(validation, /the end/)
  await until(() => proxy.open.size === 0)
})

test('a server that does not answer through a proxy is left in time, tunnel and all', async (t) => {
  const { good } = await certificates()
  const proxy = await startProxy(t)
  setProxies(t, { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url })
  const leave = async (options: CentralOptions) => {
    const central = await startCentral(t, options)
    central.failValidation({ type: 'stall' })
    const leaving = failure(validate(central.url, { verifyCertificates: false }))
    await until(() => central.validations.length === 1)
    t.mock.timers.tick(10_000)
    assert.equal((await leaving).code, 'timed-out')
    await until(() => proxy.open.size === 0 && central.connections.open === 0)
  }
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await leave({ tls: good })
  await leave({})
})

test('a proxy that asks for NTLM alone is said to be of that kind', async (t) => {
  const central = await startCentral(t)
  const answer =
    'HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n'
  const proxy = await startProxy(t, { answer })
  setProxies(t, { HTTP_PROXY: withLogin(proxy.url) })
  const { message } = await failure(validate(central.url))
  assert.match(message, /by NTLM or Negotiate, which is not supported; run a local proxy/)
  assert.doesNotMatch(message, /right user/)

  const basic = answer.replace('Negotiate', 'Basic realm="office"')
  const other = await startProxy(t, { answer: basic })
  setProxies(t, { HTTP_PROXY: withLogin(other.url) })
  assert.match((await failure(validate(central.url))).message, /right user and password/)
})

test('special characters in the password of a proxy are said to need an escape', async (t) => {
  const central = await startCentral(t)
  for (const password of ['s3cret#1', '12#s3cret', 's3cret/1', 's3cret?']) {
    setProxies(t, { HTTP_PROXY: `http://user:${password}@127.0.0.1:3128` })
    const { code, message } = await failure(validate(central.url))
    assert.equal(code, 'proxy-failed')
    assert.match(message, /must be percent-encoded, such as %23 for "#"/)
  }
  setProxies(t, { HTTP_PROXY: 'http://user:s3cret%@127.0.0.1:3128' })
  assert.match((await failure(validate(central.url))).message, /must be written as %25/)
})
