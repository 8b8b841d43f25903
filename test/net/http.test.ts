import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import { StreamError } from '../../src/errors.js'
import { HttpClient, type HttpClientOptions, type HttpRequest } from '../../src/net/http.js'
import { startSilentServer } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import {
  installedProxy,
  PROXY_PASSWORD,
  PROXY_USER,
  setProxies,
  startRealProxy,
} from '../helpers/proxy.js'
import { seededRandom } from '../helpers/random.js'
import { listen, startTcpServer } from '../helpers/tcp-server.js'
import { type Certificate, certificates } from '../helpers/tls.js'

type Server = { readonly url: URL; readonly connections: () => number }

/** A server of one's own, closed with the test. */
async function serve(
  t: TestContext,
  listener: RequestListener,
  { tls, host = '127.0.0.1' }: { tls?: Certificate; host?: string } = {},
): Promise<Server> {
  const server = tls ? createSecureServer(tls, listener) : createServer(listener)
  let connections = 0
  server.on('connection', () => {
    connections += 1
  })
  server.listen(0, host)
  await once(server, 'listening')
  t.after(async () => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  })
  const { port } = server.address() as AddressInfo
  const shown = host.includes(':') ? `[${host}]` : host
  const url = new URL(`${tls ? 'https' : 'http'}://${shown}:${port}/path?query=1`)
  return { url, connections: () => connections }
}

function client(t: TestContext, url: URL, options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = new HttpClient({ url, verifyCertificates: false, ...options })
  t.after(() => made.close())
  return made
}

const request = (options: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  headers: {},
  secrets: [],
  signal: new AbortController().signal,
  timeoutMs: 20_000,
  late: 'no answer',
  ...options,
})

async function failure(answer: Promise<unknown>): Promise<StreamError> {
  const error = await answer.then(
    () => assert.fail('there was an answer'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof StreamError, inspect(error))
  return error
}

test('gives status, headers and body of an answer, and leaves no listener behind', async (t) => {
  const { url } = await serve(t, (asked, answer) =>
    answer.writeHead(201, { 'x-path': asked.url }).end('{\n  "a": "b"\n}'),
  )
  const { signal } = new AbortController()
  const answer = await client(t, url).request(request({ signal, needsBody: () => true }))
  assert.deepEqual(
    [answer.status, answer.headers['x-path'], answer.body.toString(), answer.truncated],
    [201, '/path?query=1', '{\n  "a": "b"\n}', false],
  )
  assert.equal(answer.quote, '{ "a": "b" }')
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a connection that is kept serves the next request, after trouble a new one does', async (t) => {
  let broken = false
  const { url, connections } = await serve(t, (asked, answer) => {
    asked.resume()
    if (broken) answer.destroy()
    else answer.end('taken')
  })
  const kept = client(t, url, { keepAlive: true })
  const post = () => kept.request(request({ method: 'POST', body: Buffer.from('batch') }))
  for (let count = 0; count < 3; count += 1) assert.equal((await post()).status, 200)
  assert.equal(connections(), 1)
  broken = true
  assert.equal((await failure(post())).code, 'unreachable')
  broken = false
  assert.equal((await post()).status, 200)
  // The kept one, one that was tried in its place, and the one of the last request.
  assert.equal(connections(), 3)
})

test('a connection that the other side closes without a word is replaced', async (t) => {
  const server = await startTcpServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    socket.once('data', () => socket.destroy())
  })
  const kept = client(t, new URL(`http://${server.authority}/`), { keepAlive: true })
  const post = () => kept.request(request({ method: 'POST', body: Buffer.from('batch') }))
  for (let count = 0; count < 3; count += 1) assert.equal((await post()).status, 200)
  assert.equal(server.connections.length, 3)
})

test('a redirect is not followed', async (t) => {
  let asked = 0
  const { url } = await serve(t, (_, answer) => {
    asked += 1
    answer.writeHead(307, { location: '/elsewhere' }).end()
  })
  assert.equal((await client(t, url).request(request())).status, 307)
  assert.equal(asked, 1)
})

test('a body that is needed must come whole, another need not', async (t) => {
  const { url } = await serve(t, (_, answer) => {
    answer.writeHead(200, { 'content-length': 100 }).write('begun', () => answer.destroy())
  })
  const one = client(t, url)
  assert.equal((await one.request(request())).quote, 'begun')
  const cut = await failure(one.request(request({ needsBody: () => true })))
  assert.equal(cut.code, 'unreachable')
  assert.match(cut.message, /cut the connection within its answer/)
})

test('a body is read to its bound, which is no part of what is too much', async (t) => {
  const { url } = await serve(t, (_, answer) => answer.end('0123456789'))
  const read = (maxBytes: number) =>
    client(t, url).request(request({ needsBody: () => true, maxBytes }))
  assert.equal((await read(10)).truncated, false)
  const { truncated, body } = await read(9)
  assert.deepEqual([truncated, body.toString()], [true, '012345678'])
})

test('a server that accepts and is silent is left before the whole time is over', async (t) => {
  const silent = await startSilentServer(t)
  const url = new URL(`https://127.0.0.1:${silent.port}/`)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asking = failure(client(t, url).request(request({ timeoutMs: 120_000 })))
  await until(() => silent.connections.length === 1)
  t.mock.timers.tick(10_000)
  const error = await asking
  assert.equal(error.code, 'timed-out')
  assert.match(error.message, /no connection within 10 s/)
  await until(() => silent.connections.every((socket) => socket.destroyed))
})

