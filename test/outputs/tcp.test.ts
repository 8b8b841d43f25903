import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import tls from 'node:tls'
import { StreamError } from '../../src/errors.js'
import { openTcp } from '../../src/outputs/tcp.js'
import type { StreamMessage } from '../../src/service.js'
import { closedPort } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import {
  fakeContext,
  fakeMessage,
  firstArrivals,
  isPending,
  linesOf,
} from '../helpers/export-fakes.js'
import { exportUnderKills, mortal, startReceiver } from '../helpers/mortal.js'
import { sendOne } from '../helpers/send-one.js'
import { sized } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'

/** What the killed receiver gets. */
const MESSAGES = sized(12_000, 120_000)

/** A receiver that is gone as soon as it has got something. */
function startGone(t: TestContext): Promise<number> {
  const server = net.createServer((socket) => {
    server.close()
    socket.once('data', () => socket.resetAndDestroy())
  })
  return listen(t, server)
}

async function listen(t: TestContext, server: net.Server, port = 0): Promise<number> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as net.AddressInfo).port
}

const unusable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StreamError)
  assert.equal(error.code, 'exporter-unusable')
  assert.match(error.message, pattern)
  return true
}

test('tcp refuses an address that is none, and never shows a login', async () => {
  for (const target of [
    'tcp://',
    'tcp://host',
    'tcp://host:70000',
    'tls://h:1/path',
    'tcp://h:0',
  ]) {
    await assert.rejects(openTcp(target, fakeContext()), unusable(/expected tcp:\/\/HOST:PORT/))
  }
  await assert.rejects(openTcp('tcp://me:hunter2@h:1', fakeContext()), (error: Error) => {
    assert.doesNotMatch(error.message, /hunter2/)
    return true
  })
})

test('tcp waits for a receiver that is not there at the start', async (t) => {
  const port = await closedPort()
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${port}`, context)
  assert.match(context.logged[0]?.message ?? '', /tcp:\/\/127.0.0.1:.*refuses.*messages wait$/)
  for (const n of [1, 2, 3]) await output.write([fakeMessage('a', n)])
  const received: Promise<string>[] = []
  const server = net.createServer((socket) => received.push(text(socket)))
  server.listen(port, '127.0.0.1')
  t.after(() => server.close())
  await until(() => context.counters.delivered === 3)
  await output.close()
  assert.deepEqual(firstArrivals((await received[0])?.trim().split('\n') ?? []).get('a'), [1, 2, 3])
})

test('tcp sends every line in order and waits for the end of the other side', async (t) => {
  const received: Promise<string>[] = []
  const server = net.createServer((socket) => received.push(text(socket)))
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${await listen(t, server)}`, context)
  const messages = Array.from({ length: 1000 }, (_, n) => fakeMessage('a', n))
  for (const message of messages) await output.write([message])
  await output.close()
  assert.equal(
    (await Promise.all(received)).join(''),
    Buffer.concat(messages.map(({ line }) => line)).toString(),
  )
  assert.deepEqual(context.counters, {
    delivered: 1000,
    retried: 0,
    givenUp: 0,
    kept: 0,
    waiting: 0,
  })
  assert.deepEqual(context.logged, [])
})

test('tcp waits for a receiver that does not read, and gives up what is left at the end', async (t) => {
  const server = net.createServer((socket) => socket.pause())
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${await listen(t, server)}`, context)
  let sent = 0
  let room: Promise<void>
  do room = output.write([fakeMessage('a', sent++, { pad: 60_000 })])
  while (!(await isPending(room)))
  context.expire()
  await Promise.all([room, output.close()])
  const { delivered, givenUp, waiting } = context.counters
  assert.equal(waiting, 0)
  assert.equal(delivered + givenUp, sent)
  assert.ok(context.givenUp.length > 0)
  assert.ok(context.givenUp.every(({ error }) => error.code === 'export-failed'))
  assert.deepEqual(
    context.givenUp.map(({ message }) => Number(message.timestamp)),
    Array.from({ length: givenUp }, (_, i) => delivered + i),
  )
})

test('tcp gives up at once what comes after the time for a shutdown is over', async (t) => {
  const context = fakeContext()
  const port = await listen(t, net.createServer())
  const output = await openTcp(`tcp://127.0.0.1:${port}`, context)
  output.write([fakeMessage('a', 1)])
  await until(() => context.counters.delivered > 0)
  context.expire()
  for (const n of [2, 3]) await output.write([fakeMessage('a', n)])
  assert.equal(context.counters.givenUp, 2)
  await output.close()
  assert.deepEqual(context.logged, [], 'no line was on its way')
})

