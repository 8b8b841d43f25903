import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { inspect } from 'node:util'
import type { FailureCode, StreamError } from '../../src/errors.js'
import type { Answer } from '../../src/simulator/faults.js'
import { closedPort, startCentral, startSilentServer } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { fixedKey, startSubscriber } from '../helpers/subscription.js'
import { certificates } from '../helpers/tls.js'
import { startWebSocketServer } from '../helpers/websocket-server.js'

/** Lets the first handshake be answered so, and gives the status that follows. */
async function answered(t: TestContext, answer: Omit<Answer, 'type'>) {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', ...answer })
  const subscriber = startSubscriber(t, central.url)
  await until(() => ['refused', 'retrying'].includes(subscriber.status.type))
  const { status } = subscriber
  assert.ok(status.type === 'refused' || status.type === 'retrying')
  return { central, subscriber, status }
}

async function assertRefused(
  t: TestContext,
  answer: Omit<Answer, 'type'>,
  code: FailureCode,
  message: RegExp,
): Promise<void> {
  const { central, subscriber, status } = await answered(t, answer)
  assert.equal(status.type, 'refused')
  assert.equal(status.cause.code, code)
  assert.equal(status.cause.status, answer.status)
  assert.match(status.cause.message, message)
  await until(() => central.connections.open === 0)
  // It is tried again after 10 minutes.
  assert.equal(status.delayMs, 600_000)
  subscriber.clock.advance(599_999)
  assert.equal(central.handshakes.length, 1)
  subscriber.clock.advance(1)
  await subscriber.reach('open')
  assert.deepEqual(
    subscriber.statuses.map(({ type }) => type),
    ['connecting', 'refused', 'open'],
  )
}

async function assertRetried(
  t: TestContext,
  answer: Omit<Answer, 'type'>,
  delayMs: number,
): Promise<void> {
  const { central, subscriber, status } = await answered(t, answer)
  assert.equal(status.type, 'retrying')
  assert.equal(status.cause.code, 'unavailable')
  assert.equal(status.cause.status, answer.status)
  assert.equal(status.delayMs, delayMs)
  assert.equal(status.attempt, 1)
  await until(() => central.connections.open === 0)
  subscriber.clock.advance(delayMs - 1)
  assert.equal(subscriber.status.type, 'retrying')
  subscriber.clock.advance(1)
  await subscriber.reach('open')
  assert.equal(central.handshakes.length, 2)
}

test('a 400 with "Unsubscribed Topic" is a refusal that says where to tick the topic, until it is ticked', async (t) => {
  const central = await startCentral(t, { unsubscribed: ['monitoring'] })
  const subscriber = startSubscriber(t, central.url)
  const { cause } = await subscriber.reach('refused')
  assert.equal(cause.code, 'topic-unsubscribed')
  assert.match(cause.message, /"monitoring".*Organization > Platform Integration > Streaming/)
  central.keys.subscribe('monitoring')
  subscriber.clock.advance(600_000)
  await subscriber.reach('open')
})

test('any other 400 is a refusal with what the server said', (t) =>
  assertRefused(
    t,
    { status: 400, body: 'No such cluster\nmore' },
    'refused',
    /400 "No such cluster"/,
  ))

test('a 403 is a refusal', (t) =>
  assertRefused(t, { status: 403, body: 'Forbidden' }, 'refused', /403 "Forbidden"/))

test('a 404 is a refusal', (t) =>
  assertRefused(t, { status: 404, body: '' }, 'refused', /answered 404, expected 101/))

test('a 200 that is no upgrade is a refusal', (t) =>
  assertRefused(t, { status: 200, body: '<html>Welcome' }, 'refused', /200 "Welcome"/))

test('a redirect is a refusal that names the host, which is not asked', async (t) => {
  const elsewhere = await startCentral(t)
  await assertRefused(
    t,
    { status: 302, headers: { Location: `${elsewhere.url}/streaming/api` } },
    'redirected',
    new RegExp(`redirects to 127\\.0\\.0\\.1:${elsewhere.port}`),
  )
  assert.equal(elsewhere.connections.accepted, 0)
})

test('a redirect to nowhere is a refusal, too', async (t) => {
  await assertRefused(t, { status: 301 }, 'redirected', /an unreadable address/)
  const headers = { Location: 'http://[broken' }
  await assertRefused(t, { status: 308, headers }, 'redirected', /an unreadable address/)
})

test('a 408 is retried', (t) => assertRetried(t, { status: 408 }, 500))

test('a 500 is retried', (t) => assertRetried(t, { status: 500 }, 500))

test('a 429 is retried, not before Retry-After in seconds', (t) =>
  assertRetried(t, { status: 429, headers: { 'Retry-After': '120' } }, 120_500))

test('a 503 is retried, not before Retry-After as a date', (t) =>
  assertRetried(
    t,
    { status: 503, headers: { 'Retry-After': 'Mon, 01 Jan 2024 00:00:42 GMT' } },
    42_500,
  ))