test('IPv6 works, straight and as a proxy', async (t) => {
  const { url } = await serve(t, (asked, answer) => answer.end(asked.url), { host: '::1' })
  setProxies(t, {})
  assert.equal((await client(t, url).request(request())).quote, '/path?query=1')
  setProxies(t, { HTTP_PROXY: url.origin })
  const receiver = new URL('http://receiver.example/in')
  const answer = await client(t, receiver, { forwardPlain: true }).request(request())
  assert.equal(answer.quote, 'http://receiver.example/in')
})

for (const name of ['tinyproxy', 'squid'] as const) {
  test(`goes through ${name} with user and password, by a tunnel or forwarded`, {
    skip: !installedProxy(name) && `${name} is not installed`,
  }, async (t) => {
    const proxy = await startRealProxy(t, name)
    const login = `${PROXY_USER}:${PROXY_PASSWORD}@`
    const named = `http://${login}127.0.0.1:${proxy.port}`
    setProxies(t, { HTTP_PROXY: named, HTTPS_PROXY: named })
    const { good } = await certificates()
    for (const tls of [undefined, good]) {
      const seen: (string | undefined)[] = []
      const { url } = await serve(
        t,
        (asked, answer) => {
          seen.push(asked.headers['proxy-authorization'], asked.headers.authorization)
          // Not before all has come: tinyproxy resets a connection that still brings something.
          asked.resume().on('end', () => answer.end(asked.url))
        },
        tls ? { tls } : {},
      )
      const kept = client(t, url, { keepAlive: true, forwardPlain: true })
      const headers = { Authorization: 'for the server' }
      for (let count = 0; count < 3; count += 1) {
        const answer = await kept.request(
          request({ method: 'POST', headers, body: Buffer.alloc(100_000) }),
        )
        assert.deepEqual([answer.status, answer.quote], [200, '/path?query=1'])
      }
      const once = [undefined, 'for the server']
      assert.deepEqual(seen, [...once, ...once, ...once])
      kept.close()
    }
    for (const entry of [/POST/, /CONNECT/]) {
      // It is written when the connection has ended.
      await until(async () => entry.test(await proxy.log()))
    }
    setProxies(t, { HTTP_PROXY: named.replace(PROXY_PASSWORD, 'not-the-one') })
    const { url } = await serve(t, (_, answer) => answer.end())
    const refused = await failure(client(t, url).request(request()))
    assert.equal(refused.code, 'proxy-failed')
    assert.match(refused.message, /right user and password in HTTPS_PROXY/)
  })
}

test('a proxy may speak TLS itself, and must have the certificate for its own name', async (t) => {
  const { good } = await certificates()
  const target = await serve(t, (_, answer) => answer.end('through'), { tls: good })
  const proxy = createSecureServer(good).on('connect', (_request, client) => {
    const server = connect(Number(target.url.port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      client.pipe(server).pipe(client)
    })
    server.on('error', () => client.destroy())
    client.on('error', () => server.destroy())
  })
  setProxies(t, { HTTPS_PROXY: `https://127.0.0.1:${await listen(t, proxy)}` })
  assert.equal((await client(t, target.url).request(request())).quote, 'through')
  const verified = client(t, target.url, { verifyCertificates: true })
  const error = await failure(verified.request(request()))
  assert.equal(error.code, 'certificate-untrusted')
  assert.match(error.message, /^cannot reach the proxy 127\.0\.0\.1:\d+ on the way to 127/)
})

/** Pieces of answers, good and bad; a server sends some of them in any order. */
const PIECES = [
  ...['HTTP/1.1 200 OK\r\n', 'HTTP/1.1 101 X\r\n', 'HTTP/1.1 100 C\r\n\r\n', 'HTTP/1.1 204 N\r\n'],
  ...['HTTP/1.0 200 OK\r\n', 'HTTP/1.1 503 No\r\n', 'HTTP/1.1 407 P\r\n', 'Content-Length: 5\r\n'],
  ...['Upgrade: x\r\nConnection: upgrade\r\n', 'Transfer-Encoding: chunked\r\n', 'X: y\r\n'],
  ...[
    '\r\n',
    'hello',
    '5\r\nhello\r\n',
    '0\r\n\r\n',
    'ffffffff\r\n',
    '\0\x01',
    'Connection: close\r\n',
  ],
] as const

for (const mode of ['straight', 'forwarded by a proxy', 'through a tunnel'] as const) {
  test(`a request ${mode} ends whatever is answered, and its connection too`, async (t) => {
    const random = seededRandom(7)
    const server = await startTcpServer(t, (socket) => {
      const answer = () => {
        for (let count = 1 + random() * 5; count > 0; count -= 1) {
          socket.write(PIECES[Math.floor(random() * PIECES.length)] ?? '')
        }
        const end = random()
        if (end < 0.2) socket.end()
        else if (end < 0.4) socket.destroy()
        else if (end < 0.5) socket.resetAndDestroy()
      }
      answer()
      socket.on('data', answer)
    })
    const straight = mode === 'straight'
    setProxies(t, straight ? {} : { HTTP_PROXY: `http://me:secret@${server.authority}` })
    const url = new URL(straight ? `http://${server.authority}/` : 'http://receiver.example/')
    const kept = client(t, url, { keepAlive: true, forwardPlain: mode === 'forwarded by a proxy' })
    const { signal } = new AbortController()
    for (let count = 0; count < 100; count += 1) {
      const needsBody = () => random() < 0.5
      const one = request({
        method: 'POST',
        body: Buffer.from('x'),
        signal,
        timeoutMs: 50,
        needsBody,
      })
      await kept
        .request(one)
        .catch((error) => assert.ok(error instanceof StreamError, inspect(error)))
    }
    kept.close()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    await until(() => server.connections.every((socket) => socket.destroyed))
  })
}
