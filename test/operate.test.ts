import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startCentral } from './helpers/central.js'
import { until } from './helpers/clock.js'
import { parseExposition } from './helpers/exposition.js'
import { goldenFrames } from './helpers/golden.js'
import { runHere } from './helpers/here.js'
import { writeInput } from './helpers/input.js'
import { makeKey } from './helpers/keys.js'
import { runProgram } from './helpers/program.js'
import { tempFolder } from './helpers/temp-folder.js'

test('the metrics, the health and the last log lines agree with what was sent', async (t) => {
  const key = makeKey('key')
  const central = await startCentral(t)
  const input = await writeInput(t, {
    'A monitoring': { wsskey: key, topic: 'monitoring' },
    'A presence': { wsskey: key, topic: 'presence' },
  })
  const cwd = tempFolder(t)
  const program = runProgram(
    t,
    [
      ...['--hostname', central.url, '--jsoninput', input, '--export_data', 'json'],
      ...['--metrics', '0', '--log_format', 'json'],
    ],
    { cwd },
  )
  const url = await program.metricsUrl()
  const good = { monitoring: goldenFrames('monitoring'), presence: goldenFrames('presence') }
  const broken = [Buffer.from([0xff]), Buffer.from('not protobuf')]
  const monitoring = await central.waitForSocket({ topic: 'monitoring' })
  const presence = await central.waitForSocket({ topic: 'presence' })
  for (const frame of [...good.monitoring, ...broken]) await monitoring.send(frame)
  for (const frame of good.presence) await presence.send(frame)

  const scrape = async () => {
    const families = parseExposition(await (await fetch(`${url}/metrics`)).text())
    return (name: string, label: string, value: string) =>
      families.get(name)?.samples.find((sample) => sample.labels[label] === value)?.value
  }
  const total = good.monitoring.length + good.presence.length
  let value = await scrape()
  const arrived = () =>
    value('aruba_stream_exported_total', 'exporter', 'json') === total &&
    value('aruba_stream_undecodable_total', 'customer', 'A monitoring') === broken.length
  await until(async () => {
    value = await scrape()
    return arrived()
  })
  const bytes = (frames: readonly Buffer[]) => frames.reduce((sum, frame) => sum + frame.length, 0)
  const at = (name: string, customer: string) => value(name, 'customer', customer)
  assert.equal(at('aruba_stream_messages_total', 'A monitoring'), good.monitoring.length)
  assert.equal(at('aruba_stream_messages_total', 'A presence'), good.presence.length)
  assert.equal(at('aruba_stream_undecodable_total', 'A monitoring'), broken.length)
  assert.equal(at('aruba_stream_undecodable_total', 'A presence'), 0)
  assert.equal(
    at('aruba_stream_received_bytes_total', 'A monitoring'),
    bytes(good.monitoring) + bytes(broken),
  )
  assert.equal((await fetch(`${url}/healthz`)).status, 200)

  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 0)
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const last = (entry: string) =>
    lines.findLast((line) => line.entry === entry && 'reconnects' in line)
  assert.equal(last('A monitoring').messages, good.monitoring.length)
  assert.equal(last('A presence').messages, good.presence.length)
  const written = readFileSync(join(cwd, 'aruba-stream.ndjson'), 'utf8').trim().split('\n')
  assert.equal(written.length, total)
})

test('neither the name of an entry nor the answer of a server forges a line or moves the cursor', async (t) => {
  const forged = '2026-01-01T00:00:00Z ERROR all is lost'
  const central = await startCentral(t)
  const body = `x\u001b[2J\u009b1m\u202e\u2028${forged}\r\n${forged}`
  central.failHandshake({ type: 'answer', status: 404, body })
  const name = `A\n${forged}\u001b]0;owned\u0007`
  const input = await writeInput(t, { [name]: { wsskey: makeKey('key'), topic: 'monitoring' } })
  const program = runHere(t, ['--hostname', central.url, '--jsoninput', input])
  const { code, stderr } = await program.result
  assert.equal(code, 3)
  assert.match(stderr, /answered 404/)
  for (const line of stderr.trim().split('\n')) {
    assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (DEBUG|INFO|WARN|ERROR) +/)
    assert.ok(!line.startsWith(forged))
    assert.doesNotMatch(line, /[\p{Cc}\u2028\u202e]/u)
  }
})

test('messages that an output refuses are told as kept, and the command in the log sends them', async (t) => {
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const cwd = tempFolder(t)
  const module = join(cwd, 'module.mjs')
  await writeFile(module, "export default () => { throw new Error('not today') }")
  const program = runHere(
    t,
    [
      ...['--hostname', central.url, '--jsoninput', input],
      ...['--export_data', './module.mjs', '--dead_letter', 'dead.ndjson'],
    ],
    { cwd },
  )
  const frames = goldenFrames('presence')
  const socket = await central.waitForSocket()
  for (const frame of frames) await socket.send(frame)
  const deadLetter = join(cwd, 'dead.ndjson')
  await until(() => readFileSync(deadLetter, 'utf8').split('\n').length > frames.length)
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 1)
  assert.match(stderr, /not today; the message is given up and kept in dead\.ndjson/)
  assert.match(stderr, new RegExp(`delivered, ${frames.length} kept in dead\\.ndjson`))
  assert.doesNotMatch(stderr, /lost/)
  const told = new RegExp(`${frames.length} messages kept in .*: aruba-stream (replay .*)`)
  const [, command = ''] = told.exec(stderr) ?? []

  await writeFile(module, 'export default () => {}')
  // A process loads a module once: another one loads what the file holds now.
  const replay = runProgram(t, command.split(' '), { cwd })
  const result = await replay.result
  assert.equal(result.code, 0)
  assert.match(
    result.stderr,
    new RegExp(`module\\.mjs: messages delivered \\(delivered=${frames.length}`),
  )
})

test('while many clients flood the metrics, records go on, scrapes are answered and SIGTERM is heard', async (t) => {
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const program = runProgram(t, [
    ...['--hostname', central.url, '--jsoninput', input, '--decode_data', '--metrics', '0'],
  ])
  const url = await program.metricsUrl()
  const socket = await central.waitForSocket()
  const flood = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3000)
  for (let count = 0; count < 120; count += 1) {
    const client = connect(Number(new URL(url).port), '127.0.0.1')
    t.after(() => client.destroy())
    client.on('error', () => {})
    client.write(flood)
  }
  for (const frame of goldenFrames('presence')) await socket.send(frame)
  await program.waitForLine(`"customer":"A"`, 'stdout')
  assert.equal((await fetch(`${url}/metrics`)).status, 200)
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  program.kill()
  assert.equal((await program.result).code, 0)
})