test('what the server says is cut, made printable, and never shows the key', async (t) => {
  const key = makeKey('echoed')
  const central = await startCentral(t)
  central.failHandshake({
    type: 'answer',
    status: 400,
    body: `\u001b[2J${key} is not good${'x'.repeat(100_000)}`,
    headers: { Location: `https://${key}.example/` },
  })
  const subscriber = startSubscriber(t, central.url, { key: fixedKey(key) })
  const { cause } = await subscriber.reach('refused')
  assert.deepEqual(leaksIn(inspect(cause, { depth: null, showHidden: true })), [])
  assert.match(cause.message, /\*\*\*\* is not good/)
  assert.ok(!cause.message.includes('\u001b'))
  assert.ok(cause.message.length < 500)
})

test('an answer whose body is cut is taken for what it said', async (t) => {
  const central = await startCentral(t)
  const headers = { 'Content-Length': '1000' }
  central.failHandshake({ type: 'answer', status: 403, body: 'no', headers })
  const { cause } = await startSubscriber(t, central.url).reach('refused')
  assert.equal(cause.status, 403)
  await until(() => central.connections.open === 0)
})

/** Waits for the first trouble of a subscription to this URL. */
async function trouble(t: TestContext, url: string, options = {}): Promise<StreamError> {
  const subscriber = startSubscriber(t, url, options)
  const { cause } = await subscriber.reach('retrying')
  return cause
}

test('a name that DNS does not know is retried', async (t) => {
  // A label over 63 characters: the resolver answers without asking anybody.
  const cause = await trouble(t, `wss://${'a'.repeat(64)}.invalid`)
  assert.equal(cause.code, 'unreachable')
  assert.match(cause.message, /aaaa\.invalid/)
})

test('a refused connection is retried', async (t) => {
  const port = await closedPort()
  const cause = await trouble(t, `ws://127.0.0.1:${port}`)
  assert.equal(cause.code, 'unreachable')
  assert.match(cause.message, new RegExp(`127\\.0\\.0\\.1:${port}`))
})

test('a connection that is reset or hung up in the handshake is retried', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'reset' })
  central.failHandshake({ type: 'hang-up' })
  const subscriber = startSubscriber(t, central.url)
  for (const attempt of [1, 2]) {
    const status = await subscriber.reach('retrying')
    assert.equal(status.cause.code, 'unreachable')
    assert.equal(status.attempt, attempt)
    await subscriber.passWait(status.delayMs)
  }
  await subscriber.reach('open')
})

test('a certificate that is not trusted is retried, and the message says what to do', async (t) => {
  const { good } = await certificates()
  const central = await startCentral(t, { tls: good })
  const cause = await trouble(t, central.url)
  assert.equal(cause.code, 'certificate-untrusted')
  assert.match(cause.message, /NODE_EXTRA_CA_CERTS/)
  assert.match(cause.message, /--no_valid_cert/)
  assert.equal(central.handshakes.length, 0)
})

test('certificates are not verified where that was asked for', async (t) => {
  const { expired } = await certificates()
  const central = await startCentral(t, { tls: expired })
  const subscriber = startSubscriber(t, central.url, { verifyCertificates: false })
  await subscriber.reach('open')
})

test('an HTTP handshake that stalls is given up after 10 s', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'stall' })
  const subscriber = startSubscriber(t, central.url)
  await until(() => central.handshakes.length === 1)
  subscriber.clock.advance(9999)
  assert.equal(subscriber.status.type, 'connecting')
  subscriber.clock.advance(1)
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'timed-out')
  assert.match(cause.message, /10 s.*waiting for the answer to the request/)
})

test('a handshake is not given up for the time that the process stood still', async (t) => {
  const server = await startSilentServer(t)
  const subscriber = startSubscriber(t, `ws://127.0.0.1:${server.port}`)
  await until(() => (server.connections[0]?.bytesRead ?? 0) > 0)
  // As after a suspend: the answer may be there, and is not read yet.
  subscriber.clock.jump(12_000)
  assert.equal(subscriber.clock.timers, 1)
  await turn()
  assert.equal(subscriber.status.type, 'connecting')
  assert.equal(server.connections[0]?.destroyed, false)
  subscriber.clock.advance(10_000)
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'timed-out')
})

test('a handshake that was given up leaves no connection behind', async (t) => {
  const server = await startSilentServer(t)
  const subscriber = startSubscriber(t, `ws://127.0.0.1:${server.port}`)
  await until(() => (server.connections[0]?.bytesRead ?? 0) > 0)
  subscriber.clock.advance(10_000)
  await subscriber.reach('retrying')
  await until(() => server.connections[0]?.destroyed === true)
})

test('a TLS handshake that stalls is given up after 10 s', async (t) => {
  const server = await startSilentServer(t)
  const subscriber = startSubscriber(t, `wss://127.0.0.1:${server.port}`)
  await until(() => (server.connections[0]?.bytesRead ?? 0) > 0)
  subscriber.clock.advance(10_000)
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'timed-out')
  assert.match(cause.message, /waiting for the TLS handshake/)
  await until(() => server.connections[0]?.destroyed === true)
})

