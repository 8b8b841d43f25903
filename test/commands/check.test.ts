import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { check as checkCommand } from '../../src/commands/check.js'
import { runCheck } from '../../src/commands/check-entries.js'
import { checkExitCode, checkJson, formatCheck } from '../../src/commands/check-report.js'
import { StreamError } from '../../src/errors.js'
import type { Program } from '../../src/program.js'
import type { Answer, Fault } from '../../src/simulator/faults.js'
import { closedPort, startCentral } from '../helpers/central.js'
import { check, checkEntry, reportOf } from '../helpers/check.js'
import { until } from '../helpers/clock.js'
import { writeInput } from '../helpers/input.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { LOADER } from '../helpers/settings.js'
import { listen, startTcpServer } from '../helpers/tcp-server.js'
import { certificates } from '../helpers/tls.js'

const PIPE = { columns: undefined, colour: false }

function show(results: Awaited<ReturnType<typeof check>>) {
  const report = reportOf(results)
  const text = formatCheck(report, PIPE)
  assert.deepEqual(leaksIn(text + checkJson(report)), [])
  return text
}

/** The lines that stand between table and verdict. */
function remarks(text: string): string[] {
  return text.split('\n\n').slice(1, -1).join('\n').split('\n')
}

test('an entry that is in order is accepted and subscribed, and its socket is closed at once', async (t) => {
  const key = makeKey('good')
  const central = await startCentral(t, { keys: [key] })
  const results = await check([checkEntry('A', 'monitoring', key, central.url)])
  assert.deepEqual(
    results.map(({ key, topic, faults }) => ({ key, topic, faults })),
    [{ key: 'accepted', topic: 'subscribed', faults: [] }],
  )
  assert.equal(checkExitCode(reportOf(results)), 0)
  await until(() => central.sockets.length === 0)
  assert.match(show(results), /All in order\.\n$/)
})

test('a renewed key serves the handshake', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  const central = await startCentral(t)
  central.keys.renew(old, renewed)
  const topics = ['monitoring', 'audit'] as const
  const results = await check(topics.map((topic) => checkEntry('A', topic, old, central.url)))
  assert.equal(results[0]?.key, 'renewed')
  assert.equal(results[0]?.topic, 'subscribed')
  assert.equal(central.handshakes[0]?.key, renewed)
  assert.equal(checkExitCode(reportOf(results)), 0)
  assert.match(show(results), /Central holds newer keys for 1 of the entries/)
})

test('a refused key is told with what to do, and no handshake is tried', async (t) => {
  const key = makeKey('bad')
  const central = await startCentral(t, { unknownKeys: 'refuse' })
  const results = await check([checkEntry('A', 'monitoring', key, central.url)])
  assert.equal(results[0]?.key, 'refused')
  assert.equal(results[0]?.topic, undefined)
  assert.equal(central.handshakes.length, 0)
  assert.equal(checkExitCode(reportOf(results)), 3)
  assert.match(
    show(results),
    /A: .* answered 401 .*: download a new key from Central's Streaming page/,
  )
})

test('each distinct key is asked about once on each host', async (t) => {
  const [one, other] = [makeKey('one'), makeKey('other')]
  const [first, second] = [await startCentral(t), await startCentral(t)]
  const results = await check([
    checkEntry('A', 'monitoring', one, first.url),
    checkEntry('B', 'audit', one, first.url),
    checkEntry('C', 'presence', other, first.url),
    checkEntry('D', 'monitoring', one, second.url),
  ])
  assert.equal(first.validations.length, 2)
  assert.equal(second.validations.length, 1)
  assert.equal(first.handshakes.length, 3)
  assert.deepEqual(
    results.map(({ entry }) => entry.name),
    ['A', 'B', 'C', 'D'],
  )
})

test('one refused entry makes the exit code 3, one that was not reached makes it 1', async (t) => {
  const key = makeKey('key')
  const central = await startCentral(t, { unsubscribed: ['audit'] })
  const refused = checkEntry('A', 'audit', key, central.url)
  const good = checkEntry('B', 'monitoring', key, central.url)
  const nowhere = checkEntry('C', 'monitoring', key, `http://127.0.0.1:${await closedPort()}`)
  assert.equal(checkExitCode(reportOf(await check([refused, good]))), 3)
  const both = await check([refused, good, nowhere])
  assert.equal(checkExitCode(reportOf(both)), 1)
  assert.match(
    show(both),
    /\n\nCentral refuses some of it, and could not be asked about everything\.\n$/,
  )
  assert.match(show(await check([good, nowhere])), /\n\nCentral could not be asked about .*\.\n$/)
  assert.equal(checkExitCode({ ...reportOf([]), problems: ['customers: missing'] }), 2)
})

