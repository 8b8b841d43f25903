import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import http from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { openModule } from '../../src/outputs/module.js'
import type { StreamMessage } from '../../src/service.js'
import { closedPort } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'
import { killChild } from '../helpers/mortal.js'
import { needs, SYSTEM_ENV } from '../helpers/needs.js'
import { ROOT } from '../helpers/settings.js'
import { listen } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'

const example = (name: string) => join(ROOT, 'examples', name)
const noSqlite = await import('node:sqlite' as string).then(
  () => false as const,
  () => 'skipped: this Node has no node:sqlite (Node 22.13 and newer have it)',
)

test('the example for SQLite stores each record', { skip: noSqlite }, async (t) => {
  const file = join(tempFolder(t), 'records.db')
  const context = fakeContext()
  const type = `${example('sqlite.mjs')}?file=${encodeURIComponent(file)}`
  const output = await openModule(type, context)
  for (let n = 0; n < 2500; n++) await output.write([fakeMessage(`c${n % 2}`, n)])
  await output.close()
  assert.equal(context.counters.delivered, 2500)
  const { DatabaseSync } = await import('node:sqlite' as string)
  const db = new DatabaseSync(file)
  t.after(() => db.close())
  const rows = db.prepare('select timestamp, record from records order by rowid').all()
  assert.deepEqual(
    rows.map(({ timestamp }: { timestamp: string }) => Number(timestamp)),
    Array.from({ length: 2500 }, (_, n) => n),
  )
  assert.equal(JSON.parse(rows[7].record).data.n, 7)
})

function signalOf(n: number): StreamMessage {
  const message = fakeMessage('Customer, A', n)
  const stat = {
    device_id: 'AP 1',
    macaddr: { addr: 'aa:bb:cc:dd:ee:ff' },
    signal_in_db: -n,
    speed: 9,
  }
  const record = { ...message.record, timestamp: String(1_700_000_000_000_000_000 + n * 1000) }
  const monitoring = { topic: 'monitoring', data: { client_stats: [stat] } }
  return { ...message, record: { ...record, ...monitoring } } as StreamMessage
}

/** An event of New Central, whose `client_stats` is one object. */
function clientEvent(n: number): StreamMessage {
  const message = fakeMessage('A', n)
  const event = { topic: 'clients-events', data: { client_stats: { name: 'x' } } }
  return { ...message, record: { ...message.record, ...event } } as unknown as StreamMessage
}

test('the example for HTTP posts lists of records, again where the server is busy', async (t) => {
  const got: string[] = []
  const server = http.createServer(async (request, response) => {
    got.push(await text(request))
    response.writeHead(got.length === 1 ? 503 : 200).end()
  })
  const port = await listen(t, server)
  const context = fakeContext()
  const type = `${example('post.mjs')}?url=http://127.0.0.1:${port}/in`
  const output = await openModule(type, context)
  const messages = [fakeMessage('A', 1), fakeMessage('B', 2)]
  await output.write(messages)
  await output.close()
  assert.equal(context.counters.delivered, 2)
  const expected = JSON.stringify(messages.map(({ record }) => record))
  assert.deepEqual(got, [expected, expected])
})

test('the example for HTTP does not start without a URL, and says why it tries again', async () => {
  for (const type of ['post.mjs', 'post.mjs?uri=http://127.0.0.1/']) {
    await assert.rejects(openModule(example(type), fakeContext()), {
      code: 'exporter-unusable',
      message: /its open\(\) failed: expected a URL, as in \.\/post\.mjs\?url=/,
    })
  }
  const context = fakeContext()
  const port = await closedPort()
  const type = `${example('post.mjs')}?url=http://127.0.0.1:${port}/in`
  const output = await openModule(type, context)
  await output.write([fakeMessage('A', 1)])
  await until(() => context.counters.retried > 0)
  assert.match(context.logged[0]?.message ?? '', /ECONNREFUSED/)
  context.expire()
  await output.close()
})

test('the example for InfluxDB writes line protocol, and waits for a server that is away', async (t) => {
  const port = await closedPort()
  const context = fakeContext()
  const type = `${example('influxdb.mjs')}?url=http://127.0.0.1:${port}&db=net`
  const output = await openModule(type, context)
  await output.write([signalOf(1), fakeMessage('A', 2), clientEvent(3)])
  await until(() => context.counters.retried > 0)
  const got: string[] = []
  const server = http.createServer(async (request, response) => {
    got.push(request.url ?? '', await text(request))
    response.writeHead(204).end()
  })
  server.listen(port, '127.0.0.1')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await until(() => context.counters.waiting === 0)
  await output.close()
  assert.deepEqual(got, [
    '/write?db=net&precision=ns',
    'client,customer=Customer\\,\\ A,ap=AP\\ 1,mac=aa:bb:cc:dd:ee:ff signal_db=-1i,speed=9i 1700000000000001000',
  ])
  assert.equal(context.counters.delivered, 3)
})

async function startInflux(t: TestContext): Promise<string> {
  let child: ChildProcess | undefined
  // Before its folder is removed.
  t.after(() => killChild(child))
  const folder = tempFolder(t)
  const [port, rpc] = [await closedPort(), await closedPort()]
  child = spawn('influxd', ['run'], {
    stdio: 'ignore',
    env: {
      ...SYSTEM_ENV,
      HOME: folder,
      INFLUXDB_BIND_ADDRESS: `127.0.0.1:${rpc}`,
      INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${port}`,
      INFLUXDB_META_DIR: join(folder, 'meta'),
      INFLUXDB_DATA_DIR: join(folder, 'data'),
      INFLUXDB_DATA_WAL_DIR: join(folder, 'wal'),
      INFLUXDB_REPORTING_DISABLED: 'true',
    },
  })
  const url = `http://127.0.0.1:${port}`
  await until(() =>
    fetch(`${url}/ping`).then(
      ({ status }) => status === 204,
      () => false,
    ),
  )
  return url
}

test('InfluxDB takes what its example sends', needs('influxd'), async (t) => {
  const url = await startInflux(t)
  const query = async (q: string) =>
    (
      await fetch(`${url}/query?db=net`, { method: 'POST', body: new URLSearchParams({ q }) })
    ).json()
  await query('create database net')
  const context = fakeContext()
  const output = await openModule(`${example('influxdb.mjs')}?url=${url}&db=net`, context)
  for (let n = 0; n < 500; n++) await output.write([signalOf(n)])
  await output.close()
  assert.equal(context.counters.delivered, 500)
  const answer = JSON.stringify(await query('select count(signal_db), min(signal_db) from client'))
  assert.match(answer, /500,-499\]/)
})
