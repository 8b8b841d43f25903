import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { closedPort, startCentral, startSilentServer } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import {
  installedProxy,
  PROXY_PASSWORD,
  PROXY_USER,
  setProxies,
  startProxy,
  startRealProxy,
} from '../helpers/proxy.js'
import { startSubscriber } from '../helpers/subscription.js'
import { startTcpServer } from '../helpers/tcp-server.js'
import { certificates } from '../helpers/tls.js'

for (const name of ['tinyproxy', 'squid'] as const) {
  const skip = installedProxy(name) ? false : `${name} is not installed`

  test(`goes through ${name} with user and password`, { skip }, async (t) => {
    const proxy = await startRealProxy(t, name)
    const url = `http://${PROXY_USER}:${PROXY_PASSWORD}@127.0.0.1:${proxy.port}`
    const { good } = await certificates()
    const [plain, secure] = [await startCentral(t), await startCentral(t, { tls: good })]

    await t.test('plain text by HTTP_PROXY, TLS by HTTPS_PROXY', async (t) => {
      for (const [variable, central] of [
        ['HTTP_PROXY', plain],
        ['HTTPS_PROXY', secure],
      ] as const) {
        setProxies(t, { [variable]: url })
        const subscriber = startSubscriber(t, central.url, { verifyCertificates: false })
        const socket = await central.waitForSocket()
        await socket.send(Uint8Array.of(7))
        assert.deepEqual([...((await subscriber.receive(1))[0]?.bytes ?? [])], [7])
        subscriber.stop()
        await subscriber.finished
        assert.equal((await socket.ended).code, 1000)
        // squid writes it when the connection has ended.
        const entry = new RegExp(`CONNECT 127\\.0\\.0\\.1:${central.port}`)
        await until(async () => entry.test(await proxy.log()))
      }
    })

    await t.test('not to a host that NO_PROXY names', async (t) => {
      // Through the proxy it would be refused.
      const wrong = url.replace(PROXY_PASSWORD, 'not-the-one')
      setProxies(t, { HTTP_PROXY: wrong, NO_PROXY: 'example.org,127.0.0.1' })
      await startSubscriber(t, plain.url).reach('open')
    })

    await t.test('a wrong password is retried, and never shown', async (t) => {
      setProxies(t, { HTTPS_PROXY: `http://${PROXY_USER}:not-the-one@127.0.0.1:${proxy.port}` })
      const { handshakes } = secure
      const before = handshakes.length
      const subscriber = startSubscriber(t, secure.url)
      const { cause } = await subscriber.reach('retrying')
      assert.equal(cause.code, 'proxy-failed')
      // 407 by the standard; tinyproxy answers 401 to a password that is wrong.
      assert.ok(cause.status === 407 || cause.status === 401, String(cause.status))
      assert.match(cause.message, /right user and password in HTTPS_PROXY/)
      assert.ok(!inspect(cause, { depth: null }).includes('not-the-one'))
      assert.equal(handshakes.length, before)
    })

    await t.test('a server that the proxy cannot reach is retried', async (t) => {
      setProxies(t, { HTTP_PROXY: url })
      const subscriber = startSubscriber(t, `ws://127.0.0.1:${await closedPort()}`)
      const { cause } = await subscriber.reach('retrying')
      assert.equal(cause.code, 'proxy-failed')
      assert.match(cause.message, /answered 50\d when asked for 127\.0\.0\.1/)
    })

    await t.test('a connection is lost when the proxy goes, and retried', async (t) => {
      setProxies(t, { HTTP_PROXY: url, HTTPS_PROXY: url })
      const subscribers = [plain, secure].map((central) =>
        startSubscriber(t, central.url, { verifyCertificates: false }),
      )
      await Promise.all(subscribers.map((subscriber) => subscriber.reach('open')))
      await proxy.kill()
      for (const subscriber of subscribers) {
        const lost = await subscriber.reach('retrying')
        assert.equal(lost.cause.code, 'connection-lost')
        subscriber.clock.advance(lost.delayMs)
        const { length } = subscriber.statuses
        await until(() => subscriber.statuses.length === length + 2)
        const again = await subscriber.reach('retrying')
        assert.equal(again.cause.code, 'proxy-failed')
      }
    })
  })
}

