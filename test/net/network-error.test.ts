import assert from 'node:assert/strict'
import { lookup } from 'node:dns'
import { request as requestPlain } from 'node:http'
import { type RequestOptions, request as requestSecure } from 'node:https'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { networkError } from '../../src/net/network-error.js'
import { closedPort, startCentral } from '../helpers/central.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { startTcpServer } from '../helpers/tcp-server.js'
import { certificates } from '../helpers/tls.js'

/** The fault of a request, as Node throws it, and as a library passes it on. */
async function faults(url: string, options: RequestOptions = {}): Promise<unknown[]> {
  const send = url.startsWith('https:') ? requestSecure : requestPlain
  const fault = await new Promise((resolve, reject) => {
    send(url, { agent: false, ...options }, () => reject(new Error('answered')))
      .on('error', resolve)
      .end()
  })
  return [fault, new Error('the request failed', { cause: fault })]
}

async function assertMeaning(
  url: string,
  code: string,
  message: RegExp,
  options: RequestOptions = {},
): Promise<void> {
  for (const fault of await faults(url, options)) {
    const error = networkError(fault, 'us.example')
    assert.ok(error instanceof StreamError)
    assert.match(error.message, message)
    assert.match(error.message, /^cannot reach us\.example: /)
    assert.equal(error.code, code)
    assert.equal(error.retry, true)
  }
}

test('a certificate that is not trusted says why and what to do', async (t) => {
  const { good, expired, otherName, ca } = await certificates()
  const cases = [
    [good, undefined, /self-signed; if .* in NODE_EXTRA_CA_CERTS \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/],
    [expired, ca, /has expired/],
    [otherName, ca, /is for another name \(other\.example\); check the host/],
  ] as const
  for (const [tls, trusted, message] of cases) {
    const central = await startCentral(t, { tls })
    const options = trusted === undefined ? {} : { ca: trusted }
    await assertMeaning(central.url, 'certificate-untrusted', message, options)
  }
})

test('only the verification of a certificate that can be skipped is said to be', () => {
  const says = (code: string, canSkip: boolean) =>
    networkError(Object.assign(new Error('x'), { code }), 'h', { canSkip }).message
  const advice = /NODE_EXTRA_CA_CERTS; for a test only, --no_valid_cert skips the verification \(/
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']) {
    assert.match(says(code, true), advice)
    assert.doesNotMatch(says(code, false), /--no_valid_cert/)
  }
  assert.doesNotMatch(says('ECONNREFUSED', true), /--no_valid_cert/)
})

test('plain text behind https says that there is no TLS', async (t) => {
  const central = await startCentral(t)
  const url = `https://127.0.0.1:${central.port}`
  await assertMeaning(url, 'unreachable', /does not speak TLS/)
})

test('a closed port says to check the port', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`
  await assertMeaning(url, 'unreachable', /refuses connections.*ECONNREFUSED/)
})

test('a host whose addresses all fail is explained by one of them', async () => {
  const port = await closedPort()
  const both: typeof lookup = Object.assign(
    ((_name: string, _options: unknown, callback: (...args: unknown[]) => void) => {
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ])
    }) as typeof lookup,
    lookup,
  )
  // Patience beyond the default 0.25 s, after which a stalled machine counts an address as timed out.
  const patience = { autoSelectFamilyAttemptTimeout: 60_000 }
  const options = { lookup: both, autoSelectFamily: true, ...patience }
  await assertMeaning(`http://us.example:${port}`, 'unreachable', /ECONNREFUSED/, options)
})

test('a connection that is cut before an answer says so', async (t) => {
  const { authority } = await startTcpServer(t, (socket) => socket.resetAndDestroy())
  await assertMeaning(`http://${authority}`, 'unreachable', /cut the connection/)
  await assertMeaning(`https://${authority}`, 'unreachable', /cut the connection/)
})

