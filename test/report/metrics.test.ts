import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Status } from '../../src/connection/status.js'
import { StreamError } from '../../src/errors.js'
import { startMetrics } from '../../src/report/metrics.js'
import type { Snapshot } from '../../src/report/snapshot.js'
import { FakeClock, until } from '../helpers/clock.js'
import { parseExposition } from '../helpers/exposition.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from '../helpers/snapshot.js'

async function start(t: TestContext, snapshot: () => Snapshot) {
  const clock = new FakeClock()
  const server = await startMetrics({
    host: '127.0.0.1',
    port: 0,
    snapshot,
    version: '1.2.3',
    clock,
  })
  t.after(() => server.close())
  return {
    url: server.url,
    clock,
    /** Lets the pages that were made become too old. */
    age: () => clock.advance(1000),
    connections: server.connections,
    close: server.close,
    port: server.port,
  }
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
          unknownFields: 7,
          credentialAge: 86_400,
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
      [
        {
          name: 'json',
          counters: { delivered: 99, retried: 4, givenUp: 3, kept: 2, waiting: 5 },
          state: UP,
        },
      ],
    ),
  )
  for (const expected of [100, 250]) {
    messages = expected
    server.age()
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
      unknownFields: value('aruba_stream_schema_drift_total', at),
      bytes: value('aruba_stream_received_bytes_total', at),
      last: value('aruba_stream_last_message_timestamp_seconds', at),
      reconnects: value('aruba_stream_reconnects_total', at),
      gap: value('aruba_stream_gap_seconds_total', at),
      keyAge: value('aruba_stream_key_age_seconds', at),
      up: value('aruba_stream_up', at),
      exported: value('aruba_stream_exported_total', { exporter: 'json' }),
      retries: value('aruba_stream_export_retries_total', { exporter: 'json' }),
      kept: value('aruba_stream_export_kept_total', { exporter: 'json' }),
      givenUp: value('aruba_stream_export_given_up_total', { exporter: 'json' }),
      waiting: value('aruba_stream_export_waiting', { exporter: 'json' }),
      build: value('aruba_stream_build_info', { version: '1.2.3' }),
      quietMessages: value('aruba_stream_messages_total', quiet),
      quietLast: value('aruba_stream_last_message_timestamp_seconds', quiet),
      info: value('aruba_stream_subscription_info', {
        ...at,
        host: 'central.example',
        service: 'classic',
      }),
      quietKeyAge: value('aruba_stream_key_age_seconds', quiet),
    }
    assert.deepEqual(actual, {
      messages: expected,
      undecodable: 3,
      unknownFields: 7,
      bytes: 12_345,
      last: NOW / 1000 - 0.5,
      reconnects: 2,
      gap: 7.5,
      keyAge: 86_400,
      up: 1,
      exported: 99,
      retries: 4,
      kept: 2,
      givenUp: 3,
      waiting: 5,
      build: 1,
      quietMessages: 0,
      quietLast: undefined,
      info: 1,
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
  server.age()
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
    summary: '2 subscriptions: 1 open, 1 retrying',
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

test('/healthz says a failure once for all that it is about, the most frequent first', async (t) => {
  const cause = new StreamError('unreachable', `cannot reach it: ${'x'.repeat(150)}`)
  const away = { ...PROGRESS, type: 'retrying', since: NOW, attempt: 1, delayMs: 9, cause } as const
  const refused = { ...PROGRESS, type: 'refused', at: NOW, cause: REFUSED } as const
  const entries = [
    entry('open'),
    ...['A', 'B'].map((name) => entry(name, { status: refused })),
    ...Array.from({ length: 80 }, (_, at) => entry(`E${at}`, { status: away })),
  ]
  const { url } = await start(t, () => snapshotOf(entries))
  const text = await (await fetch(`${url}/healthz?min_open=90%`)).text()
  assert.equal(text.split(cause.message).length, 2)
  const { reasons } = JSON.parse(text)
  const at = { topic: 'monitoring', state: 'retrying', code: 'unreachable' }
  assert.deepEqual(reasons.slice(0, 2), [
    {
      customer: 'A',
      ...at,
      state: 'refused',
      code: 'topic-unsubscribed',
      message: REFUSED.message,
      subscriptions: 2,
    },
    { customer: 'B', ...at, state: 'refused', code: 'topic-unsubscribed' },
  ])
  assert.deepEqual(reasons.slice(2, 4), [
    { customer: 'E0', ...at, message: cause.message, subscriptions: 80 },
    { customer: 'E1', ...at },
  ])
  assert.equal(reasons.length, 82)
})

/** What each page for probes answers. */
async function probes(t: TestContext, snapshot: Snapshot) {
  const { url } = await start(t, () => snapshot)
  const codes: Record<string, number> = {}
  for (const page of ['livez', 'readyz', 'healthz', 'healthz?min_open=90%']) {
    codes[page] = (await fetch(`${url}/${page}`)).status
  }
  const ready = (await (await fetch(`${url}/readyz`)).json()) as { reasons: unknown[] }
  return { codes, ready }
}

test('each page for probes says what it is for', async (t) => {
  const refused = { ...PROGRESS, type: 'refused', at: NOW, cause: REFUSED } as const
  const cause = new StreamError('unreachable', 'it refuses connections')
  const away = { ...PROGRESS, type: 'retrying', since: NOW, attempt: 1, delayMs: 9, cause } as const
  const some = (count: number, status: Status) =>
    Array.from({ length: 240 }, (_, at) => entry(`E${at}`, at < count ? { status } : {}))
  const counters = { delivered: 0, retried: 9, givenUp: 0, kept: 0, waiting: 1 }
  const state = { up: false, since: NOW, lastError: new StreamError('timed-out', 'no answer') }
  const says = (live: number, ready: number, health: number, most: number) => ({
    livez: live,
    readyz: ready,
    healthz: health,
    'healthz?min_open=90%': most,
  })
  const one = await probes(t, snapshotOf(some(6, refused)))
  assert.deepEqual(one.codes, says(200, 200, 503, 200))
  const cluster = await probes(t, snapshotOf(some(80, away)))
  assert.deepEqual(cluster.codes, says(200, 200, 200, 503))
  const all = await probes(t, snapshotOf(some(240, away)))
  assert.deepEqual(all.codes, says(200, 503, 503, 503))
  assert.equal(all.ready.reasons.length, 240)
  const output = await probes(
    t,
    snapshotOf(some(0, away), [{ name: 'nats://h/x', counters, state }]),
  )
  assert.deepEqual(output.codes, says(200, 503, 200, 200))
  assert.deepEqual(output.ready, {
    ok: false,
    summary: '240 subscriptions: 240 open',
    reasons: [
      {
        output: 'nats://h/x',
        since: '2026-01-02T03:04:05.000Z',
        code: 'timed-out',
        message: 'no answer',
      },
    ],
  })
})

test('the threshold of /healthz is per cent, and anything else is refused', async (t) => {
  const status = { ...PROGRESS, type: 'connecting', attempt: 1 } as const
  const entries = [entry('A'), entry('B'), entry('C', { status })]
  const { url } = await start(t, () => snapshotOf(entries))
  const code = async (threshold: string) =>
    (await fetch(`${url}/healthz?min_open=${threshold}`)).status
  assert.deepEqual(
    [await code('66%'), await code('66%25'), await code('66'), await code('67%'), await code('0')],
    [200, 200, 200, 503, 200],
  )
  for (const wrong of ['101', '', 'x', '-1', '1.5']) assert.equal(await code(wrong), 400, wrong)
})

test('/healthz is 503 while no entry is open', async (t) => {
  const status = { ...PROGRESS, type: 'connecting', attempt: 1 } as const
  let entries = [entry('A', { status })]
  const server = await start(t, () => snapshotOf(entries))
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 503)
  assert.equal(JSON.parse(await response.text()).reasons[0].state, 'connecting')
  entries = []
  server.age()
  assert.equal((await fetch(`${server.url}/healthz`)).status, 503)
})

test('/healthz notes a silence that is not normal, and stays 200', async (t) => {
  const status = { ...OPEN, openMs: 16 * 60_000 }
  const server = await start(t, () => snapshotOf([entry('A', { status })]))
  const response = await fetch(`${server.url}/healthz`)
  assert.equal(response.status, 200)
  assert.equal(JSON.parse(await response.text()).notes[0].silent_seconds, 960)
})

test('an output that the streams wait for is a note of /healthz, and a metric', async (t) => {
  const name = 'nats://h/x'
  const counters = { delivered: 0, retried: 9, givenUp: 0, kept: 0, waiting: 1 }
  const outputs = [
    { name, counters, state: UP },
    { name: 'json', counters, state: UP },
  ]
  const holds = [
    { name, heldMs: 61_500 },
    { name: './save.mjs', heldMs: 10_000, ofEntry: true },
    { name: 'json', heldMs: 9_000 },
    { name: '--record r.ndjson', heldMs: 0 },
  ]
  const { url } = await start(t, () => snapshotOf([entry('A')], outputs, { holds }))
  for (const path of ['healthz', 'healthz?min_open=90%']) {
    const response = await fetch(`${url}/${path}`)
    assert.equal(response.status, 200)
    assert.deepEqual(JSON.parse(await response.text()).notes, [
      {
        output: name,
        held_seconds: 61,
        code: 'streams-wait',
        message: 'the streams wait for it, and the other outputs get nothing either',
      },
      {
        output: './save.mjs',
        held_seconds: 10,
        code: 'streams-wait',
        message: 'an entry waits for it, and the other outputs get no more of that entry either',
      },
    ])
  }
  const text = await (await fetch(`${url}/metrics`)).text()
  assert.deepEqual(text.match(/^aruba_stream_export_holds_streams\{.*$/gm), [
    'aruba_stream_export_holds_streams{exporter="nats://h/x"} 1',
    'aruba_stream_export_holds_streams{exporter="json"} 0',
    'aruba_stream_export_holds_streams{exporter="./save.mjs"} 1',
  ])
})

test('other paths are 404, other methods 405, and HEAD has no body', async (t) => {
  const { url } = await start(t, () => snapshotOf([entry('A')]))
  assert.equal((await fetch(`${url}/status`)).status, 404)
  assert.equal((await fetch(`${url}/metrics/x`)).status, 404)
  assert.equal((await fetch(`${url}/healthz?verbose=1`)).status, 200)
  const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
  assert.equal(posted.status, 405)
  assert.equal(posted.headers.get('allow'), 'GET, HEAD')
  const head = await fetch(`${url}/healthz`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(await head.text(), '')
})

test('closing cuts a connection that has asked for nothing yet', async (t) => {
  const socket = new Socket()
  t.after(() => socket.destroy())
  const { clock, connections, close, port } = await start(t, () => snapshotOf([]))
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  await until(() => connections() === 1)
  const closing = close()
  assert.equal(connections(), 0)
  await Promise.all([closing, once(socket, 'close')])
  assert.equal(clock.timers, 0)
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

/** A server that counts what it renders, and clients on plain sockets. */
async function underAttack(t: TestContext, entries = [entry('A')]) {
  let renders = 0
  const server = await start(t, () => {
    renders += 1
    return snapshotOf(entries)
  })
  return {
    ...server,
    renders: () => renders,
    /** Connects and sends, once the server has the connection. */
    async client(text = '') {
      const before = server.connections()
      const socket = connect(server.port, '127.0.0.1')
      t.after(() => socket.destroy())
      socket.on('error', () => {})
      await once(socket, 'connect')
      await until(() => server.connections() > before)
      socket.write(text)
      return socket
    },
    /** What comes for the only client until the connection ends, in whatever way, on both sides. */
    async received(socket: Socket): Promise<string> {
      const chunks: Buffer[] = []
      socket.on('data', (chunk) => chunks.push(chunk))
      await until(() => socket.closed && server.connections() === 0)
      return Buffer.concat(chunks).toString()
    },
  }
}

const answersIn = (text: string) => text.match(/^HTTP\/1\.1 /gm)?.length ?? 0

for (const path of ['/metrics', '/healthz', '/nothing']) {
  test(`3,000 pipelined requests for ${path} get one answer, rendered once at most`, async (t) => {
    const { client, received, renders } = await underAttack(t)
    const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    const flood = await client(request.repeat(3000))
    assert.ok(answersIn(await received(flood)) <= 1)
    assert.ok(renders() <= 1, `${renders()} renders`)
    const answer = await received(await client(request))
    assert.equal(answersIn(answer), 1)
    assert.match(answer, /^Connection: close\r$/m)
  })
}

test('a page is rendered once for all who ask within a second, and then anew', async (t) => {
  const { url, clock, renders } = await underAttack(t)
  const askMany = () =>
    Promise.all(Array.from({ length: 50 }, () => fetch(`${url}/metrics`).then((r) => r.text())))
  const texts = await askMany()
  assert.equal(renders(), 1)
  assert.equal(new Set(texts).size, 1)
  clock.advance(999)
  await askMany()
  assert.equal(renders(), 1)
  clock.advance(1)
  await askMany()
  assert.equal(renders(), 2)
  await fetch(`${url}/healthz`)
  await fetch(`${url}/healthz`)
  assert.equal(renders(), 3, 'each page has its own')
})

test('a hundred idle connections do not keep a scraper out: the oldest of them is closed', async (t) => {
  const { client, connections, url } = await underAttack(t)
  const idle: Socket[] = []
  for (let count = 0; count < 100; count += 1) idle.push(await client('GET /met'))
  const [oldest] = idle
  assert.equal(connections(), 100)
  for (let scrape = 0; scrape < 3; scrape += 1) {
    assert.equal((await fetch(`${url}/metrics`)).status, 200)
    assert.ok(connections() <= 100)
  }
  await until(() => oldest?.closed === true)
  const closed = idle.filter(({ closed }) => closed).length
  assert.ok(closed <= 3, `${closed} were closed`)
})

test('a client that neither asks nor reads is cut after ten seconds, and leaves nothing behind', async (t) => {
  const many = Array.from({ length: 5000 }, (_, at) => entry(`a rather long name of entry ${at}`))
  const { client, clock, connections, renders } = await underAttack(t, many)
  await client()
  await client('GET /metrics HTTP/1.1\r\nHost: x\r\n')
  const slow: Socket[] = []
  for (let count = 0; count < 20; count += 1) {
    const socket = await client('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    socket.pause()
    slow.push(socket)
  }
  await until(() => renders() === 1)
  clock.advance(9999)
  assert.equal(connections(), 22)
  clock.advance(1)
  assert.equal(connections(), 0)
  assert.equal(clock.timers, 0)
  assert.equal(renders(), 1, 'all of them waited for the same text')
})

test('a client that ends its side after the request gets the answer', async (t) => {
  const { client, received } = await underAttack(t)
  const socket = await client()
  socket.end('GET /healthz HTTP/1.0\r\n\r\n')
  assert.match(await received(socket), /^HTTP\/1\.1 200 OK\r\n/)
})

test('what is no request is answered with 400, and a client that goes on sending is cut', async (t) => {
  const { client, received, renders, connections } = await underAttack(t)
  const cases = [
    'SSH-2.0-OpenSSH_9.6\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n',
    `GET /metrics HTTP/1.1\r\nCookie: ${'x'.repeat(9000)}`,
  ]
  for (const text of cases) {
    const answer = await received(await client(text))
    assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  }
  // It does not read, so it does not end by itself where an answer comes.
  const endless = await client('GET /healthz HTTP/1.1\r\n\r\n')
  endless.write(Buffer.alloc(100_000))
  await until(() => connections() === 0)
  assert.ok(renders() <= 1)
})

test('an address that cannot be listened on is an error that says what to do', async () => {
  const snapshot = () => snapshotOf([])
  const hosts = ['203.0.113.1', 'fe80::1', 'no-such-host.invalid']
  for (const host of hosts) {
    await assert.rejects(startMetrics({ host, port: 0, snapshot, version: '1' }), (error) => {
      assert.ok(error instanceof StreamError)
      assert.equal(error.exitCode, 2)
      assert.match(error.message, /^--metrics: cannot listen on http:.*: (this machine|DNS) /)
      assert.doesNotMatch(error.message, /\bE[A-Z]{3,}/)
      return true
    })
  }
})
