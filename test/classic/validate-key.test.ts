import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { type ValidateKeyOptions, validateKey } from '../../src/classic/validate-key.js'
import { type FailureCode, StreamError } from '../../src/errors.js'
import { parseHost } from '../../src/net/host.js'
import { Secret } from '../../src/secret.js'
import { closedPort, startCentral, startSilentServer } from '../helpers/central.js'
import { until, untilTicked } from '../helpers/clock.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { startTcpServer } from '../helpers/tcp-server.js'
import { certificates } from '../helpers/tls.js'

type Options = Partial<Omit<ValidateKeyOptions, 'host' | 'key'>>

function validate(url: string, key: string, options: Options = {}) {
  return validateKey({
    host: parseHost(url),
    key: new Secret(key),
    verifyCertificates: true,
    userAgent: 'aruba-stream/test',
    signal: new AbortController().signal,
    ...options,
  })
}

/** How a validation fails; no part of the error may show a key. */
async function failure(validation: Promise<unknown>, code: FailureCode): Promise<StreamError> {
  const error = await validation.then(
    () => assert.fail(`expected ${code}, but the key was validated`),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StreamError, inspect(error))
  assert.equal(error.code, code, error.message)
  assert.deepEqual(leaksIn(inspect(error, { depth: Infinity, showHidden: true })), [])
  assert.doesNotMatch(error.message, /\n/)
  return error
}

/** How a validation fails whose answer never comes to its end, without the wait for that. */
async function lateFailure(t: TestContext, url: string, key: string): Promise<StreamError> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let ended = false
  const failed = failure(validate(url, key), 'timed-out').finally(() => {
    ended = true
  })
  await untilTicked(t, 200, () => ended)
  t.mock.timers.reset()
  return failed
}

