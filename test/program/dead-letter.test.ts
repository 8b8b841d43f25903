import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { goldenFrames, goldenRecording } from '../helpers/golden.js'
import { runHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { runProgram } from '../helpers/program.js'
import { CLI } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { bytes } from '../helpers/wire.js'

type Letter = {
  readonly received: string
  readonly customer: string
  readonly topic: string
  readonly frame: string
  readonly reason: string
  readonly exporter?: string
  readonly text?: true
}

const MODULE = `
export default function exportData(message) {
  if (message.timestamp === '13') throw new Error('not on a\\nFriday')
}
`
/** Runs a program, gives it a line and a half, and leaves its stdin open. */
const KEEPS_STDIN_OPEN = `
import { spawn } from 'node:child_process'
const [, , cli, line, ...args] = process.argv
const stdio = ['pipe', 'inherit', 'inherit']
const child = spawn(process.execPath, [cli, ...args], { stdio })
child.stdin.write(line + '{"rece')
process.on('SIGTERM', () => child.kill())
child.on('exit', (code) => process.exit(code ?? 99))
`
const linesOf = <Line>(path: string): Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

/** A presence frame as Central would send it once \`pa_proximity_event\` is a text. */
function newerFrame(timestamp: number): Buffer {
  const envelope = encodeFrame('presence', {}, { timestamp: String(timestamp), customer_id: 'c' })
  return Buffer.concat([envelope, bytes(3, bytes(7, 'far away'))])
}

test('what cannot be decoded or exported is kept, and a newer schema brings it back', async (t) => {
  const folder = tempFolder(t)
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  await writeFile(join(folder, 'module.mjs'), MODULE)
  const args = ['--hostname', central.url, '--jsoninput', input]
  const program = runProgram(
    t,
    [
      ...[...args, '--decode_data', '--export_data', './module.mjs'],
      ...['--dead_letter', 'dead.jsonl', '--stats_interval', '0'],
    ],
    { cwd: folder },
  )
  const socket = await central.waitForSocket()
  const broken = Buffer.from([0xff])
  const newer = newerFrame(7)
  const refused = encodeFrame('presence', {}, { timestamp: '13', customer_id: 'c' })
  const last = encodeFrame('presence', {}, { timestamp: '14', customer_id: 'c' })
  await socket.send(goldenFrames('presence')[0] ?? broken)
  await socket.send(broken)
  await socket.sendText('{"error":"müde"}')
  await socket.send(newer)
  await socket.send(refused)
  await socket.send(last)
  await program.waitForLine('"timestamp":"14"', 'stdout')
  program.kill()
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 1, 'messages were given up')
  assert.equal(stdout.trim().split('\n').length, 3)
  assert.match(stderr, /undecodable=3 delivered=5 given_up=1/)

  const letters = linesOf<Letter>(join(folder, 'dead.jsonl'))
  assert.deepEqual(
    letters.map(({ customer, topic, frame, exporter, text }) => ({
      ...{ customer, topic, frame, exporter, text },
    })),
    [
      { frame: broken.toString('base64'), exporter: undefined, text: undefined },
      {
        frame: Buffer.from('{"error":"müde"}').toString('base64'),
        exporter: undefined,
        text: true,
      },
      { frame: newer.toString('base64'), exporter: undefined, text: undefined },
      { frame: Buffer.from(refused).toString('base64'), exporter: './module.mjs', text: undefined },
    ].map((letter) => ({ customer: 'A', topic: 'presence', ...letter })),
  )
  for (const { received, reason } of letters) {
    assert.equal(new Date(received).toISOString(), received)
    assert.match(reason, /^[^\n]+$/)
  }
  assert.match(letters[3]?.reason ?? '', /\.\/module\.mjs: not on a/)

  // Central's newer file, as downloaded: the field is a text now.
  const shipped = await readFile(
    new URL('../../proto/classic/presence.proto', import.meta.url),
    'utf8',
  )
  const changed = shipped.replace(
    'optional pa_proximity_event pa_proximity_event = 7;',
    'optional string pa_proximity_event = 7;',
  )
  assert.notEqual(changed, shipped)
  await mkdir(join(folder, 'newer'))
  await writeFile(join(folder, 'newer', 'presence.proto'), changed)
  const replay = await runHere(
    t,
    [
      ...['replay', 'dead.jsonl', '--proto_dir', 'newer', '--export_data', 'json:mended.ndjson'],
      ...['--dead_letter', 'rest.jsonl'],
    ],
    { cwd: folder },
  ).result
  assert.equal(replay.code, 1, 'two frames are still none of the topic')
  const mended = linesOf<{ timestamp: string; data: unknown }>(join(folder, 'mended.ndjson'))
  assert.deepEqual(
    mended.map(({ timestamp, data }) => [timestamp, data]),
    [
      ['7', { pa_proximity_event: 'far away' }],
      ['13', {}],
    ],
  )
  const rest = linesOf<Letter>(join(folder, 'rest.jsonl'))
  // When it was received is the frame's, not the replay's.
  assert.deepEqual(rest, letters.slice(0, 2))
  assert.match(
    replay.stderr,
    /1 subscription: 1 ended \(messages=2 bytes=\d+ undecodable=2 delivered=2 given_up=0/,
  )

  const own = ['replay', 'dead.jsonl', '--export_data', 'json', '--dead_letter', './dead.jsonl']
  const refusedRun = await runHere(t, own, { cwd: folder }).result
  assert.equal(refusedRun.code, 2)
  assert.match(refusedRun.stderr, /expected another file than that of FILE/)
})

test('undecodable frames alone are no failure', async (t) => {
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const args = ['--hostname', central.url, '--jsoninput', input, '--decode_data']
  const program = runProgram(t, args)
  const socket = await central.waitForSocket()
  await socket.send(Buffer.from([0xff]))
  const line = await program.waitForLine('code=frame-undecodable')
  assert.match(line, /ERROR A: the frame cannot be decoded/)
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 0)
  assert.match(stderr, /undecodable=1/)
})

test('a replay whose input stays open ends with 1 when it is asked to', async (t) => {
  const folder = tempFolder(t)
  await writeFile(join(folder, 'parent.mjs'), KEEPS_STDIN_OPEN)
  const line = goldenRecording(1)
  const args = [CLI, line, 'replay', '-', '--decode_data']
  const program = runProgram(t, args, { script: join(folder, 'parent.mjs') })
  await program.waitForLine('"customer"', 'stdout')
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 1)
  assert.doesNotMatch(stderr, /torn/)
})