test('tcp says that the last lines may be lost where it gives up early, since it holds others up', async (t) => {
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${await startGone(t)}`, context)
  output.write([fakeMessage('a', 1)])
  await until(() => context.logged.length > 0)
  let last = Promise.resolve()
  for (let n = 2; !(await isPending(last)); n++) {
    last = output.write([fakeMessage('a', n, { pad: 50_000 })])
  }
  context.endHold()
  await last
  await output.close()
  assert.ok(context.counters.givenUp > 0)
  assert.match(context.logged.at(-1)?.message ?? '', /the last \d+ bytes were not sent again/)
})

test('tcp says that the last lines may be lost where the receiver is away at the end', async (t) => {
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${await startGone(t)}`, context)
  output.write([fakeMessage('a', 1)])
  await until(() => context.logged.length > 0)
  context.expire()
  await output.close()
  assert.match(context.logged.at(-1)?.message ?? '', /the last \d+ bytes were not sent again/)
})

test('tcp says nothing of lost lines where its end was orderly, and that of others is not', async (t) => {
  const context = fakeContext()
  const server = net.createServer((socket) => socket.resume())
  const output = await openTcp(`tcp://127.0.0.1:${await listen(t, server)}`, context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  context.expire()
  assert.deepEqual(context.logged, [])
})

test('tcp sends the last lines again on a new connection and logs the trouble once', async (t) => {
  const connections: Promise<string>[] = []
  const server = net.createServer((socket) => {
    connections.push(text(socket).catch(() => ''))
    if (connections.length <= 3) socket.once('data', () => socket.resetAndDestroy())
  })
  const context = fakeContext()
  const port = await listen(t, server)
  const output = await openTcp(`tcp://127.0.0.1:${port}`, context)
  await output.write([fakeMessage('a', 1)])
  await until(() => connections.length >= 4)
  await output.write([fakeMessage('a', 2)])
  await output.close()
  const lines = (await connections[3])?.trim().split('\n') ?? []
  assert.deepEqual(firstArrivals(lines), new Map([['a', [1, 2]]]))
  assert.equal(context.counters.delivered, 2)
  assert.ok(context.counters.retried >= 3)
  assert.equal(context.logged.filter(({ level }) => level === 'warn').length, 1)
  assert.match(context.logged.at(-1)?.message ?? '', /^works again after 3 failures/)
})

test('tcp trusts a tls:// receiver by its certificate alone', async (t) => {
  const { good, caFile } = await certificates()
  const received: Promise<string>[] = []
  const server = tls.createServer(good, (socket) => received.push(text(socket)))
  const target = `tls://127.0.0.1:${await listen(t, server)}`
  const context = fakeContext()
  await (await openTcp(target, context)).close()
  assert.match(context.logged[0]?.message ?? '', /DEPTH_ZERO_SELF_SIGNED_CERT.*messages wait$/)
  assert.equal(received.length, 0)
  const { delivered } = JSON.parse(await sendOne(target, { NODE_EXTRA_CA_CERTS: caFile }))
  assert.equal(delivered, 1)
  assert.equal(await received[0], fakeMessage('a', 1).line.toString())
})

test('tcp does not send the last lines for ever to a receiver that resets at every end', async (t) => {
  let connections = 0
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1
    socket.on('end', () => socket.resetAndDestroy()).resume()
  })
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${await listen(t, server)}`, context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  assert.equal(connections, 3)
  assert.match(context.logged.at(-1)?.message ?? '', /may not have read the last lines/)
})

test('tcp says that the last lines may not be read where the receiver does not close its side', async (t) => {
  const server = net.createServer({ allowHalfOpen: true })
  const ended = new Promise((resolve) => {
    server.on('connection', (socket) => socket.on('end', resolve).resume())
  })
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${await listen(t, server)}`, context)
  await output.write([fakeMessage('a', 1)])
  const closing = output.close()
  await ended
  context.expire()
  await closing
  assert.deepEqual(
    context.logged.map(({ message }) => message),
    ['the receiver did not close its side at the end: it may not have read the last lines'],
  )
})

test('tcp loses no line in order while a receiver that reads promptly is killed ten times', async (t) => {
  const file = join(tempFolder(t), 'lines')
  const port = await closedPort()
  const receiver = await mortal(t, () => startReceiver('tcp-receiver.mjs', port, file))
  const context = fakeContext()
  const output = await openTcp(`tcp://127.0.0.1:${port}`, context)
  const messages = Array.from({ length: MESSAGES }, (_, n) => fakeMessage(`c${n % 4}`, n))
  // A starved machine must not make it a slow one: with more than 1 MiB unread, lines may be lost.
  const arrived = async ({ line }: StreamMessage) => {
    await until(async () => (await readFile(file)).subarray(-line.length).equals(line))
  }
  await exportUnderKills(output, messages, receiver, { paceMs: 5, arrived })
  assert.ok(context.counters.retried > 0)

  const first = firstArrivals(await linesOf(file))
  for (let c = 0; c < 4; c++) {
    const expected = Array.from({ length: MESSAGES / 4 }, (_, i) => i * 4 + c)
    assert.deepEqual(first.get(`c${c}`), expected)
  }
  assert.equal(context.counters.delivered, MESSAGES)
  assert.equal(context.counters.waiting, 0)
})
