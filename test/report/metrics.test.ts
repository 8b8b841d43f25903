import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { startMetrics } from '../../src/report/metrics.js'
import type { Snapshot } from '../../src/report/snapshot.js'
import { parseExposition } from '../helpers/exposition.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf } from '../helpers/snapshot.js'

async function start(t: TestContext, snapshot: () => Snapshot) {
  const server = await startMetrics({
    host: '127.0.0.1',
    port: 0,
    snapshot,
    version: '1.2.3',
  })
  t.after(() => server.close())
  return server
}

const REFUSED = new StreamError('topic-unsubscribed', 'tick the topic\n\u001b[2J')

test('/metrics gives what the snapshot holds, and stands up to a strict parser', async (t) => {
  let messages = 100
  const server = await start(t, () =>
    snapshotOf(
      [
        entry('CustomerA_monitoring', {
          messages,
          undecodable: 3,
          drifts: 7,
          keyAge: 86_400,
          status: {
            ...OPEN,
            bytes: 12_345,
            lastFrameAt: NOW - 500,
            reconnects: 2,
            gapMs: 7500,
          },
        }),
        entry('quiet', { topic: 'audit' }),
      ],
      [{ name: 'json', counters: { delivered: 99, retried: 4, givenUp: 3, kept: 2, waiting: 5 } }],
    ),
  )
  for (const expected of [100, 250]) {
    messages = expected
    const response = await fetch(`${server.url}/metrics`)
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const families = parseExposition(await response.text())
    const value = (name: string, labels: Record<string, string>) =>
      families
        .get(name)
        ?.samples.find((sample) =>
          Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
        )?.value
    const at = { customer: 'CustomerA_monitoring', topic: 'monitoring' }
    const quiet = { customer: 'quiet', topic: 'audit' }
    const actual = {
      messages: value('aruba_stream_messages_total', at),
      undecodable: value('aruba_stream_undecodable_total', at),
      drifts: value('aruba_stream_schema_drift_total', at),
      bytes: value('aruba_stream_received_bytes_total', at),
      last: value('aruba_stream_last_message_timestamp_seconds', at),
      reconnects: value('aruba_stream_reconnects_total', at),
      gap: value('aruba_stream_gap_seconds_total', at),
      keyAge: value('aruba_stream_key_age_seconds', at),
      up: value('aruba_stream_up', at),
      exported: value('aruba_stream_exported_total', { exporter: 'json' }),
      retries: value('aruba_stream_export_retries_total', { exporter: 'json' }),
      givenUp: value('aruba_stream_export_given_up_total', { exporter: 'json' }),
      waiting: value('aruba_stream_export_waiting', { exporter: 'json' }),
      build: value('aruba_stream_build_info', { version: '1.2.3' }),
      quietMessages: value('aruba_stream_messages_total', quiet),
      quietLast: value('aruba_stream_last_message_timestamp_seconds', quiet),
      quietKeyAge: value('aruba_stream_key_age_seconds', quiet),
    }
    assert.deepEqual(actual, {
      messages: expected,
      undecodable: 3,
      drifts: 7,
      bytes: 12_345,
      last: NOW / 1000 - 0.5,
      reconnects: 2,
      gap: 7.5,
      keyAge: 86_400,
      up: 1,
      exported: 99,
      retries: 4,
      givenUp: 3,
      waiting: 5,
      build: 1,
      quietMessages: 0,
      quietLast: undefined,
      quietKeyAge: undefined,
    })
  }
})

test('names of entries cannot forge series, and an entry that was removed leaves none', async (t) => {
  const hostile = 'A"} 1\naruba_stream_messages_total{customer="forged'
  let entries = [entry(hostile), entry('B\\')]
  const server = await start(t, () => snapshotOf(entries))
  const scrape = async () =>
    parseExposition(await (await fetch(`${server.url}/metrics`)).text())
      .get('aruba_stream_messages_total')
      ?.samples.map((sample) => sample.labels.customer)
  assert.deepEqual(await scrape(), [hostile, 'B\\'])
  entries = entries.slice(1)
  assert.deepEqual(await scrape(), ['B\\'])
})

