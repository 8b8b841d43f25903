import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { runHere } from '../helpers/here.js'
import { runProgram } from '../helpers/program.js'
import { trafficRecording } from '../helpers/recording.js'
import { entryOf, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const RSSI = 'data.pa_rssi_event.rssi'

function presenceFrame(): Uint8Array {
  const rssi = [-40, -50].map((rssi_val) => ({ rssi_val, device_id: 'CN99' }))
  const fields = { timestamp: '1700000000123456789', customer_id: 'c' }
  return encodeFrame('presence', { pa_rssi_event: { rssi } }, fields)
}

/** The program on a pseudo terminal, its log apart. */
const ON_TERMINAL = `script -qec "$(printf "'%s' " "$@") 2>/dev/null" /dev/null`
const hasScript = spawnSync('script', ['--version']).error === undefined
const onTerminal = { skip: hasScript ? false : 'script(1) of util-linux is not installed' }

const rowsIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('rows on stdout', () => {
  test('are printed by --rows as frames come, without --decode_data', async (t) => {
    const central = await startCentral(t)
    const args = ['--rows', '--no_reconnect']
    const program = await startStream(t, central, args, { input: { A: entryOf('presence') } })
    const socket = await central.waitForSocket({ topic: 'presence' })
    await socket.send(presenceFrame())
    socket.close()
    const { code, stdout } = await program.result
    assert.equal(code, 0)
    assert.deepEqual(
      rowsIn(stdout).map((row) => [row.table, row.customer, row[`${RSSI}.rssi_val`]]),
      [
        ['presence', 'A', undefined],
        ['presence.pa_rssi_event.rssi', 'A', -40],
        ['presence.pa_rssi_event.rssi', 'A', -50],
      ],
    )
  })

  test('are the same in a pipe, in a file and by the json output', async (t) => {
    const folder = tempFolder(t)
    const stdin = trafficRecording(5)
    const args = ['replay', '-', '--rows', '--export_data', `json:${folder}/rows.ndjson?rows`]
    const piped = await runProgram(t, args, { stdin }).result
    const shell = `"$@" > '${folder}/file'`
    await runProgram(t, ['replay', '-', '--rows'], { stdin, shell }).result
    assert.equal(readFileSync(join(folder, 'file'), 'utf8'), piped.stdout)
    assert.equal(readFileSync(join(folder, 'rows.ndjson'), 'utf8'), piped.stdout)
    assert.ok(rowsIn(piped.stdout).length > 18 * 5)
  })

  test('are those of what a transform made of a record', async (t) => {
    const folder = tempFolder(t)
    const module = `export default (record) => ({
      ...record, site: 'HQ',
      data: { ...record.data, pa_rssi_event: { rssi: [{ rssi_val: 'strong', floor: 3 }] } },
    })`
    writeFileSync(join(folder, 'site.mjs'), module)
    const frame = Buffer.from(presenceFrame()).toString('base64')
    const received = '2026-01-01T00:00:00.000Z'
    const stdin = `${JSON.stringify({ received, customer: 'A', topic: 'presence', frame })}\n`
    const args = ['replay', '-', '--rows', '--transform', './site.mjs']
    const { stdout } = await runHere(t, args, { stdin, cwd: folder }).result
    const [own, element, ...others] = rowsIn(stdout)
    assert.deepEqual(others, [])
    assert.deepEqual([own.site, element.site], ['HQ', 'HQ'])
    assert.equal(element[`${RSSI}.rssi_val`], 'strong')
    assert.equal(element[`${RSSI}.floor`], 3)
  })

  test('are lines on a terminal, too', onTerminal, async (t) => {
    const path = join(tempFolder(t), 'frames')
    writeFileSync(path, trafficRecording(1))
    const shell = ON_TERMINAL
    const { stdout } = await runProgram(t, ['replay', path, '--rows'], { shell }).result
    assert.ok(rowsIn(stdout.replaceAll('\r', '')).length > 18)
  })

  test('come in brief with --brief, coloured on a terminal alone', onTerminal, async (t) => {
    const path = join(tempFolder(t), 'frames')
    writeFileSync(path, trafficRecording(1))
    const args = ['replay', path, '--brief']
    const env = { TZ: 'UTC', TERM: 'xterm', NO_COLOR: undefined }
    // A process of its own: the time zone of this one is the machine's.
    const piped = await runProgram(t, args, { env }).result
    assert.equal(piped.code, 0)
    const lines = piped.stdout.trimEnd().split('\n')
    for (const line of lines) assert.match(line, /^2026-11-25 17:58:00 (Campus|Branches) +[\w-]+/)
    assert.ok(!piped.stdout.includes('\u001b'))
    const shown = await runProgram(t, args, { shell: ON_TERMINAL, env }).result
    assert.equal(shown.stdout.trimEnd().split('\n').length, lines.length)
    assert.ok(shown.stdout.includes('\u001b[32mUP\u001b[39m'))
  })

  test('refuse --rows and --brief together, with exit code 2', async (t) => {
    const { code, stderr } = await runHere(t, ['replay', '-', '--rows', '--brief']).result
    assert.equal(code, 2)
    assert.match(stderr, /--rows and --brief: expected one of them; got both/)
  })
})
