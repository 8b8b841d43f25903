import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import papaparse from 'papaparse'
import { systemClock } from '../../src/clock.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { ClassicTraffic } from '../../src/simulator/traffic.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { goldenRecording } from '../helpers/golden.js'
import { runHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { runProgram } from '../helpers/program.js'
import { CLI, sized } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

const TOPICS = ['monitoring', 'presence', 'location', 'audit'] as const
const FRAMES = sized(2_000, 40_000)

/** Hands its recording and its signals to a replay whose stdin stays open. */
const KEEPS_STDIN_OPEN = `
import { spawn } from 'node:child_process'
const [, , line, type] = process.argv
const cli = ${JSON.stringify(CLI)}
const child = spawn(process.execPath, [cli, 'replay', '-', '--export_data', type], {
  stdio: ['pipe', 'inherit', 'inherit'],
})
child.stdin.write(line)
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 99))
`

/** The lines of each entry, in order. */
function byEntry(text: string): Record<string, string[]> {
  const entries: Record<string, string[]> = {}
  for (const line of text.split('\n').filter(Boolean)) {
    const { customer } = JSON.parse(line)
    entries[customer] ??= []
    entries[customer].push(line)
  }
  return entries
}

test(`${FRAMES} recorded frames replay to what was printed live, byte for byte`, async (t) => {
  const folder = tempFolder(t)
  const central = await startCentral(t)
  const key = makeKey('key')
  const entries = TOPICS.map((topic) => [`A ${topic}`, { wsskey: key, topic }])
  const input = await writeInput(t, Object.fromEntries(entries))
  const reach = ['--hostname', central.url, '--jsoninput', input]
  // Made before there are connections: this takes long, and Central must answer their handshakes meanwhile.
  const traffic = new ClassicTraffic({ customerId: 'c'.repeat(32), clock: systemClock })
  const made = TOPICS.map((topic) =>
    Array.from({ length: FRAMES / TOPICS.length }, () => traffic.next(topic)),
  )
  const live = runProgram(
    t,
    [...reach, '--decode_data', '--readable', '--record', 'frames.jsonl', '--metrics', '0'],
    { cwd: folder },
  )
  const sockets = await Promise.all(TOPICS.map((topic) => central.waitForSocket({ topic })))
  await Promise.all(sockets.map((socket, at) => socket.sendAll(made[at] ?? [])))
  const url = await live.metricsUrl()
  const arrived = async () => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return text.includes(`aruba_stream_exported_total{exporter="stdout"} ${FRAMES}\n`)
  }
  await until(arrived)
  live.kill()
  const { code, stdout } = await live.result
  assert.equal(code, 0)
  const printed = byEntry(stdout)
  assert.equal(Object.values(printed).flat().length, FRAMES)

  const path = join(folder, 'frames.jsonl')
  const recording = await readFile(path)
  const replay = async (file: string, stdin = '') =>
    runProgram(t, ['replay', file, '--decode_data', '--readable'], { cwd: folder, stdin }).result

  const fromFile = await replay('frames.jsonl')
  assert.equal(fromFile.code, 0)
  assert.deepEqual(byEntry(fromFile.stdout), printed)
  await writeFile(join(folder, 'frames.jsonl.gz'), gzipSync(recording, { level: 1 }))
  const others = [replay('frames.jsonl.gz'), replay('-', recording.toString())]
  for (const result of await Promise.all(others)) {
    assert.equal(result.code, 0)
    assert.ok(result.stdout === fromFile.stdout, 'the same bytes')
  }

  await appendFile(path, recording.subarray(0, 100))
  const torn = await replay('frames.jsonl')
  assert.equal(torn.code, 0)
  assert.ok(torn.stdout === fromFile.stdout, 'the same bytes')
  assert.match(torn.stderr, /WARN .*frames\.jsonl, line \d+: the last line was torn.*skipped/)
  assert.ok(torn.stderr.includes(`, line ${FRAMES + 1}: `))
})