test('offline, nobody is asked, and the age of the keys is told', async () => {
  const entry = checkEntry('A', 'monitoring', makeKey('key'))
  const results = await check([entry], { offline: true, keyAge: () => 2.5 * 86_400 })
  assert.equal(checkExitCode(reportOf(results)), 0)
  const text = show(results)
  assert.match(text, /A +- +monitoring +not asked +2 days, 5 left +not asked/)
  assert.match(text, /The file is in order; Central was not asked\.\n$/)
})

test('offline, entries without a host are told to need --hostname', async () => {
  const entries = [
    checkEntry('A', 'monitoring', makeKey('key')),
    checkEntry('B', 'audit', makeKey('key'), 'eu.example'),
  ]
  const text = show(await check(entries, { offline: true }))
  assert.deepEqual(remarks(text), [
    'no "hostname" in the file, so the program needs --hostname for: A',
  ])
})

/** The remarks of a check in a process with an environment of its own. */
async function checkOnce(url: string, env: Readonly<Record<string, string>>): Promise<string[]> {
  const script = fileURLToPath(new URL('../helpers/check-once.js', import.meta.url))
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...LOADER, script, url, makeKey('key')],
    { env: { PATH: process.env.PATH, ...env } },
  )
  return remarks(stdout)
}

type Row = {
  readonly name: string
  readonly answer: Fault
  readonly exit: 1 | 3
  readonly line: RegExp
}

const answer = (status: number, body = '', headers = {}): Answer => ({
  type: 'answer',
  status,
  body,
  headers,
})

const ROWS: readonly Row[] = [
  { name: 'a 401', answer: answer(401), exit: 3, line: /answered 401: it does not accept the key/ },
  {
    name: 'a topic that is not ticked',
    answer: answer(400, 'Unsubscribed Topic\n'),
    exit: 3,
    line: /tick the topic "monitoring" in Central under Organization > Platform Integration/,
  },
  {
    name: 'a redirect',
    answer: answer(302, '', { Location: 'https://elsewhere.example/x' }),
    exit: 3,
    line: /redirects to elsewhere\.example; .*compare the hostname/,
  },
  { name: 'a 403', answer: answer(403, 'No'), exit: 3, line: /answered 403 "No".*check that host/ },
  { name: 'a 404', answer: answer(404), exit: 3, line: /answered 404.*check that hostname/ },
  { name: 'a 200', answer: answer(200, '<html>'), exit: 3, line: /answered 200, expected 101/ },
  { name: 'a 429', answer: answer(429), exit: 1, line: /answered 429: it cannot serve this now/ },
  { name: 'a 503', answer: answer(503, 'down'), exit: 1, line: /answered 503 "down"/ },
  { name: 'a reset', answer: { type: 'reset' }, exit: 1, line: /ECONNRESET/ },
]

for (const { name, answer, exit, line } of ROWS) {
  test(`${name} on the socket is one line that says what to do`, async (t) => {
    const central = await startCentral(t)
    central.failHandshake(answer)
    const results = await check([checkEntry('A', 'monitoring', makeKey('key'), central.url)])
    assert.equal(checkExitCode(reportOf(results)), exit)
    const said = remarks(show(results))
    assert.equal(said.length, 1, said.join('\n'))
    assert.match(said[0] ?? '', line)
    assert.match(said[0] ?? '', /^A: /)
  })
}

test('a validation without a usable answer leaves the key unknown, and the handshake is tried', async (t) => {
  const central = await startCentral(t)
  central.failValidation(answer(502))
  const results = await check([checkEntry('A', 'monitoring', makeKey('key'), central.url)])
  assert.equal(results[0]?.key, 'unknown')
  assert.equal(results[0]?.topic, 'subscribed')
  assert.equal(checkExitCode(reportOf(results)), 1)
})

