import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { type TestContext, test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { loggerTo, RecentLog } from '../../src/log.js'
import { startMetrics } from '../../src/report/metrics.js'
import type { EntrySnapshot, Snapshot } from '../../src/report/snapshot.js'
import { FakeClock } from '../helpers/clock.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from '../helpers/snapshot.js'

const FILES = ['/', '/style.css', '/script.js', '/status.json']

async function start(t: TestContext, snapshot: () => Snapshot, recent = new RecentLog()) {
  const clock = new FakeClock(NOW)
  const server = await startMetrics({
    ...{ host: '127.0.0.1', port: 0, version: '1.2.3' },
    ...{ snapshot, clock, events: () => recent.events },
  })
  t.after(() => server.close())
  /** What comes for a request with these headers. */
  const ask = async (path: string, headers: readonly string[], method = 'GET') => {
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`${[`${method} ${path} HTTP/1.1`, ...headers].join('\r\n')}\r\n\r\n`)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    await once(socket, 'close')
    return Buffer.concat(chunks).toString()
  }
  const status = async () => JSON.parse(await (await fetch(`${server.url}/status.json`)).text())
  return { ...server, clock, ask, status }
}

const CAUSE = new StreamError('unreachable', 'it refuses connections')
const AWAY = {
  ...PROGRESS,
  type: 'retrying',
  since: NOW,
  attempt: 1,
  delayMs: 9,
  cause: CAUSE,
} as const
const COUNTERS = { delivered: 1_000, retried: 3, givenUp: 2, kept: 1, waiting: 7 }

test('the page tells totals, trouble, outputs, clusters and subscriptions, those in trouble first', async (t) => {
  const open = { ...OPEN, bytes: 5_000, frameAgeMs: 3_000, reconnects: 2, gapMs: 61_000 }
  const down = {
    up: false,
    since: NOW - 90_000,
    lastError: new StreamError('timed-out', 'silence'),
  }
  const { status } = await start(t, () =>
    snapshotOf(
      [
        entry('A', { status: open, messages: 1234, credentialAge: 7200 }),
        entry('B', { status: AWAY, host: 'eu.example', topic: 'audit' }),
      ],
      [
        { name: 'json', counters: COUNTERS, state: UP },
        { name: 'nats://h/x', counters: COUNTERS, state: down },
      ],
      { upMs: 3_600_000, deadLetterFile: 'd.ndjson' },
    ),
  )
  const { machine, ...shown } = await status()
  assert.equal(machine, hostname())
  assert.deepEqual(shown, {
    version: '1.2.3',
    state: 'refused',
    headline: 'eu.example is away, 1 of 2 subscriptions in trouble, 1 of 2 outputs not up',
    summary: '2 subscriptions: 1 open, 1 retrying',
    note: '',
    totals: [
      ['Messages/s', '0'],
      ['Messages', '1,234'],
      ['Received', '5.0 kB'],
      ['Undecodable', '0'],
      ['Up', '1 h'],
    ],
    history: { seconds: 10, rates: [] },
    reasons: [
      { state: 'refused', what: 'output not up · nats://h/x', why: 'silence', names: '' },
      {
        ...{ state: 'refused', what: '1 retrying: unreachable · eu.example' },
        ...{ why: 'it refuses connections', names: 'B' },
      },
    ],
    outputs: [
      {
        state: 'open',
        cells: ['json', 'up', '1,000', '7', '3', '2', '1 lost, 1 kept in d.ndjson'],
      },
      {
        state: 'refused',
        cells: [
          ...['nats://h/x', 'not up for 1 min', '1,000', '7', '3', '2'],
          '1 lost, 1 kept in d.ndjson',
        ],
        why: 'silence',
      },
    ],
    clusters: [
      { state: 'refused', cells: ['eu.example', '0 of 1', '1', '0', '0', ''] },
      { state: 'open', cells: ['central.example', '1 of 1', '0', '0', '1,234', '3 s ago'] },
    ],
    subscriptions: [
      {
        state: 'retrying',
        cells: ['B', 'audit', 'retrying: unreachable', '0', '0', '', '', '', 'eu.example'],
        why: 'it refuses connections',
      },
      {
        state: 'open',
        cells: [
          ...['A', 'monitoring', 'open', '0', '1,234', '3 s ago', '1 min in 2', '2 h old'],
          'central.example',
        ],
      },
    ],
    log: [],
  })
})

