import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import type { ClientOptions, WebSocket } from 'ws'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { certificates } from '../helpers/tls.js'
import { endOf, openSocket, standsStill, upgrade } from './client.js'

const HEADERS = { Authorization: 'key', Topic: 'presence' }

async function pair(
  t: TestContext,
  options?: ClientOptions,
): Promise<{ client: WebSocket; socket: CentralSocket }> {
  const central = await startCentral(t)
  const client = openSocket(central, HEADERS, options)
  const [socket] = await Promise.all([central.nextSocket(), once(client, 'open')])
  return { client, socket }
}

test('binary, text and empty frames arrive as they were sent', async (t) => {
  const { client, socket } = await pair(t)
  const arrived: [string, boolean][] = []
  const last = new Promise<void>((resolve) => {
    client.on('message', (data, binary) => {
      arrived.push([String(data), binary])
      if (arrived.length === 3) resolve()
    })
  })
  const taken = [socket.send(Buffer.from('bytes')), socket.sendText('text'), socket.sendEmpty()]
  assert.deepEqual(await Promise.all(taken), [true, true, true])
  await last
  assert.deepEqual(arrived, [
    ['bytes', true],
    ['text', false],
    ['', true],
  ])
  assert.deepEqual([socket.sent, socket.flushed], [3, 3])
})

test('a broadcast reaches every socket of its topic and customer', async (t) => {
  const central = await startCentral(t)
  const got: string[] = []
  const subscribers = [
    ['ann', 'presence'],
    ['bob', 'presence'],
    ['ann', 'audit'],
  ] as const
  for (const [key, topic] of subscribers) {
    const client = openSocket(central, { Authorization: key, Topic: topic })
    client.on('message', (data) => got.push(`${key} ${topic} ${data}`))
    await central.nextSocket()
  }
  assert.equal(await central.broadcast('presence', Buffer.from('1')), 2)
  const ann = await central.waitForSocket({ key: 'ann', topic: 'presence' })
  assert.equal(await central.broadcast('presence', Buffer.from('2'), ann.customerId), 1)
  assert.equal(await central.broadcast('security', Buffer.from('3')), 0)
  const audit = await central.waitForSocket({ topic: 'audit' })
  assert.equal(await audit.send(Buffer.from('4')), true)
  await until(() => got.length >= 4)
  assert.deepEqual(got.sort(), [
    'ann audit 4',
    'ann presence 1',
    'ann presence 2',
    'bob presence 1',
  ])
})

test('sockets close with a code or end without one', async (t) => {
  for (const [code, reason] of [
    [1000, ''],
    [1001, 'going away'],
    [1011, ''],
    [1012, 'restart'],
    [4000, 'own'],
  ] as const) {
    const { client, socket } = await pair(t)
    const closed = once(client, 'close')
    socket.close(code, reason)
    const [gotCode, gotReason] = await closed
    assert.deepEqual([gotCode, String(gotReason)], [code, reason])
    assert.equal((await socket.ended).code, code)
  }
  const { client, socket } = await pair(t)
  const closed = once(client, 'close')
  socket.terminate()
  assert.equal((await closed)[0], 1006)
  assert.equal((await socket.ended).code, 1006)
  assert.equal(await socket.send(Buffer.from('late')), false)
})

for (const secure of [false, true]) {
  test(`a reset is a TCP reset and a termination a TCP end, ${secure ? 'with' : 'without'} TLS`, async (t) => {
    const { good, ca } = await certificates()
    const central = await startCentral(t, secure ? { tls: good } : {})
    const ends: string[] = []
    for (const how of ['reset', 'terminate'] as const) {
      const [socket, stream] = await Promise.all([
        central.nextSocket(),
        upgrade(central, HEADERS, ca),
      ])
      // Read the frame before the end: if both come at once, libuv reports a reset as an end.
      const frame = once(stream, 'data')
      const end = endOf(stream)
      assert.equal(await socket.send(Buffer.from('x')), true)
      await frame
      socket[how]()
      ends.push(await end)
      await socket.ended
    }
    assert.deepEqual(ends, ['ECONNRESET', 'end'])
    assert.deepEqual([central.sockets.length, central.connections.accepted], [0, 2])
  })
}

