import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { openJson } from '../../src/outputs/json.js'
import { openOutput } from '../../src/outputs/open-output.js'
import { openPrinter } from '../../src/outputs/stdout.js'
import type { StreamMessage } from '../../src/service.js'
import { until } from '../helpers/clock.js'
import { fakeContext, fakeMessage, isPending } from '../helpers/export-fakes.js'
import { listen } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'

function presence(rssi: readonly object[]): StreamMessage {
  const record = {
    ...{ customer: 'A', topic: 'presence', timestamp: '1', customer_id: 'c', msp_ip: '' },
    data: { pa_rssi_event: { rssi: rssi as object[] as { rssi_val: number }[] } },
  }
  return { ...fakeMessage('A', 0, { topic: 'presence' }), record }
}

/** A list of a million elements, and how many of them were looked at. */
function endless(): { list: object[]; made: () => number } {
  let made = 0
  const list = new Proxy(new Array<object>(1_000_000).fill({}), {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) made++
      return Reflect.get(target, name)
    },
  })
  return { list, made: () => made }
}

test('an output of rows counts each message once, however many rows it has', async (t) => {
  const path = join(tempFolder(t), 'rows.ndjson')
  const context = fakeContext()
  const output = await openJson(`${path}?rows`, context)
  const many = Array.from({ length: 2000 }, (_, n) => ({ rssi_val: -n }))
  await output.write([presence(many), presence([])])
  await output.close()
  assert.deepEqual(context.counters, { delivered: 2, retried: 0, givenUp: 0, kept: 0, waiting: 0 })
  const rows = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const own = { table: 'presence' }
  const element = { table: 'presence.pa_rssi_event.rssi' }
  assert.deepEqual(
    rows.map(({ table }) => ({ table })),
    [own, ...many.map(() => element), own],
  )
  assert.equal(rows[2000]['data.pa_rssi_event.rssi.rssi_val'], -1999)
})

test('an output of rows makes no more of a message than its sink takes, and gives it up once', async () => {
  const context = fakeContext()
  const output = await openJson('/dev/full?rows', context)
  const { list, made } = endless()
  const writing = output.write([presence(list)])
  await until(() => context.counters.retried > 0)
  assert.equal(await isPending(writing), true)
  const before = made()
  assert.ok(before < 200_000, `${before} rows were made while the disk was full`)
  context.cut()
  await Promise.all([writing, output.close()])
  assert.ok(made() < before + 200_000, 'the rest of the rows is not made')
  assert.equal(context.givenUp.length, 1)
  assert.deepEqual(context.counters.delivered + context.counters.waiting, 0)
})

test('rows on a terminal hold nothing that a terminal obeys', async () => {
  const stream = new PassThrough()
  const context = fakeContext()
  const options = { stream, terminal: true, colour: true, onReaderGone: () => {} }
  const output = await openPrinter('rows', options, context)
  await output.write([presence([{ device_id: 'a\u009b31m\u202eb' }])])
  await output.close()
  const text = String(stream.read())
  assert.match(text, /a\\u009b31m\\u202eb/)
  assert.equal(text.split('\n').length, 3)
})

test('tcp and http send rows where their option asks for them', async (t) => {
  const bodies: Buffer[] = []
  const web = createHttpServer(async (request, response) => {
    for await (const chunk of request) bodies.push(chunk)
    response.end()
  })
  const lines: Buffer[] = []
  const server = createTcpServer((socket) => {
    socket.on('data', (chunk) => lines.push(chunk)).on('end', () => socket.end())
  })
  const rows = '{"table":"presence",'
  for (const type of [
    `tcp://127.0.0.1:${await listen(t, server)}?rows`,
    `http://127.0.0.1:${await listen(t, web)}/#rows`,
  ]) {
    const context = fakeContext()
    const output = await openOutput(type, context)
    await output.write([presence([])])
    await output.close()
    assert.equal(context.counters.delivered, 1)
  }
  assert.ok(Buffer.concat(lines).toString().startsWith(rows))
  assert.ok(gunzipSync(Buffer.concat(bodies)).toString().startsWith(rows))
})