test('the headline says what is wrong, or that nothing is', async (t) => {
  const connecting = { ...PROGRESS, type: 'connecting', attempt: 1 } as const
  const refused = { ...PROGRESS, type: 'refused', at: NOW, cause: CAUSE } as const
  let snapshot = snapshotOf([])
  const { status, clock } = await start(t, () => snapshot)
  const cases = [
    [[entry('A'), entry('B')], 'open', 'All subscriptions are open'],
    [[entry('A'), entry('B', { status: connecting })], 'connecting', '1 of 2 subscriptions open'],
    [[entry('A'), entry('B', { status: AWAY })], 'retrying', '1 of 2 subscriptions in trouble'],
    [[entry('B', { status: AWAY })], 'refused', '1 of 1 subscriptions in trouble'],
    [[entry('A'), entry('B', { status: refused })], 'refused', '1 of 2 subscriptions in trouble'],
  ] as const
  for (const [entries, state, headline] of cases) {
    snapshot = snapshotOf(entries)
    const shown = await status()
    assert.deepEqual([shown.state, shown.headline], [state, headline])
    clock.advance(1000)
  }
})

test('a cluster that is away is first, red, and in the headline', async (t) => {
  const refused = { ...PROGRESS, type: 'refused', at: NOW, cause: CAUSE } as const
  const some = (host: string, count: number, over: Partial<EntrySnapshot> = {}) =>
    Array.from({ length: count }, (_, at) => entry(`${host}${at}`, { host, ...over }))
  const { status } = await start(t, () =>
    snapshotOf([
      ...some('eu.example', 5),
      ...some('eu.example', 2, { status: refused }),
      ...some('us.example', 5),
      ...some('us.example', 3, { status: AWAY }),
      ...some('ap.example', 4, { status: AWAY }),
      ...some('ap.example', 1, { status: refused }),
    ]),
  )
  const { state, headline, reasons, clusters } = await status()
  assert.deepEqual(
    [state, headline],
    ['refused', 'ap.example is away, 10 of 20 subscriptions in trouble'],
  )
  const whats = reasons.map((each: { state: string; what: string }) => [each.state, each.what])
  assert.deepEqual(whats, [
    ['refused', '4 retrying: unreachable · ap.example'],
    ['retrying', '3 retrying: unreachable · us.example'],
    ['refused', '2 refused: unreachable · eu.example'],
    ['refused', '1 refused: unreachable · ap.example'],
  ])
  const rows = clusters.map((each: { state: string; cells: string[] }) => [
    each.state,
    ...each.cells.slice(0, 2),
  ])
  assert.deepEqual(rows, [
    ['refused', 'ap.example', '0 of 5'],
    ['retrying', 'us.example', '5 of 8'],
    ['refused', 'eu.example', '5 of 7'],
  ])
})

test('the page says that the streams wait for an output, whether that is up or not', async (t) => {
  const away = { up: false, since: NOW, lastError: new StreamError('timed-out', 'silence') }
  const outputs = [
    { name: 'json', counters: COUNTERS, state: UP },
    { name: 'nats', counters: COUNTERS, state: away },
  ]
  const holds = ['json', 'nats'].map((name) => ({ name, heldMs: 10_000 }))
  const { status } = await start(t, () => snapshotOf([entry('A')], outputs, { holds }))
  const { state, headline, reasons } = await status()
  assert.deepEqual([state, headline], ['refused', '1 of 2 outputs not up, the streams wait'])
  assert.deepEqual(reasons, [
    { state: 'refused', what: 'the streams wait · json', why: '', names: '' },
    { state: 'refused', what: 'output not up, the streams wait · nats', why: 'silence', names: '' },
  ])
})

