import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { openHttp } from '../../src/outputs/http.js'
import { until, untilTicked } from '../helpers/clock.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'
import { setProxies } from '../helpers/proxy.js'
import { startTcpServer, type TcpServer } from '../helpers/tcp-server.js'

/** How a proxy treats a connection once its request has come. */
type Mood = (client: Socket) => void

const MOODS: Readonly<Record<string, Mood>> = {
  'hangs up': (client) => client.end(),
  'says nothing': (client) => client.resume(),
  'opens a tunnel to nowhere': (client) => client.write('HTTP/1.1 200 OK\r\n\r\n'),
  'begins an answer': (client) => client.write('HTTP/1.1 200 OK\r\ncontent-le'),
}

/** A proxy for every protocol, with the environment that names it. */
async function moodyProxy(t: TestContext, mood: Mood): Promise<TcpServer> {
  const proxy = await startTcpServer(t, mood)
  const url = `http://${proxy.authority}`
  setProxies(t, { HTTPS_PROXY: url, HTTP_PROXY: url })
  return proxy
}

for (const [what, mood] of Object.entries(MOODS)) {
  test(`a proxy that ${what} is tried again, and holds up no end`, async (t) => {
    const proxy = await moodyProxy(t, mood)
    const context = fakeContext()
    const output = await openHttp('https://sink.example/in', context)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    await output.write([fakeMessage('a', 1)])
    const closing = output.close()
    await untilTicked(t, 5_000, () => proxy.connections.length >= 3)
    assert.ok(proxy.connections.length <= context.counters.retried + 1, 'a pause between any two')
    assert.match(context.logged[0]?.message ?? '', /https:\/\/sink.example\/in.*trying again/)
    context.expire()
    await closing
    assert.deepEqual(
      context.givenUp.map(({ error }) => error.message),
      ['not delivered before the end'],
    )
  })
}

test('the end does not wait for a proxy that hangs up', async (t) => {
  const proxy = await moodyProxy(t, (client) => client.end())
  const context = fakeContext()
  const output = await openHttp('https://sink.example/in', context)
  await output.write([fakeMessage('a', 1)])
  const closing = output.close()
  await until(() => proxy.connections.length > 0)
  context.expire()
  await closing
  assert.equal(context.givenUp.length, 1)
})

test('a sink that sends its answer in drops is not waited for without end', async (t) => {
  const drip: Mood = (client) => {
    client.write('HTTP/1.1 503 No\r\ncontent-length: 1000\r\n\r\n')
    const timer = setInterval(() => client.write('.'), 20)
    client.on('close', () => clearInterval(timer))
  }
  const proxy = await moodyProxy(t, drip)
  const context = fakeContext()
  const output = await openHttp('http://sink.example/in', context)
  await output.write([fakeMessage('a', 1)])
  const closing = output.close()
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await untilTicked(t, 30_000, () => proxy.connections.length >= 2)
  context.expire()
  await closing
})

test('refuses a proxy that cannot be used at the start, not showing its password', async (t) => {
  for (const proxy of [
    'http://me:hunter2@bad host:3128',
    'http://me:hunter2%@127.0.0.1:3128',
    'ftp://me:hunter2@127.0.0.1:3128',
  ]) {
    setProxies(t, { HTTPS_PROXY: proxy })
    const context = fakeContext()
    await assert.rejects(openHttp('https://sink.example/in', context), (error) => {
      assert.ok(error instanceof StreamError, String(error))
      assert.equal(error.code, 'exporter-unusable')
      assert.match(error.message, /^https:\/\/sink.example\/in: the proxy .* cannot be used/)
      assert.doesNotMatch(error.message, /hunter2/)
      assert.equal(error.cause, undefined)
      return true
    })
  }
})