test('a 502 of Central is not taken for one of the proxy', {
  skip: !installedProxy('tinyproxy') && 'tinyproxy is not installed',
}, async (t) => {
  const proxy = await startRealProxy(t, 'tinyproxy')
  setProxies(t, { HTTP_PROXY: `http://${PROXY_USER}:${PROXY_PASSWORD}@127.0.0.1:${proxy.port}` })
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 502 })
  const subscriber = startSubscriber(t, central.url)
  assert.equal((await subscriber.reach('retrying')).cause.code, 'unavailable')
})

test('a 407 without a configured proxy is taken for a proxy’s answer, and is retried', async (t) => {
  setProxies(t, {})
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 407 })
  const { cause } = await startSubscriber(t, central.url).reach('retrying')
  assert.deepEqual([cause.code, cause.status], ['proxy-failed', 407])
  assert.match(cause.message, /^a proxy answered 407/)
})

test('a proxy that refuses connections is retried', async (t) => {
  setProxies(t, { HTTP_PROXY: `http://${PROXY_USER}:secret@127.0.0.1:${await closedPort()}` })
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'proxy-failed')
  assert.ok(!inspect(cause, { depth: null }).includes('secret'))
  assert.equal(central.connections.accepted, 0)
})

test('a proxy that asks for time gets it', async (t) => {
  const answer = 'HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n'
  const { url } = await startProxy(t, { answer })
  setProxies(t, { HTTP_PROXY: url })
  const central = await startCentral(t)
  const { cause, delayMs } = await startSubscriber(t, central.url).reach('retrying')
  assert.deepEqual([cause.code, cause.status, delayMs], ['proxy-failed', 503, 120_500])
})

test('a proxy that does not answer is given up after 10 s, and its socket is closed', async (t) => {
  const proxy = await startSilentServer(t)
  setProxies(t, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` })
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await until(() => (proxy.connections[0]?.bytesRead ?? 0) > 0)
  subscriber.clock.advance(10_000)
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'proxy-failed')
  assert.match(cause.message, /no answer within 10 s/)
  await until(() => proxy.connections[0]?.destroyed === true)
})

test('stopping closes a connection to a proxy that does not answer', async (t) => {
  const proxy = await startSilentServer(t)
  setProxies(t, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` })
  const central = await startCentral(t)
  const subscriber = startSubscriber(t, central.url)
  await until(() => (proxy.connections[0]?.bytesRead ?? 0) > 0)
  subscriber.stop()
  await subscriber.finished
  await until(() => proxy.connections[0]?.destroyed === true)
})

test('a proxy of an unknown kind, or none at all, is said to be unusable', async (t) => {
  const central = await startCentral(t)
  for (const [value, message] of [
    ['socks5://user:secret@127.0.0.1:1080', /socks5:\/\/.*not supported/],
    ['http://user:secret@[broken', /not a URL/],
  ] as const) {
    setProxies(t, { HTTP_PROXY: value })
    const subscriber = startSubscriber(t, central.url)
    const { cause } = await subscriber.reach('retrying')
    assert.equal(cause.code, 'proxy-failed')
    assert.match(cause.message, message)
    assert.ok(!inspect(cause, { depth: null }).includes('secret'))
  }
})

test('a proxy whose answer has no end is left soon, without reading it all', async (t) => {
  const most = 16 * 1024 * 1024
  const proxy = await startTcpServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const line = `X: ${'x'.repeat(1020)}\r\n`
    const more = () => {
      while (socket.bytesWritten < most && socket.write(line));
    }
    socket.on('drain', more)
    more()
  })
  setProxies(t, { HTTP_PROXY: `http://${proxy.authority}` })
  const central = await startCentral(t)
  const { cause } = await startSubscriber(t, central.url).reach('retrying')
  assert.equal(cause.code, 'proxy-failed')
  assert.match(cause.message, /the header of its answer is too long/)
  assert.ok((proxy.connections[0]?.bytesWritten ?? most) < most)
  await until(() => proxy.connections.every((socket) => socket.destroyed))
})