test('a name unknown to DNS and a closed port are one line each, for all their entries together', async () => {
  const closed = `http://127.0.0.1:${await closedPort()}`
  // A label over 63 characters: the resolver answers without asking anybody.
  const unknown = `wss://${'a'.repeat(64)}.invalid`
  const key = makeKey('key')
  const results = await check([
    checkEntry('A', 'monitoring', key, closed),
    checkEntry('B', 'audit', key, closed),
    checkEntry('C', 'audit', key, unknown),
  ])
  assert.equal(checkExitCode(reportOf(results)), 1)
  const said = remarks(show(results))
  assert.equal(said.length, 2, said.join('\n'))
  assert.match(said[0] ?? '', /^A and 1 more: .*refuses connections: check the port/)
  assert.match(said[1] ?? '', /^C: .*aaaa\.invalid: .*DNS/)
})

const CERTIFICATES = [
  { which: 'good', trusted: false, line: /self-signed; .*NODE_EXTRA_CA_CERTS.*--no_valid_cert/ },
  { which: 'expired', trusted: true, line: /has expired/ },
  {
    which: 'otherName',
    trusted: true,
    line: /is for another name \(other\.example\); check the host/,
  },
] as const

test('each fault of a certificate is named in one line', async (t) => {
  const all = await certificates()
  await Promise.all(
    CERTIFICATES.map(async ({ which, trusted, line }) => {
      const central = await startCentral(t, { tls: all[which] })
      const said = await checkOnce(central.url, trusted ? { NODE_EXTRA_CA_CERTS: all.caFile } : {})
      assert.equal(said.length, 1, said.join('\n'))
      assert.match(said[0] ?? '', line)
    }),
  )
})

const PROXIES = [
  {
    status: '407 Proxy Authentication Required',
    line: /answered 407 .*user and password in HTTPS_/,
  },
  { status: '502 Bad Gateway', line: /the proxy 127\.0\.0\.1:\d+ answered 502 when asked for / },
] as const

test('a fault of a proxy is told as the proxy’s, in one line', async (t) => {
  const all = await certificates()
  const central = await startCentral(t, { tls: all.good })
  await Promise.all(
    PROXIES.map(async ({ status, line }) => {
      const proxy = createServer().on('connect', (_, socket) =>
        socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`),
      )
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
      t.after(() => proxy.close())
      const address = proxy.address()
      assert.ok(typeof address === 'object' && address)
      const said = await checkOnce(central.url, {
        HTTPS_PROXY: `http://127.0.0.1:${address.port}`,
        NODE_EXTRA_CA_CERTS: all.caFile,
      })
      assert.equal(said.length, 1, said.join('\n'))
      assert.match(said[0] ?? '', line)
    }),
  )
})

test('what a server says and what an entry is called can forge no line of the report', async (t) => {
  const central = await startCentral(t)
  central.failHandshake(answer(404, 'x\u001b[2J\u009b1m\u202eBAD\nB: all is well'))
  const name = 'A\nB: all is well\u001b[2J'
  const results = await check([checkEntry(name, 'monitoring', makeKey('key'), central.url)])
  const text = show(results)
  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  assert.ok(!text.includes('\nB: all is well'))
})

test('on a narrow terminal the table fits, and a terminal may have colours', async () => {
  const entries = Array.from({ length: 3 }, (_, at) =>
    checkEntry(`A customer with a very long name ${at}`, 'monitoring', makeKey('key')),
  )
  const report = reportOf(await check(entries, { offline: true }))
  for (const columns of [40, 80]) {
    const [table = ''] = formatCheck(report, { columns, colour: false }).split('\n\n')
    for (const line of table.split('\n')) assert.ok(line.length < columns, line)
  }
  assert.ok(formatCheck(report, { columns: 80, colour: true }).includes('\u001b[1m'))
})

test('the JSON says all of it, and no key', async (t) => {
  const key = makeKey('key')
  const central = await startCentral(t, { unsubscribed: ['audit'] })
  const results = await check(
    [checkEntry('A', 'monitoring', key, central.url), checkEntry('B', 'audit', key, central.url)],
    { keyAge: () => 8 * 86_400 },
  )
  const text = checkJson({ ...reportOf(results), warnings: ['others may read the file'] })
  assert.deepEqual(leaksIn(text), [])
  const { ok, warnings, entries } = JSON.parse(text)
  assert.equal(ok, false)
  assert.deepEqual(warnings, ['others may read the file'])
  assert.deepEqual(entries[0], {
    customer: 'A',
    topic: 'monitoring',
    hostname: new URL(central.url).host,
    key: 'accepted',
    key_age_days: 8,
    key_days_left: -1,
    subscription: 'subscribed',
    faults: [],
  })
  assert.equal(entries[1].subscription, 'refused')
  assert.equal(entries[1].faults[0].code, 'topic-unsubscribed')
})