test('a server that does not speak HTTP is retried', async (t) => {
  const server = await startSilentServer(t)
  const subscriber = startSubscriber(t, `ws://127.0.0.1:${server.port}`)
  await until(() => server.connections.length === 1)
  server.connections[0]?.write('220 smtp.example ESMTP\r\n')
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'answer-invalid')
})

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\n'

for (const [what, answer, message] of [
  [
    'a wrong Sec-WebSocket-Accept',
    () =>
      `${SWITCHING}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n`,
    /answered 101, but not as a WebSocket server does: .*Sec-WebSocket-Accept/,
  ],
  [
    'another Upgrade',
    (accept: string) =>
      `${SWITCHING}Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    /answered 101, but not as a WebSocket server does: .*Upgrade/,
  ],
  [
    'no Upgrade',
    (accept: string) => `${SWITCHING}Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    /answered 101, but not as a WebSocket server does: .*Upgrade/,
  ],
  [
    'Upgrade, but no Connection',
    (accept: string) => `${SWITCHING}Upgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    /answered 101, but not as a WebSocket server does/,
  ],
] as const) {
  test(`a 101 with ${what} is retried, at once`, async (t) => {
    const server = await startWebSocketServer(t, answer)
    const subscriber = startSubscriber(t, server.url)
    const { cause } = await subscriber.reach('retrying')
    assert.equal(cause.code, 'answer-invalid')
    assert.match(cause.message, message)
    await until(() => server.socket?.destroyed === true || server.ended)
  })
}

for (const [what, answer] of [
  ['a 100 Continue that nothing follows', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['103 Early Hints that nothing follows', 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'],
  ['a header that stops midway', 'HTTP/1.1 101 Switching Protocols\r\nUpgr'],
] as const) {
  test(`${what} is given up after 10 s and retried`, async (t) => {
    const server = await startWebSocketServer(t, () => answer)
    const subscriber = startSubscriber(t, server.url)
    await until(() => server.socket?.bytesWritten === answer.length)
    subscriber.clock.advance(9999)
    assert.equal(subscriber.status.type, 'connecting')
    subscriber.clock.advance(1)
    assert.equal((await subscriber.reach('retrying')).cause.code, 'timed-out')
  })
}

test('a 100 Continue before the 101 changes nothing', async (t) => {
  const server = await startWebSocketServer(
    t,
    (accept) =>
      `HTTP/1.1 100 Continue\r\n\r\n${SWITCHING}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  await startSubscriber(t, server.url).reach('open')
})

test('an endless header is retried', async (t) => {
  const server = await startWebSocketServer(
    t,
    () => `${SWITCHING}${'X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'.repeat(10_000)}`,
  )
  const subscriber = startSubscriber(t, server.url)
  assert.equal((await subscriber.reach('retrying')).cause.retry, true)
})

for (const status of [200, 403]) {
  test(`a ${status} whose body never ends is a refusal after 10 s, and tried again`, async (t) => {
    const server = await startWebSocketServer(
      t,
      () => `HTTP/1.1 ${status} No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    )
    const subscriber = startSubscriber(t, server.url)
    await until(() => {
      // Where it is ahead of the answer, the next try gets the same one.
      subscriber.clock.advance(1000)
      return subscriber.status.type === 'refused'
    })
    const { cause } = await subscriber.reach('refused')
    assert.match(cause.message, new RegExp(`answered ${status}`))
    assert.equal(cause.status, status)
  })
}

test('a key that no header can carry is a refusal that does not show it', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('broken')
  const subscriber = startSubscriber(t, central.url, { key: fixedKey(`${key}\nX: y`) })
  const { cause } = await subscriber.reach('refused')
  assert.equal(cause.code, 'input-invalid')
  assert.deepEqual(leaksIn(inspect(cause, { depth: null, showHidden: true })), [])
})

test('the handshake carries user name, key, topic and program, and offers no compression', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('headers')
  const subscriber = startSubscriber(t, central.url, {
    key: fixedKey(key),
    entry: { username: 'abc@example.com', topic: 'presence' },
  })
  await subscriber.reach('open')
  const headers = central.handshakes[0]?.headers
  assert.equal(headers?.username, 'abc@example.com')
  assert.equal(headers?.authorization, key)
  assert.equal(headers?.topic, 'presence')
  assert.equal(headers?.['user-agent'], 'aruba-stream/test')
  assert.equal(headers?.['sec-websocket-extensions'], undefined)
  assert.equal(headers?.['x-since-time'], undefined)
})

test('no UserName is sent where there is none', async (t) => {
  const central = await startCentral(t)
  await startSubscriber(t, central.url).reach('open')
  assert.equal(central.handshakes[0]?.headers.username, undefined)
})
