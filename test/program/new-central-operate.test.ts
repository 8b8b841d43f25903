import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { platform } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { FakeClock, until } from '../helpers/clock.js'
import { parseExposition } from '../helpers/exposition.js'
import { runHere, streamHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { registerKey } from '../helpers/keys.js'
import {
  newCentralEntry as entry,
  makeSecret,
  SUBSCRIBER_ID,
  startNewCentral,
} from '../helpers/new-central.js'
import { type Program, runProgram } from '../helpers/program.js'
import { startProxy } from '../helpers/proxy.js'
import { commandLine, printed, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'
import { eventFrame, idsOf, publish } from '../simulator/newcentral-client.js'

const RAW = 'network-services.v1alpha1.rssi.raw-rssi'
const PROXIMITY = 'network-services.v1alpha1.rssi.proximity-rssi'

/** Ids of the records that a program has printed, of one entry. */
const printedIds = ({ stdout }: Pick<Program, 'stdout'>, name = 'A') =>
  printed(stdout.slice(0, stdout.lastIndexOf('\n') + 1))
    .filter(({ customer }) => customer === name)
    .map((record) => ('id' in record ? String(record.id) : ''))

test('SIGHUP starts, stops and changes entries of New Central, and leaves the others alone', async (t) => {
  const central = await startNewCentral(t)
  const kept = entry(central, 'rssi-events')
  const input = {
    A: kept,
    Gone: entry(central, 'wids'),
    Changed: entry(central, 'rssi-events', { client_id: 'other' }),
  }
  const program = await streamHere(t, central, ['--decode_data'], { input })
  await until(() => central.sockets.length === 3)
  const [first] = central.sockets.filter(({ username }) => username === 'client')
  const customers = {
    A: kept,
    Changed: { ...input.Changed, event_types: [PROXIMITY] },
    Added: entry(central, 'alert-events', { client_id: 'third' }),
  }
  writeFileSync(program.path, JSON.stringify({ customers }))
  program.kill('SIGHUP')
  await program.waitForLine(/read again.*added=1 removed=1 changed=1 same=1/)
  await central.waitForSocket({ topic: 'alert-events' })
  const changed = () => central.handshakes.filter(({ username }) => username === 'other')[1]
  await until(() => changed()?.status === 101)
  await until(() => central.sockets.length === 3)
  assert.ok(first?.open, 'the connection of A is the same')
  assert.equal(changed()?.query.get('event-types'), `com.hpe.greenlake.${PROXIMITY}`)
  await central.broadcast('rssi-events', eventFrame('raw', RAW))
  await central.broadcast('rssi-events', eventFrame('proximity', PROXIMITY))
  await until(() => printedIds(program).length === 2 && printedIds(program, 'Changed').length > 0)
  assert.deepEqual(printedIds(program, 'Changed'), ['proximity'])
  // One token for each client: the changed entry uses the one that is there.
  assert.equal(central.tokenRequests.length, 3)
})

test('a secret that is put right is taken with SIGHUP', async (t) => {
  const central = await startNewCentral(t, { clients: [{ id: 'client', secret: makeSecret('s') }] })
  const wrong = entry(central, 'wids', { client_secret: makeSecret('wrong') })
  const input = { A: wrong, B: entry(central, 'wids', { client_secret: makeSecret('s') }) }
  const program = await streamHere(t, central, ['--decode_data'], { input })
  await program.waitForLine(/A: .*invalid_client/)
  await until(() => central.sockets.length === 1)
  const right = { ...wrong, client_secret: makeSecret('s') }
  writeFileSync(program.path, JSON.stringify({ customers: { A: right, B: input.B } }))
  program.kill('SIGHUP')
  await until(() => central.sockets.length === 2)
})

test('tokens and streams go through a proxy with a login, and no secret is shown', async (t) => {
  const central = await startNewCentral(t)
  const proxy = await startProxy(t)
  const password = registerKey('p4ssw0rd-of-the-new-proxy')
  const env = { HTTP_PROXY: proxy.url.replace('//', `//user:${password}@`), NO_PROXY: undefined }
  const args = ['--decode_data', '--log_level', 'debug']
  const options = { input: { A: entry(central, 'wids') }, env }
  const program = await startStream(t, central, args, options)
  await central.waitForSocket()
  await publish(central, 'wids', ['1'])
  await program.waitForLine('"id":"1"', 'stdout')
  program.kill()
  assert.equal((await program.result).code, 0)
  assert.equal(proxy.requests.length, 2, 'one for the token, one for the stream')
  for (const head of proxy.requests) assert.match(head, /^CONNECT .*Proxy-Authorization: Basic /is)

  const refusing = await startProxy(t, {
    answer: `HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n`,
  })
  const path = await writeInput(t, { A: entry(central, 'wids') })
  const check = await runProgram(t, ['check', ...commandLine(central, path, [])], {
    env: { ...env, HTTP_PROXY: refusing.url.replace('//', `//user:${password}@`) },
  }).result
  assert.equal(check.code, 1)
  assert.match(check.stdout, /proxy.*502/)
})

test('certificates are verified for tokens and streams, unless --no_valid_cert says otherwise', async (t) => {
  const { good, caFile } = await certificates()
  const central = await startNewCentral(t, {}, { tls: good })
  const input = { A: entry(central, 'wids') }
  const env = { NODE_EXTRA_CA_CERTS: caFile }
  for (const [args, given] of [
    [[], env],
    [['--no_valid_cert'], {}],
  ] as const) {
    const opened = central.nextSocket()
    const options = { input, env: given }
    const program = await startStream(t, central, ['--decode_data', ...args], options)
    await opened
    await publish(central, 'wids', ['1'])
    await program.waitForLine('"id":"1"', 'stdout')
    program.kill()
    const { stderr } = await program.result
    assert.equal(/certificates are not verified/.test(stderr), args.length > 0)
  }
  const tokens = central.tokenRequests.length
  const distrusting = await streamHere(t, central, ['--decode_data'], { input })
  await distrusting.waitForLine(/A: .*certificate.*trying again/)
  assert.equal(central.tokenRequests.length, tokens, 'the secret was not sent')
})

test('check warns where certificates are not verified', async (t) => {
  const { good } = await certificates()
  const central = await startNewCentral(t, {}, { tls: good })
  const path = await writeInput(t, { A: entry(central, 'wids') })
  const args = ['check', ...commandLine(central, path, ['--no_valid_cert'])]
  const text = '--no_valid_cert: certificates are not verified'
  const forPeople = await runHere(t, args).result
  assert.equal(forPeople.code, 0, forPeople.stdout)
  assert.ok(forPeople.stdout.includes(`\nwarning: ${text}\n`), forPeople.stdout)
  const forScripts = await runHere(t, [...args, '--json']).result
  assert.deepEqual(JSON.parse(forScripts.stdout).warnings, [text])
  const offline = await runHere(t, [...args, '--offline']).result
  assert.doesNotMatch(offline.stdout, /warning/)
})

test('--no_reconnect ends a stream with its token, as its close code says', async (t) => {
  for (const [expiry_close, expected] of [
    ['1000', 0],
    ['1001', 0],
    ['1008', 1],
    ['cut', 1],
  ] as const) {
    const clock = new FakeClock()
    const central = await startNewCentral(t, { expiry_close }, { clock })
    const input = { A: entry(central, 'wids') }
    const program = await streamHere(t, central, ['--no_reconnect'], { input })
    await central.waitForSocket()
    // Of the server alone, whose tokens are good for two hours.
    clock.advance(7_200_000)
    const { code, stderr } = await program.result
    assert.equal(code, expected, `${expiry_close}: ${stderr}`)
    assert.equal(central.handshakes.length, 1)
  }
})

test('the metrics count events, repeats and text frames, and tell the age of the token', async (t) => {
  const central = await startNewCentral(t, { duplicates: 3 })
  const input = { A: entry(central, 'rssi-events') }
  const args = ['--decode_data', '--metrics', '0', '--log_format', 'json']
  const program = await streamHere(t, central, args, { input })
  const url = await program.metricsUrl()
  const socket = await central.waitForSocket()
  await publish(central, 'rssi-events', idsOf('e', 5))
  socket.sendText('keep alive')
  const next = central.nextSocket()
  socket.terminate()
  await next
  await publish(central, 'rssi-events', ['last'])
  const expected = {
    aruba_stream_up: 1,
    aruba_stream_messages_total: 6,
    aruba_stream_repeats_total: 3,
    aruba_stream_skipped_text_frames_total: 1,
    aruba_stream_undecodable_total: 0,
    aruba_stream_reconnects_total: 1,
  }
  let found = {}
  await until(
    async () => {
      const families = parseExposition(await (await fetch(`${url}/metrics`)).text())
      const value = (name: string) => families.get(name)?.samples[0]?.value
      found = Object.fromEntries(Object.keys(expected).map((name) => [name, value(name)]))
      const isUp = value('aruba_stream_messages_total') === 6 && value('aruba_stream_up') === 1
      if (isUp) assert.ok((value('aruba_stream_token_age_seconds') ?? -1) >= 0)
      return isUp
    },
    () => JSON.stringify(found),
  )
  assert.deepEqual(found, expected)
  program.kill()
  const { stderr } = await program.result
  assert.match(stderr, /"repeats":3,"skipped_texts":1/)
})

test('the log tells of tokens and of connections that were replaced', async (t) => {
  // The server's clock stands still, so that it ends no connection before another one can replace it.
  const central = await startNewCentral(t, { expires_in: 3 }, { clock: new FakeClock() })
  const input = { A: entry(central, 'wids') }
  const program = await streamHere(t, central, ['--log_level', 'debug'], { input })
  await program.waitForLine(/INFO +got a token, which is good for 3 s \(client_id=client\)/)
  await program.waitForLine(/DEBUG got another token, which is good for 3 s/)
  await program.waitForLine(/DEBUG A: the connection was replaced by another one/)
  central.failHandshake({ type: 'answer', status: 503 })
  await program.waitForLine(
    /WARN +A: .*answered 503.*the open connection is kept until another one can replace it/,
  )
})

test('two programs share a subscriber id without loss although one is ended or killed', async (t) => {
  const central = await startNewCentral(t)
  const more = { subscriber_id: SUBSCRIBER_ID }
  const input = { A: entry(central, 'rssi-events', more) }
  const start = async () => {
    const opened = central.nextSocket()
    const program = await startStream(t, central, ['--decode_data'], { input })
    return { program, socket: await opened }
  }
  const [stays, ended, killed] = [await start(), await start(), await start()]
  const all = [stays, ended, killed].map(({ program }) => program)
  const got = () => all.flatMap((program) => printedIds(program))
  const published: string[] = []
  const send = async (prefix: string) => {
    const ids = idsOf(prefix, 60)
    published.push(...ids)
    await publish(central, 'rssi-events', ids)
  }
  await send('a')
  const during = send('b')
  ended.program.kill('SIGTERM')
  await during
  await ended.program.result
  await until(() => got().length === published.length)
  killed.program.kill('SIGKILL')
  await killed.socket.ended
  await send('c')
  await until(() => got().length === published.length)
  assert.deepEqual(got().sort(), published.sort())
  assert.ok(all.every(({ stdout }) => stdout !== ''))
  assert.equal(central.newCentral.account.counts().lost, 0)
})

test('two machines with the same file each get everything', async (t) => {
  const central = await startNewCentral(t)
  const path = await writeInput(t, { A: entry(central, 'rssi-events') })
  const programs: Program[] = []
  for (const instance of ['machine-1', 'machine-2']) {
    const opened = central.nextSocket()
    const env = { ARUBA_STREAM_INSTANCE: instance }
    programs.push(runProgram(t, commandLine(central, path), { env }))
    await opened
  }
  const ids = idsOf('e', 50)
  await publish(central, 'rssi-events', ids)
  await until(() => programs.every((program) => printedIds(program).length === ids.length))
  for (const program of programs) {
    assert.deepEqual(printedIds(program), ids)
    assert.doesNotMatch(program.stderr, /another process/)
  }
})

test('on a terminal the table shows entries of both services', async (t) => {
  if (spawnSync('script', ['--version']).error) return t.skip('script is not installed')
  const central = await startNewCentral(t)
  const cwd = tempFolder(t)
  const input = { A: entry(central, 'rssi-events'), B: entry(central, 'switch-events') }
  const path = await writeInput(t, input)
  const args = commandLine(central, path, ['--export_data', 'json'])
  const shell = `exec script -qec "stty cols 120; exec $(printf "'%s' " "$@")" /dev/null`
  const program = runProgram(t, args, { cwd, shell })
  await until(() => central.sockets.length === 2)
  await publish(central, 'rssi-events', ['1'])
  await program.waitForLine(/switch-events.*open/, 'stdout')
  await until(() => readFileSync(join(cwd, 'aruba-stream.ndjson'), 'utf8').includes('"id":"1"'))
  program.kill()
  await program.result
})

test('a connection of New Central has TCP look after its peer', async (t) => {
  const central = await startNewCentral(t, { pong: 'no' })
  const input = { A: entry(central, 'rssi-events') }
  if (platform() !== 'linux') return t.skip('it reads /proc')
  await streamHere(t, central, ['--decode_data'], { input })
  await central.waitForSocket()
  const timersOfClients = () =>
    readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote]) => remote === `0100007F:${hex(central.port)}`)
      .filter(([, , , state]) => state === ESTABLISHED)
      .map(([, , , , , timer = '']) => timer)
  // 02 is the keep-alive timer, behind the colon its time in 1/100 s.
  let timers: string[] = []
  await until(() => {
    timers = timersOfClients()
    return timers.some((timer) => timer.startsWith('02:'))
  })
  const [timer = '', ...others] = timers
  assert.deepEqual(others, [])
  assert.ok(Number.parseInt(timer.slice(3), 16) <= 3000, timer)
})

const ESTABLISHED = '01'
const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0')