/** A server of one's own, closed with the test. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('a key that Central gives back is accepted, and no connection stays', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('good')
  assert.deepEqual(await validate(central.url, key), { type: 'accepted' })
  const [validation] = central.validations
  assert.equal(validation?.headers.authorization, key)
  assert.equal(validation?.headers['user-agent'], 'aruba-stream/test')
  assert.equal(central.validations.length, 1)
  await until(() => central.connections.open === 0)
})

test('another key in the answer is the renewal', async (t) => {
  const central = await startCentral(t)
  const [key, renewal] = [makeKey('old'), makeKey('new')]
  central.keys.renew(key, renewal)
  const validation = await validate(central.url, key)
  assert.ok(validation.type === 'renewed')
  assert.equal(validation.key.reveal(), renewal)
  assert.deepEqual(leaksIn(inspect(validation, { showHidden: true })), [])
})

for (const status of [401, 403]) {
  test(`a ${status} is a refusal that quotes what Central said, without the key`, async (t) => {
    const central = await startCentral(t)
    const key = makeKey('refused')
    const other = makeKey('other')
    const signature = key.split('.')[2]
    const body = `bad \u001b[31mkey ${key}, signature ${signature}, not ${other}\nmore`
    central.failValidation({ type: 'answer', status, body })
    const error = await failure(validate(central.url, key), 'key-refused')
    assert.equal(error.status, status)
    assert.match(error.message, new RegExp(`answered ${status} "bad \\\\u001b\\[31mkey \\*{4}, s`))
    assert.match(error.message, /download a new key/)
    assert.ok(error.message.includes(new Secret(key).fingerprint))
    await until(() => central.connections.open === 0)
  })
}

test('a refusal whose text never comes to an end is a refusal', async (t) => {
  const stalled = await serve(t, (_, response) => response.writeHead(401).write('no'))
  await failure(validate(stalled, makeKey('stalled')), 'key-refused')
  const cut = await serve(t, (_, response) => {
    response.writeHead(403, { 'Content-Length': '10' }).write('no', () => response.destroy())
  })
  await failure(validate(cut, makeKey('cut')), 'key-refused')
})

for (const status of [408, 429, 500, 503]) {
  test(`a ${status} can be tried again, not before what it asks for`, async (t) => {
    const central = await startCentral(t)
    const key = makeKey('later')
    const headers = { 'Retry-After': '7' }
    central.failValidation({ type: 'answer', status, headers, body: `no ${key}` })
    const error = await failure(validate(central.url, key), 'unavailable')
    assert.deepEqual([error.status, error.retryAfterMs, error.retry], [status, 7000, true])
    await until(() => central.connections.open === 0)
  })
}

for (const status of [300, 400, 404, 418]) {
  test(`a ${status} is no answer of Central's, and can be tried again`, async (t) => {
    const central = await startCentral(t)
    const key = makeKey('strange')
    central.failValidation({ type: 'answer', status, body: `{"token":"${key}"}` })
    const error = await failure(validate(central.url, key), 'answer-invalid')
    assert.deepEqual([error.status, error.retry], [status, true])
  })
}

test('a redirect is not followed, and its host named', async (t) => {
  const central = await startCentral(t)
  const other = await startCentral(t)
  for (const status of [301, 302, 307, 308]) {
    const key = makeKey('redirected')
    const headers = { Location: `${other.url}/streaming/token/validate?key=${key}` }
    central.failValidation({ type: 'answer', status, headers })
    const { message } = await failure(validate(central.url, key), 'answer-invalid')
    assert.ok(message.includes(`127.0.0.1:${other.port}`), message)
  }
  const key = makeKey('in a host name')
  for (const Location of [`https://${key}.example/`, 'http://[', '']) {
    central.failValidation({ type: 'answer', status: 302, headers: { Location } })
    const { message } = await failure(validate(central.url, key), 'answer-invalid')
    for (const part of key.toLowerCase().split('.')) assert.ok(!message.includes(part), message)
  }
  assert.equal(other.validations.length, 0)
})

test('an answer that is not {"token": KEY} is not quoted, and can be tried again', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('asked')
  const other = makeKey('answered')
  const bodies = [
    '',
    other,
    `{"token":"${other}"`,
    `<html>${other}</html>`,
    `"${other}"`,
    `["${other}"]`,
    `{"Token":"${other}"}`,
    `{"token":{"token":"${other}"}}`,
    `{"token":["${other}"]}`,
    'null',
    '{"token":null}',
    '{"token":""}',
    '{"token":7}',
    `{"token":"${other}\\n"}`,
    `{"token":"${other}\\r\\nTopic: x"}`,
    `{"token":" ${other}"}`,
    `{"token":"${other}\\u2026"}`,
    `{"token":"Bearer ${other}"}`,
    `{"token":"'${other}'"}`,
    `{"token":"\\"${other}\\""}`,
    `{"token":"${other}.."}`,
    `{"token":"\u00ab${other}\u00bb"}`,
    '{"token":"<your key>"}',
    '{"token":"$KEY"}',
  ]
  for (const body of bodies) {
    central.failValidation({ type: 'answer', status: 200, body })
    const error = await failure(validate(central.url, key), 'answer-invalid')
    assert.equal(error.retry, true)
  }
  assert.equal(central.validations.length, bodies.length)
  await until(() => central.connections.open === 0)
})

test('an answer may hold more than the token, and may begin with a byte-order mark', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('more')
  const body = `\ufeff{"status":"ok","token":"${key}"}\n`
  central.failValidation({ type: 'answer', status: 200, body })
  assert.deepEqual(await validate(central.url, key), { type: 'accepted' })
})

for (const status of [200, 401]) {
  test(`of an endless answer with status ${status} no more than 64 KiB and a piece is read`, async (t) => {
    let closed = false
    const url = await serve(t, (_, response) => {
      response.writeHead(status).on('close', () => {
        closed = true
      })
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(16_384)));
      }
      response.on('drain', more)
      more()
    })
    const code = status === 200 ? 'answer-invalid' : 'key-refused'
    await failure(validate(url, makeKey('endless')), code)
    await until(() => closed)
  })
}

test('all of the answer must come in time', async (t) => {
  const key = makeKey('late')
  const central = await startCentral(t)
  central.failValidation({ type: 'stall' })
  const { message } = await lateFailure(t, central.url, key)
  assert.match(message, /no answer to the validation of a key within 10 s/)
  await until(() => central.connections.open === 0)

  const drip = await serve(t, (_, response) => {
    const timer = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(timer))
  })
  await lateFailure(t, drip, key)

  const silent = await startSilentServer(t)
  await lateFailure(t, `https://127.0.0.1:${silent.port}`, key)
  await until(() => silent.connections.every((socket) => socket.destroyed))
})

test('a server that is not there, or hangs up, is unreachable', async (t) => {
  const key = makeKey('unreachable')
  await failure(validate(`http://127.0.0.1:${await closedPort()}`, key), 'unreachable')
  const central = await startCentral(t)
  central.failValidation({ type: 'reset' })
  await failure(validate(central.url, key), 'unreachable')
  central.failValidation({ type: 'hang-up' })
  await failure(validate(central.url, key), 'unreachable')
  const cut = await serve(t, (_, response) => {
    response.writeHead(200, { 'Content-Length': '100' })
    response.write('{"token":"', () => response.destroy())
  })
  await failure(validate(cut, key), 'unreachable')
})

test('a certificate that is not trusted gets no key, unless that was asked for', async (t) => {
  const { good } = await certificates()
  const central = await startCentral(t, { tls: good })
  const key = makeKey('tls')
  await failure(validate(central.url, key), 'certificate-untrusted')
  assert.equal(central.validations.length, 0)
  const validation = await validate(central.url, key, { verifyCertificates: false })
  assert.deepEqual(validation, { type: 'accepted' })
  await until(() => central.connections.open === 0)
})

test('an abort ends it at once with its reason, and closes the connection', async (t) => {
  const central = await startCentral(t)
  const controller = new AbortController()
  const { signal } = controller
  central.failValidation({ type: 'stall' })
  const arrived = central.nextValidation()
  const validation = validate(central.url, makeKey('aborted'), { signal })
  await arrived
  const reason = new Error('the end')
  controller.abort(reason)
  await assert.rejects(validation, reason)
  await until(() => central.connections.open === 0)
  await assert.rejects(validate(central.url, makeKey('too late'), { signal }), reason)
  assert.equal(central.connections.accepted, 1)
})

test('a key that no header can carry is told from trouble with the network', async (t) => {
  const central = await startCentral(t)
  const error = await failure(validate(central.url, 'a\nb'), 'input-invalid')
  assert.equal(error.retry, false)
  assert.equal(central.connections.accepted, 0)
})

const STRANGE: readonly (readonly [what: string, answer: string, code: FailureCode, RegExp])[] = [
  [
    'a 101 that upgrades',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'answer-invalid',
    /answered 101/,
  ],
  [
    'a 101 that upgrades to nothing',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'answer-invalid',
    /answered 101/,
  ],
  [
    'a header past all bounds',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    'answer-invalid',
    /the header of its answer is too long/,
  ],
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'answer-invalid', /not valid HTTP/],
  [
    'two lengths',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    'answer-invalid',
    /not valid HTTP/,
  ],
]

for (const [what, answer, code, message] of STRANGE) {
  test(`${what} in place of an answer ends a validation, and its connection`, async (t) => {
    const server = await startTcpServer(t, (socket) => socket.write(answer))
    const validation = validate(`http://${server.authority}`, makeKey('strange'))
    const error = await failure(validation, code)
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /Parse Error/)
    await until(() => server.connections.every((socket) => socket.closed))
  })
}

test('interim answers before the answer are no answer, and are not waited for without end', async (t) => {
  const key = makeKey('interim')
  const body = JSON.stringify({ token: key })
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'
  const end = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const server = await startTcpServer(t, (socket) => socket.write(interim + end))
  assert.deepEqual(await validate(`http://${server.authority}`, key), { type: 'accepted' })

  const endless = await startTcpServer(t, (socket) => {
    const timer = setInterval(() => socket.write(interim), 10)
    socket.on('close', () => clearInterval(timer))
  })
  await lateFailure(t, `http://${endless.authority}`, key)
  await until(() => endless.connections.every((socket) => socket.closed))
})

test('a refusal by an HTML page is quoted with the title of the page', async (t) => {
  const central = await startCentral(t)
  const body = '<!DOCTYPE html>\n<html><head>\n<title>403 &amp; Forbidden</title></head></html>'
  central.failValidation({ type: 'answer', status: 403, body })
  const { message } = await failure(validate(central.url, makeKey('page')), 'key-refused')
  assert.match(message, /answered 403 "403 & Forbidden" to/)
})

test('a refusal does not wait for the rest of its text', async (t) => {
  const stalled = await serve(t, (_, response) => response.writeHead(401).write('no, never'))
  const validation = validate(stalled, makeKey('stalled'))
  assert.match((await failure(validation, 'key-refused')).message, /"no, never"/)
})