test('the help and type of process metrics are there too', async (t) => {
  const server = await start(t, () => snapshotOf([]))
  const families = parseExposition(await (await fetch(`${server.url}/metrics`)).text())
  assert.ok(families.has('process_resident_memory_bytes'))
  assert.ok(families.has('process_cpu_seconds_total'))
})

test('/healthz is 200 while an entry is open and none is refused, and notes what is not open', async (t) => {
  const lost = new StreamError('connection-lost', 'gone')
  const retrying = {
    ...PROGRESS,
    type: 'retrying',
    since: NOW,
    attempt: 1,
    delayMs: 1000,
    cause: lost,
  } as const
  const server = await start(t, () => snapshotOf([entry('A'), entry('B', { status: retrying })]))
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), {
    ok: true,
    summary: '2 entries: 1 open, 1 retrying',
    reasons: [],
    notes: [
      {
        customer: 'B',
        topic: 'monitoring',
        state: 'retrying',
        code: 'connection-lost',
        message: 'gone',
      },
    ],
  })
})

test('/healthz is 503 with the reason when an entry is refused', async (t) => {
  const status = { ...PROGRESS, type: 'refused', at: NOW, cause: REFUSED } as const
  const server = await start(t, () => snapshotOf([entry('A'), entry('B', { status })]))
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 503)
  const text = await response.text()
  assert.equal(text.indexOf('\n'), text.length - 1)
  assert.ok(!text.includes('\u001b'))
  const { ok, reasons } = JSON.parse(text)
  assert.equal(ok, false)
  assert.deepEqual(reasons, [
    {
      customer: 'B',
      topic: 'monitoring',
      state: 'refused',
      code: 'topic-unsubscribed',
      message: 'tick the topic\n\u001b[2J',
    },
  ])
})

test('/healthz is 503 while no entry is open', async (t) => {
  const status = { ...PROGRESS, type: 'connecting', attempt: 1 } as const
  let entries = [entry('A', { status })]
  const server = await start(t, () => snapshotOf(entries))
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 503)
  assert.equal(JSON.parse(await response.text()).reasons[0].state, 'connecting')
  entries = []
  assert.equal((await fetch(`${server.url}/healthz`)).status, 503)
})

test('/healthz notes a silence that is not normal, and stays 200', async (t) => {
  const server = await start(t, () =>
    snapshotOf([entry('A', { status: { ...OPEN, openMs: 16 * 60_000 } })]),
  )
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 200)
  assert.equal(JSON.parse(await response.text()).notes[0].silent_seconds, 960)
})

test('other paths are 404, other methods 405, and HEAD has no body', async (t) => {
  const { url } = await start(t, () => snapshotOf([entry('A')]))
  assert.equal((await fetch(`${url}/`)).status, 404)
  assert.equal((await fetch(`${url}/metrics/x`)).status, 404)
  assert.equal((await fetch(`${url}/healthz?verbose=1`)).status, 200)
  const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
  assert.equal(posted.status, 405)
  assert.equal(posted.headers.get('allow'), 'GET, HEAD')
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(await head.text(), '')
})

test('closing cuts a connection that is kept alive', async () => {
  const snapshot = () => snapshotOf([])
  const server = await startMetrics({ host: '127.0.0.1', port: 0, snapshot, version: '1' })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n')
  await once(socket, 'data')
  const [, closed] = await Promise.all([server.close(), once(socket, 'close')])
  assert.ok(closed)
})

test('a port that is taken is an error with exit code 2 that says so', async (t) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  t.after(() => other.close())
  const address = other.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const snapshot = () => snapshotOf([])
  await assert.rejects(
    startMetrics({ host: '127.0.0.1', port, snapshot, version: '1' }),
    (error) =>
      error instanceof StreamError &&
      error.exitCode === 2 &&
      error.message.includes(`http://127.0.0.1:${port}: another program has that port`),
  )
})

test('it listens on IPv6 and shows the address in brackets', async (t) => {
  const snapshot = () => snapshotOf([entry('A')])
  const server = await startMetrics({ host: '::1', port: 0, snapshot, version: '1' }).catch(
    (error: StreamError) => error,
  )
  if (server instanceof StreamError) return t.skip('this machine has no IPv6')
  t.after(() => server.close())
  assert.match(server.url, /^http:\/\/\[::1\]:\d+$/)
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
})