test('a frozen socket stays connected and sends nothing more', async (t) => {
  const { client, socket } = await pair(t)
  let received = 0
  client.on('message', () => {
    received += 1
  })
  client.on('pong', () => {
    received += 1
  })
  socket.freeze()
  assert.deepEqual([socket.open, socket.frozen], [false, true])
  assert.equal(await socket.send(Buffer.from('x')), false)
  client.ping()
  client.close()
  const other = openSocket({ url: client.url.replace(/^ws(.*)\/streaming.*$/, 'http$1') }, HEADERS)
  await once(other, 'open')
  other.ping()
  await once(other, 'pong')
  assert.equal(received, 0)
  assert.equal(client.readyState, client.CLOSING)
})

test('pings are sent and counted, and answered by default', async (t) => {
  const { client, socket } = await pair(t)
  socket.ping('hello')
  assert.equal(String((await once(client, 'ping'))[0]), 'hello')
  client.ping('a')
  assert.equal(String((await once(client, 'pong'))[0]), 'a')
  assert.deepEqual([socket.pings, socket.pongs], [1, 1])
  socket.answerPings = false
  let pongs = 0
  client.on('pong', () => {
    pongs += 1
  })
  client.ping('b')
  client.close()
  await socket.ended
  assert.deepEqual([socket.pings, pongs], [2, 0])
})

test('the closing handshake is left unanswered on request', async (t) => {
  const { client, socket } = await pair(t)
  socket.answerClose = false
  client.close(1000)
  client.ping()
  const frame = new Promise((resolve) => client.on('message', resolve))
  assert.equal(await socket.send(Buffer.from('still here')), true)
  await frame
  assert.equal(client.readyState, client.CLOSING)
  client.terminate()
  await socket.ended
})

test('an oversized frame is refused by its header alone', async (t) => {
  const { client, socket } = await pair(t, { maxPayload: 64 * 1024 * 1024 })
  socket.sendOversized()
  const [error] = await once(client, 'error')
  assert.equal(error.code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
  assert.equal((await socket.ended).code, 1009)
})

test('no frame counts as sent that would be a part of an oversized one', async (t) => {
  const { client, socket } = await pair(t)
  client.on('error', () => {})
  socket.sendOversized()
  assert.equal(await socket.send(Buffer.from('late')), false)
  assert.equal(socket.flushed, 0)
})

test('raw bytes break the protocol', async (t) => {
  const { client, socket } = await pair(t)
  socket.sendRaw(Buffer.from([0x83, 0x00]))
  const [error] = await once(client, 'error')
  assert.equal(error.code, 'WS_ERR_INVALID_OPCODE')
})

test('a slow reader delays the sender, and little waits for it in memory', async (t) => {
  const { client, socket } = await pair(t)
  const frame = Buffer.alloc(64 * 1024)
  let made = 0
  function* frames() {
    for (; made < 1_000; made += 1) yield frame
  }
  client.pause()
  const all = socket.sendAll(frames())
  await standsStill(() => made)
  assert.ok(made < 500, `${made} frames of 64 KiB were taken without a reader`)
  assert.ok(socket.bufferedBytes < 2 * 1024 * 1024)
  let arrived = 0
  client.on('message', () => {
    arrived += 1
  })
  client.resume()
  assert.equal(await all, 1_000)
  client.close()
  await once(client, 'close')
  assert.equal(arrived, 1_000)
})

test('sending ends with the socket', async (t) => {
  const { client, socket } = await pair(t)
  client.pause()
  const all = socket.sendAll(
    (function* () {
      for (;;) yield Buffer.alloc(64 * 1024)
    })(),
  )
  await until(() => socket.isHeldUp)
  socket.reset()
  assert.ok((await all) < socket.sent)
})

test('a frame that a reset socket drops does not count as sent', async (t) => {
  const { client, socket } = await pair(t)
  client.pause()
  const sent = socket.send(Buffer.alloc(20_000_000))
  socket.reset()
  assert.equal(await sent, false)
  assert.equal(socket.flushed, 0)
})

test('the server closes at once, whatever is open', async (t) => {
  const central = await startCentral(t)
  const clients = ['presence', 'audit', 'apprf'].map((topic) =>
    openSocket(central, { ...HEADERS, Topic: topic }),
  )
  await Promise.all(clients.map((client) => once(client, 'open')))
  const frozen = await central.waitForSocket({ topic: 'audit' })
  frozen.freeze()
  central.failHandshake({ type: 'stall' })
  const stalled = openSocket(central, HEADERS)
  await central.nextHandshake()
  const gone = [...clients, stalled].map(
    (client) => new Promise((resolve) => client.on('close', resolve)),
  )
  await central.close()
  await Promise.all([...gone, frozen.ended])
  assert.deepEqual([central.sockets.length, central.connections.open], [0, 0])
})