/** A receiver of lines that reads nothing until it is told to. */
async function sleepyReceiver(t: TestContext) {
  const sockets: Socket[] = []
  let text = ''
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket.on('error', () => {}))
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    // Attaching a listener starts the flow.
    socket.pause()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return {
    url: `tcp://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    wake: () => {
      for (const socket of sockets) socket.resume()
    },
    lines: () => text.split('\n').slice(0, -1),
  }
}

const MODULE = `
import { appendFileSync } from 'node:fs'
export default async function exportData(message) {
  await new Promise((resolve) => setImmediate(resolve))
  appendFileSync('module.txt', message.timestamp + '\\n')
}
`

test('several outputs get every message, and a slow one slows the stream', async (t) => {
  const folder = tempFolder(t)
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'audit' } })
  const receiver = await sleepyReceiver(t)
  await writeFile(join(folder, 'module.mjs'), MODULE)
  const outputs = ['json:out.ndjson', 'csv:sheets', './module.mjs', receiver.url]
  const program = runProgram(
    t,
    [
      ...['--hostname', central.url, '--jsoninput', input, '--decode_data'],
      ...outputs.flatMap((type) => ['--export_data', type]),
    ],
    { cwd: folder },
  )
  const total = 1_200
  const payload = { customer_id: 'x'.repeat(20_000), timestamp: '1' }
  const frames = Array.from({ length: total }, (_, n) =>
    encodeFrame('audit', payload, { timestamp: String(n), customer_id: 'c' }),
  )
  const socket = await central.waitForSocket()
  let sentAll = false
  const sending = socket.sendAll(frames).then(() => {
    sentAll = true
  })
  // 24 MB cannot hide in buffers: as long as one exporter waits, all of them stand still.
  let before = -1
  const printed = () => program.lines
  while (printed() === 0 || printed() !== before) {
    before = printed()
    await sleep(400)
  }
  assert.ok(!sentAll && before < total, `${before} of ${total} went past a receiver that sleeps`)
  receiver.wake()
  await sending
  await program.waitForLine(`"timestamp":"${total - 1}"`, 'stdout')
  program.kill()
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0, stderr)

  const numbers = frames.map((_, n) => String(n))
  const timestamps = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).timestamp)
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  const linesOf = (text: string) => text.split('\n').slice(0, -1)
  assert.deepEqual(timestamps(linesOf(stdout)), numbers)
  assert.deepEqual(timestamps(linesOf(read('out.ndjson'))), numbers)
  assert.deepEqual(timestamps(receiver.lines()), numbers)
  assert.deepEqual(linesOf(read('module.txt')), numbers)
  const { data } = papaparse.parse<Record<string, string>>(read('sheets/audit.csv').trim(), {
    header: true,
  })
  assert.deepEqual(
    data.map(({ timestamp }) => timestamp),
    numbers,
  )
})

test('what a module does to its frame harms no other exporter', async (t) => {
  const folder = tempFolder(t)
  const spoil = 'export default (record, { frame }) => { frame.fill(0) }'
  await writeFile(join(folder, 'spoil.mjs'), spoil)
  await writeFile(join(folder, 'frames.jsonl'), goldenRecording(5))
  const replay = async (...types: readonly string[]) => {
    const args = types.flatMap((type) => ['--export_data', type])
    const { code, stderr } = await runHere(t, ['replay', 'frames.jsonl', ...args], { cwd: folder })
      .result
    assert.equal(code, 0, stderr)
  }
  await replay('./spoil.mjs', 'json:beside')
  await replay('json:alone')
  const [beside, alone] = ['beside', 'alone'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  )
  assert.equal(alone?.trim().split('\n').length, 5)
  assert.equal(beside, alone)
})

test('a module that spoils the record costs the outputs after it that message alone', async (t) => {
  const folder = tempFolder(t)
  const spoil = 'export default (record) => { record.data = { far: 1n } }'
  await writeFile(join(folder, 'spoil.mjs'), spoil)
  await writeFile(join(folder, 'frames.jsonl'), goldenRecording(2))
  const args = ['replay', 'frames.jsonl', '--decode_data', '--dead_letter', 'dead.jsonl']
  const exports = ['--export_data', './spoil.mjs', '--export_data', 'csv:w']
  const { code, stdout, stderr } = await runHere(t, [...args, ...exports], { cwd: folder }).result
  assert.equal(code, 1)
  assert.match(stderr, /the message is given up/)
  assert.equal(stdout.trim().split('\n').length, 2)
  const letters = readFileSync(join(folder, 'dead.jsonl'), 'utf8').trim().split('\n')
  assert.deepEqual(
    letters.map((line) => JSON.parse(line).exporter),
    ['csv:w', 'csv:w'],
  )
})

test('a replay finds out at the start that a CSV file has other columns', async (t) => {
  const folder = tempFolder(t)
  await mkdir(join(folder, 'w'))
  await writeFile(join(folder, 'w', 'presence.csv'), 'customer,topic\n')
  await writeFile(join(folder, 'frames.jsonl'), goldenRecording(20))
  const args = ['replay', 'frames.jsonl', '--export_data', 'csv:w']
  const { code, stderr } = await runHere(t, args, { cwd: folder }).result
  assert.equal(code, 2)
  assert.match(stderr, /the columns of "w\/presence\.csv" are not those .* move it away/)
})

test('a replay that can read only the beginning of its file exports that, and fails', async (t) => {
  const folder = tempFolder(t)
  const packed = gzipSync(goldenRecording(3_000), { level: 1 })
  const tenth = Math.floor(packed.length / 10)
  packed.fill(0x55, 8 * tenth, 9 * tenth)
  await writeFile(join(folder, 'frames.gz'), packed)
  const args = ['replay', 'frames.gz', '--export_data', 'json:o']
  const { code, stderr } = await runHere(t, args, { cwd: folder }).result
  assert.match(stderr, /ERROR frames\.gz: is not gzip, or is damaged/)
  assert.match(stderr, / ended.*messages=\d+/)
  assert.equal(code, 1)
  assert.ok(readFileSync(join(folder, 'o'), 'utf8').length > 0)
  await writeFile(join(folder, 'cut.gz'), gzipSync(goldenRecording(3_000)).subarray(0, 30_000))
  const cut = await runHere(t, ['replay', 'cut.gz', '--export_data', 'json:c'], { cwd: folder })
    .result
  assert.match(cut.stderr, /ERROR cut\.gz: the compressed file ends too early/)
  assert.equal(cut.code, 1)
  assert.ok(readFileSync(join(folder, 'c'), 'utf8').length > 0)
  await writeFile(join(folder, 'rubbish.gz'), 'rubbish')
  const none = await runHere(t, ['replay', 'rubbish.gz', '--decode_data']).result
  assert.equal(none.code, 2)
})

test('SIGHUP has a replay open its files again', async (t) => {
  const folder = tempFolder(t)
  await writeFile(join(folder, 'parent.mjs'), KEEPS_STDIN_OPEN)
  const path = join(folder, 'o')
  const program = runProgram(t, [goldenRecording(1), `json:${path}`], {
    script: join(folder, 'parent.mjs'),
    cwd: folder,
  })
  await until(() => existsSync(path) && readFileSync(path, 'utf8').endsWith('\n'))
  renameSync(path, `${path}.1`)
  program.child.kill('SIGHUP')
  await until(() => existsSync(path))
  program.kill()
  // The signal came before the end of stdin.
  assert.equal((await program.result).code, 1)
})
