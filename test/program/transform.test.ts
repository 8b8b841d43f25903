import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { example } from '../helpers/docs.js'
import { goldenRecording } from '../helpers/golden.js'
import { runHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { type ProgramOptions, runProgram } from '../helpers/program.js'
import { ROOT } from '../helpers/settings.js'
import { listen } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'

const EXAMPLES = join(ROOT, 'examples')
const CUSTOMER = 'CustomerA'

type Payload = Parameters<typeof encodeFrame>[1]

/** A line of a recording. */
function recorded(topic: 'monitoring' | 'presence' | 'security', payload: Payload): string {
  const envelope = { timestamp: '1700000000123456789', customer_id: 'c' }
  const frame = Buffer.from(encodeFrame(topic, payload, envelope)).toString('base64')
  const received = '2023-11-14T22:13:20.123Z'
  return `${JSON.stringify({ received, customer: `${CUSTOMER}_${topic}`, topic, frame })}\n`
}

/** Replays lines through a transform, with what else is asked for. */
function replay(
  t: TestContext,
  transform: string,
  stdin: string,
  args: readonly string[] = [],
  options: ProgramOptions = {},
) {
  const all = ['replay', '-', '--decode_data', '--transform', transform, ...args]
  // A module reads the environment of its process.
  const run = options.env ? runProgram : runHere
  return run(t, all, { stdin, ...options }).result
}

/** A module with this default export. */
function moduleOf(t: TestContext, code: string): string {
  const path = join(tempFolder(t), 'transform.mjs')
  writeFileSync(path, `export default ${code}\n`)
  return path
}

function linesOf(text: string): string[] {
  return text.split('\n').filter(Boolean)
}

test('the example for associated clients drops all others', async (t) => {
  const [client, passer] = ['E0F8471E01AC', '001122334455'].map((mac) => ({
    addr: Buffer.from(mac),
  }))
  const both = {
    pa_proximity_event: {
      proximity: [
        { sta_eth_mac: client, rssi_val: -61, associated: true },
        { sta_eth_mac: passer, rssi_val: -80, associated: false },
      ],
    },
  }
  const none = { pa_rssi_event: { rssi: [{ sta_eth_mac: passer, rssi_val: -80 }] } }
  const stdin =
    recorded('presence', both) + recorded('presence', none) + recorded('security', { cust_id: 'c' })
  const { code, stdout, stderr } = await replay(t, join(EXAMPLES, 'associated.mjs'), stdin)
  assert.equal(code, 0, stderr)
  const records = linesOf(stdout).map((line) => JSON.parse(line))
  assert.deepEqual(
    records.map(({ topic }) => topic),
    ['presence', 'security'],
  )
  const { proximity } = records[0].data.pa_proximity_event
  assert.deepEqual(
    proximity.map(({ rssi_val }: { rssi_val: number }) => rssi_val),
    [-61],
  )
  assert.match(stderr, /filtered=1/)
})

test('the example for names of access points makes the record of the documents', async (t) => {
  const aps = [{ serial: 'CK0123456', name: 'ap-lobby' }]
  const proximity = [
    {
      device_id: 'CK0123456',
      sta_eth_mac: { addr: Buffer.from('E0F8471E01AC') },
      rssi_val: -61,
      associated: true,
    },
  ]
  const sighting = recorded('presence', { pa_proximity_event: { proximity } })
  const { code, stdout, stderr } = await replay(
    t,
    join(EXAMPLES, 'ap-names.mjs'),
    recorded('monitoring', { aps }) + sighting,
    ['--readable'],
  )
  assert.equal(code, 0, stderr)
  assert.equal(stdout, example('ap-names-record'))
})

test('the example for rogue alarms posts each, and a failed one is replayed from the dead letter', async (t) => {
  const folder = tempFolder(t)
  const posted: string[] = []
  let status = 200
  const server = createServer(async (request, response) => {
    for await (const chunk of request) posted.push(JSON.parse(String(chunk)).text)
    response.writeHead(status).end()
  })
  const port = await listen(t, server)
  const options = { cwd: folder, env: { ROGUE_WEBHOOK: `http://127.0.0.1:${port}/` } }
  const rogue = [
    {
      rogue_id: { addr: Buffer.from('0011223344aa', 'hex') },
      ssid: 'free',
      last_det_device: 'AP1',
    },
  ]
  const alarm = recorded('security', { rogue })
  copyFileSync(join(EXAMPLES, 'rogues.mjs'), join(folder, 'rogues.mjs'))
  const args = ['--readable', '--dead_letter', 'dead.ndjson']
  const first = await replay(t, './rogues.mjs', alarm, args, options)
  assert.equal(first.code, 0, first.stderr)
  assert.deepEqual(posted, ['CustomerA_security: rogue 00:11:22:33:44:aa "free", seen by AP1'])
  assert.equal(linesOf(first.stdout).length, 1)

  status = 500
  const second = await replay(t, './rogues.mjs', alarm, args, options)
  assert.deepEqual([second.code, second.stdout], [1, ''])
  const dead = readFileSync(join(folder, 'dead.ndjson'), 'utf8')
  const { exporter, reason, frame } = JSON.parse(dead)
  assert.deepEqual([exporter, reason], ['transform', './rogues.mjs: the webhook answered 500'])
  assert.equal(frame, JSON.parse(alarm).frame, 'as it came')
  assert.match(
    second.stderr,
    /replay dead\.ndjson --readable --transform \.\/rogues\.mjs --decode_data\n/,
  )

  status = 200
  const third = await replay(t, './rogues.mjs', dead, ['--readable'], options)
  assert.deepEqual([third.code, third.stdout], [0, first.stdout])
  assert.equal(posted.length, 3)
})

test('all outputs get what an async transform returned, in the order of the frames', async (t) => {
  const cwd = tempFolder(t)
  writeFileSync(
    join(cwd, 'save.mjs'),
    `import { appendFileSync } from 'node:fs'
     export default (record) => appendFileSync('module.ndjson', JSON.stringify(record) + '\\n')`,
  )
  const transform = moduleOf(
    t,
    `async ({ customer, timestamp }) => {
       await new Promise((resolve) => setTimeout(resolve, Number(BigInt(timestamp) % 5n)))
       return [{ customer, timestamp, part: 1 }, { customer, timestamp, part: 2 }]
     }`,
  )
  const stdin = goldenRecording(40)
  const { code, stdout, stderr } = await replay(
    t,
    transform,
    stdin,
    ['--export_data', 'json:out.ndjson', '--export_data', './save.mjs'],
    { cwd },
  )
  assert.equal(code, 0, stderr)
  assert.equal(readFileSync(join(cwd, 'out.ndjson'), 'utf8'), stdout)
  assert.equal(readFileSync(join(cwd, 'module.ndjson'), 'utf8'), stdout)
  const plain = await runHere(t, ['replay', '-', '--decode_data'], { stdin }).result
  const expected = linesOf(plain.stdout).flatMap((line) => {
    const { customer, timestamp } = JSON.parse(line)
    return [1, 2].map((part) => JSON.stringify({ customer, timestamp, part }))
  })
  assert.deepEqual(linesOf(stdout), expected)
})

test('the dead letter has a frame once, of which an output gave up several records', async (t) => {
  const cwd = tempFolder(t)
  writeFileSync(join(cwd, 'refuse.mjs'), 'export default () => { throw new Error("full") }')
  const transform = moduleOf(t, '(record) => [record, record, record]')
  const args = ['--export_data', './refuse.mjs', '--dead_letter', 'dead.ndjson']
  const stdin = goldenRecording(2)
  const { code, stderr } = await replay(t, transform, stdin, args, { cwd })
  assert.equal(code, 1)
  const dead = linesOf(readFileSync(join(cwd, 'dead.ndjson'), 'utf8'))
  assert.deepEqual(
    dead.map((line) => JSON.parse(line).frame),
    linesOf(stdin).map((line) => JSON.parse(line).frame),
  )
  assert.match(stderr, /6 messages kept in dead\.ndjson/)
})

test('a stream transforms what it prints, records what came, and counts what is filtered', async (t) => {
  const cwd = tempFolder(t)
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const transform = moduleOf(
    t,
    `({ timestamp }, context) => timestamp === '2' ? undefined : { timestamp, ...context }`,
  )
  const program = runProgram(
    t,
    [
      ...['--hostname', central.url, '--jsoninput', input, '--decode_data'],
      ...['--transform', transform, '--record', 'frames.ndjson', '--metrics', '0'],
    ],
    { cwd },
  )
  const socket = await central.waitForSocket()
  for (const timestamp of ['1', '2', '3']) {
    await socket.send(encodeFrame('presence', {}, { timestamp, customer_id: 'c' }))
  }
  await program.waitForLine('"timestamp":"3"', 'stdout')
  const [url = ''] = /http:\/\/[\d.]+:\d+/.exec(await program.waitForLine('/metrics')) ?? []
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /^aruba_stream_filtered_total\{customer="A",topic="presence"\} 1$/m)
  program.kill()
  const { code, stdout } = await program.result
  assert.equal(code, 0)
  assert.deepEqual(linesOf(stdout), [
    '{"timestamp":"1","customer":"A","topic":"presence"}',
    '{"timestamp":"3","customer":"A","topic":"presence"}',
  ])
  assert.equal(linesOf(readFileSync(join(cwd, 'frames.ndjson'), 'utf8')).length, 3)
})

test('a transform that is missing ends the program with 2 before anything is opened', async (t) => {
  const args = ['--export_data', 'json:out.ndjson']
  const cwd = tempFolder(t)
  const { code, stderr, stdout } = await replay(t, './none.mjs', goldenRecording(1), args, { cwd })
  assert.deepEqual([code, stdout], [2, ''])
  assert.match(stderr, /^aruba-stream: --transform \.\/none\.mjs: there is no such file \(looked/)
})

test('a transform that makes 40 MB of a record is handed on whole', async (t) => {
  const transform = moduleOf(t, `({ customer }) => ({ customer, pad: 'x'.repeat(40e6) })`)
  const program = runProgram(
    t,
    ['replay', '-', '--decode_data', '--transform', transform],
    // Three at a time would not fit.
    { stdin: goldenRecording(4), shell: '"$@" | wc -c', nodeOptions: ['--max-old-space-size=200'] },
  )
  const { stdout, stderr } = await program.result
  assert.ok(Number(stdout) > 4 * 40e6, `${stdout}${stderr}`)
})