test('an answer that is not HTTP is never quoted', async (t) => {
  const key = makeKey('garbage')
  const { authority } = await startTcpServer(t, (socket) => socket.end(key))
  for (const fault of await faults(`http://${authority}`)) {
    const error = networkError(fault, 'us.example')
    assert.deepEqual(leaksIn(`${error.stack} ${JSON.stringify(error)} ${error.cause}`), [])
  }
})

test('a fault on the way to a proxy is the proxy’s', async (t) => {
  const [refused] = await faults(`http://127.0.0.1:${await closedPort()}`)
  const error = networkError(refused, 'the proxy p.example', { proxy: true })
  assert.equal(error.code, 'proxy-failed')
  assert.match(error.message, /^cannot reach the proxy p\.example: it refuses connections/)
  const central = await startCentral(t, { tls: (await certificates()).good })
  const [untrusted] = await faults(central.url)
  assert.equal(networkError(untrusted, 'p', { proxy: true }).code, 'certificate-untrusted')
})

test('codes that no server on loopback can cause are known by their names', () => {
  const meaning = (code: string) => networkError(Object.assign(new Error('x'), { code }), 'h')
  for (const [code, expected, message] of [
    ['ENOTFOUND', 'unreachable', /not known to DNS/],
    ['EAI_AGAIN', 'unreachable', /DNS gave no answer/],
    ['ETIMEDOUT', 'timed-out', /did not answer in time/],
    ['EHOSTUNREACH', 'unreachable', /no route to it/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate-untrusted', /NODE_EXTRA_CA_CERTS/],
    ['CERT_NOT_YET_VALID', 'certificate-untrusted', /check the clock/],
    ['CERT_CHAIN_TOO_LONG', 'certificate-untrusted', /x \(CERT_CHAIN_TOO_LONG\)/],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'unreachable', /x \(ERR_SSL/],
    ['EMFILE', 'unreachable', /^cannot reach h: too many .*ulimit -n.*LimitNOFILE= .*\(EMFILE\)$/],
    ['ENFILE', 'unreachable', /too many open files/],
    ['HPE_HEADER_OVERFLOW', 'answer-invalid', /the header of its answer is too long/],
    ['HPE_INVALID_CHUNK_SIZE', 'answer-invalid', /its answer is not valid HTTP/],
    ['EPERM', 'unreachable', /check its firewall/],
    ['constructor', 'unreachable', /x \(constructor\)/],
  ] as const) {
    assert.equal(meaning(code).code, expected, code)
    assert.match(meaning(code).message, message)
  }
  const local = 'connect EADDRINUSE 192.0.2.1:443 - Local (undefined:undefined)'
  const inUse = Object.assign(new Error(local), { code: 'EADDRINUSE' })
  assert.equal(
    networkError(inUse, 'h').message,
    'cannot reach h: connect EADDRINUSE 192.0.2.1:443 (EADDRINUSE)',
  )
  const alert = { code: 'ERR_SSL_ALERT', reason: 'tlsv1 alert internal error' }
  assert.equal(
    networkError(Object.assign(new Error('80:error:0A000438:SSL routines:x.c:1'), alert), 'h')
      .message,
    'cannot reach h: the TLS handshake failed: tlsv1 alert internal error (ERR_SSL_ALERT)',
  )
  const nested = new AggregateError(['no error', new Error('y', { cause: { code: 'no error' } })])
  assert.match(networkError(nested, 'h').message, /^cannot reach h: /)
  assert.match(networkError('thrown text', 'h').message, /thrown text/)
})

test('plain text on this machine says how to ask for it', async (t) => {
  const central = await startCentral(t)
  const [fault] = await faults(`https://127.0.0.1:${central.port}`)
  const says = (where: string) => networkError(fault, where).message
  assert.match(
    says('127.0.0.1:8765'),
    /; if it speaks plain text, write http:\/\/127\.0\.0\.1:8765 \(/,
  )
  assert.match(says('[::1]:8765'), /write http:\/\/\[::1\]:8765 \(/)
  assert.doesNotMatch(says('us.example'), /plain text/)
})