test('the page says that an entry waits where an output holds up that one alone', async (t) => {
  const holds = [{ name: './save.mjs', heldMs: 10_000, ofEntry: true }]
  const { status } = await start(t, () => snapshotOf([entry('A')], [], { holds }))
  const { state, headline, reasons } = await status()
  assert.deepEqual([state, headline], ['refused', 'an entry waits'])
  assert.deepEqual(reasons, [
    { state: 'refused', what: 'an entry waits · ./save.mjs', why: '', names: '' },
  ])
})

test('the history is the last hour, a rate every ten seconds, and rates are those of the last seconds', async (t) => {
  let messages = 0
  let upMs = 0
  const snapshot = () => snapshotOf([entry('A', { messages })], [], { upMs })
  const { sample, status } = await start(t, snapshot)
  sample()
  for (let count = 1; count <= 400; count++) {
    messages += count * 10
    upMs += 10_000
    sample()
  }
  const { history, totals } = await status()
  assert.equal(history.rates.length, 360)
  assert.deepEqual([history.rates.at(0), history.rates.at(-1)], [41, 400])
  assert.deepEqual(totals[0], ['Messages/s', '400'])
})

test('the history goes on where a reload takes subscriptions away', async (t) => {
  let snapshot = snapshotOf([entry('A')])
  const { sample, status } = await start(t, () => snapshot)
  sample()
  snapshot = snapshotOf([entry('A', { messages: 500 })], [], { upMs: 10_000 })
  sample()
  const earlier = { messages: 500, bytes: 0, undecodable: 0, filtered: undefined }
  snapshot = snapshotOf([entry('B', { messages: 20 })], [], { upMs: 20_000, earlier })
  sample()
  assert.deepEqual((await status()).history.rates, [50, 2])
})

test('the page has the last 50 lines of the log but for debug, with the text that the log has', async (t) => {
  const recent = new RecentLog()
  const lines: string[] = []
  const log = recent.tap(loggerTo((_, message) => lines.push(message)))
  const { status } = await start(t, () => snapshotOf([]), recent)
  for (let count = 1; count <= 60; count++) log.info(`line ${count}`)
  log.debug('too much')
  log.warn('gone\u202e\nforged', { entry: 'A B', code: 'x', state: true })
  assert.equal(lines.length, 62)
  const shown = (await status()).log
  assert.equal(shown.length, 50)
  assert.equal(shown.at(-1).text, 'line 12')
  const [{ time, ...last }] = shown
  assert.ok(Date.parse(time) <= Date.now())
  assert.deepEqual(last, {
    level: 'warn',
    text: '"A B": gone\\u202e\\nforged (code=x)',
  })
})