test('problems of the file are told instead of a table', () => {
  const report = { ...reportOf([]), problems: ['customers.A.topic: expected …'] }
  const text = formatCheck(report, PIPE)
  assert.equal(text, 'customers.A.topic: expected …\n\nThe input file is wrong.\n')
  assert.equal(JSON.parse(checkJson(report)).ok, false)
})

test('no more than the limit are asked about at a time', async () => {
  let running = 0
  let most = 0
  const entries = Array.from({ length: 30 }, (_, at) =>
    checkEntry(`E${at}`, 'audit', makeKey(`key ${at}`), 'http://127.0.0.1:1'),
  )
  const results = await runCheck({
    entries,
    offline: false,
    signal: new AbortController().signal,
    validate: async ({ key }) => ({ secret: key }),
    probe: async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      running -= 1
    },
    keyAge: () => undefined,
    keyLifeDays: 7,
  })
  assert.equal(results.length, 30)
  assert.equal(most, 20)
})

test('a fault of the program itself is not dressed up as one of Central', async () => {
  const bug = new TypeError('a bug')
  const run = runCheck({
    entries: [checkEntry('A', 'audit', makeKey('key'), 'http://127.0.0.1:1')],
    offline: false,
    signal: new AbortController().signal,
    validate: async ({ key }) => ({ secret: key }),
    probe: () => Promise.reject(bug),
    keyAge: () => undefined,
    keyLifeDays: 7,
  })
  await assert.rejects(run, bug)
  assert.ok(!(bug instanceof StreamError))
})

test('what a signal leaves open is not asked, and what is known by then is reported', async (t) => {
  const stop = new AbortController()
  const central = await startCentral(t)
  central.failHandshake({ type: 'stall' }, {}, Infinity)
  const names = Array.from({ length: 21 }, (_, at) => `E${at}`)
  const entries = names.map((name) => checkEntry(name, 'audit', makeKey(name), central.url))
  const checking = check(entries, { signal: stop.signal })
  await until(() => central.handshakes.length === 20)
  stop.abort()
  const results = await checking
  const known = { key: 'accepted', topic: undefined, faults: [] }
  assert.deepEqual(
    results.map(({ key, topic, faults }) => ({ key, topic, faults })),
    [...new Array(20).fill(known), { ...known, key: undefined }],
  )
  const report = { ...reportOf(results), interrupted: true }
  assert.equal(checkExitCode(report), 1)
  assert.match(
    formatCheck(report, PIPE),
    /not asked[\s\S]*Interrupted: not everything was checked\.\n$/,
  )
  const { ok, interrupted } = JSON.parse(checkJson(report))
  assert.deepEqual({ ok, interrupted }, { ok: false, interrupted: true })
})

test('a host that gives no answer is asked about a few keys, and not about all', async (t) => {
  let validations = 0
  const server = createServer(({ url, socket }) => {
    if (url?.endsWith('/token/validate')) validations += 1
    socket.destroy()
  })
  const url = `http://127.0.0.1:${await listen(t, server)}`
  const names = Array.from({ length: 12 }, (_, index) => `E${index}`)
  const results = await check(names.map((name) => checkEntry(name, 'audit', makeKey(name), url)))
  assert.ok(validations <= 3, `${validations} validations`)
  assert.deepEqual(new Set(results.map(({ key }) => key)), new Set(['unknown']))
  assert.equal(checkExitCode(reportOf(results)), 1)
})

test('a 101 in place of an answer to a validation ends the check', async (t) => {
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'
  const { authority } = await startTcpServer(t, (socket) => socket.end(upgrade))
  const results = await check([checkEntry('A', 'audit', makeKey('key'), `http://${authority}`)])
  assert.deepEqual(
    results.map(({ key, topic }) => [key, topic]),
    [['unknown', 'unknown']],
  )
})

test('a report that nobody reads to its end is not in order', async (t) => {
  const inputFile = await writeInput(t, { A: { wsskey: makeKey('unread'), topic: 'audit' } })
  const end = new AbortController()
  const stream = new Writable({ write: () => end.abort() })
  const { signal: stopping } = new AbortController()
  const program = {
    shutdown: { stopping, graceOver: end.signal, interrupted: false },
    stdout: { stream, file: undefined, terminal: false, colour: false },
  } as unknown as Program
  const settings = {
    inputFile,
    offline: true,
    json: true,
    verifyCertificates: true,
    host: undefined,
  }
  assert.equal(await checkCommand(settings, program), 1)
})