test('the browser is told to load nothing from elsewhere, and to run no text', async (t) => {
  const { url } = await start(t, () => snapshotOf([]))
  for (const path of FILES) {
    const { status, headers } = await fetch(`${url}${path}`)
    assert.equal(status, 200, path)
    const policy = headers.get('content-security-policy') ?? ''
    for (const part of [
      ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"],
      ...["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"],
      "require-trusted-types-for 'script'",
    ]) {
      assert.ok(policy.split('; ').includes(part), part)
    }
    assert.doesNotMatch(policy, /unsafe|\*|https?:/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.equal(headers.get('cache-control'), 'no-store')
  }
})

test('names that would forge a page stay JSON, and marks that turn text around are escaped', async (t) => {
  const names = ['</script><script>alert(1)</script>', `"'&`, 'a\u202eb', 'x'.repeat(300)]
  const { url, status } = await start(t, () => snapshotOf(names.map((name) => entry(name))))
  const answer = await fetch(`${url}/status.json`)
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  const { subscriptions } = await status()
  assert.deepEqual(
    subscriptions.map(({ cells }: { cells: string[] }) => cells[0]),
    [names[0], names[1], 'a\\u202eb', names[3]],
  )
})

test('a Host that may be the name of somebody else gets nothing of the page', async (t) => {
  const { ask, port } = await start(t, () => snapshotOf([entry('A')]))
  const code = async (path: string, ...headers: string[]) => (await ask(path, headers)).slice(9, 12)
  const trusted = [
    ...['127.0.0.1', `127.0.0.1:${port}`, '192.0.2.7:80', '[::1]:9464', 'localhost', 'LOCALHOST:1'],
    ...[hostname(), `${hostname()}:9464`, 'a.localhost'],
  ]
  for (const host of trusted) assert.equal(await code('/status.json', `Host: ${host}`), '200', host)
  const others = [
    ...[
      'evil.example',
      'evil.example:9464',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '',
    ],
    ...['127.0.0.1@evil.example', 'evil.example/127.0.0.1', '[evil.example]', '[::1].evil.example'],
    ...['a:b:127.0.0.1', '127.0.0.1, evil.example', '1', '0x7f.1'],
  ]
  for (const host of others) {
    for (const path of FILES) assert.equal(await code(path, `Host: ${host}`), '403', host)
  }
  assert.equal(await code('/status.json'), '403')
  assert.equal(await code('/status.json', 'Host: localhost', 'Host: evil.example'), '403')
  assert.equal(await code('/status.json', 'X-Host: localhost', 'host : localhost'), '403')
  for (const path of ['/metrics', '/livez', '/readyz', '/healthz']) {
    assert.equal(await code(path, 'Host: aruba-stream.monitoring.svc'), '200', path)
  }
})

test('a page from elsewhere cannot have a browser read the metrics of this machine', async (t) => {
  const { ask } = await start(t, () => snapshotOf([entry('A')]))
  for (const path of ['/metrics', '/healthz', '/readyz', '/livez']) {
    for (const sent of ['Accept-Language: en', 'accept-language:', 'Origin: null', 'Referer: x']) {
      const rebound = await ask(path, ['Host: evil.example', sent])
      assert.match(rebound, /^HTTP\/1\.1 403 /, `${path} ${sent}`)
      assert.doesNotMatch(rebound, /customer|"A"/)
      assert.match(await ask(path, ['Host: localhost:9464', sent]), /^HTTP\/1\.1 200 /)
    }
  }
})

test('the name given to --metrics may be the Host', async (t) => {
  const snapshot = () => snapshotOf([])
  const server = await startMetrics({ host: 'localhost', port: 0, snapshot, version: '1' })
  t.after(() => server.close())
  assert.equal((await fetch(`${server.url}/`)).status, 200)
})

test('the page warns where it is served beyond loopback', async (t) => {
  const noteAt = async (host: string) => {
    const snapshot = () => snapshotOf([])
    const server = await startMetrics({ host, port: 0, snapshot, version: '1' })
    t.after(() => server.close())
    const answer = await fetch(`http://127.0.0.1:${server.port}/status.json`)
    return JSON.parse(await answer.text()).note
  }
  assert.match(await noteAt('0.0.0.0'), /beyond this machine, without a login/)
  assert.equal(await noteAt('127.0.0.1'), '')
})

test('no request changes anything: other methods are refused', async (t) => {
  const { url, ask } = await start(t, () => snapshotOf([]))
  for (const path of FILES) {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      assert.equal((await fetch(`${url}${path}`, { method })).status, 405, method)
    }
  }
  const head = await ask('/', ['Host: localhost'], 'HEAD')
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n/)
  assert.ok(head.endsWith('\r\n\r\n'))
})

test('the JSON is made once a second however many ask, and once for a flood', async (t) => {
  let made = 0
  const { url, clock, ask } = await start(t, () => {
    made++
    return snapshotOf([entry('A')])
  })
  const many = Array.from({ length: 50 }, () => fetch(`${url}/status.json`))
  assert.equal(new Set(await Promise.all((await Promise.all(many)).map((a) => a.text()))).size, 1)
  assert.equal(made, 1)
  clock.advance(1000)
  const flood = 'Host: localhost\r\n\r\nGET /status.json HTTP/1.1\r\n'.repeat(1000)
  const answers = await ask('/status.json', [`${flood}Host: localhost`])
  assert.ok((answers.match(/^HTTP\/1\.1 /gm)?.length ?? 0) <= 1)
  assert.ok(made <= 2)
})
