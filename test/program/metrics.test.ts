import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { parseExposition } from '../helpers/exposition.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { runProgram } from '../helpers/program.js'
import { tempFolder } from '../helpers/temp-folder.js'

const BREAKS = 2
const FRAMES = 300

test('the metrics go on counting over lost connections, and count what was given up', async (t) => {
  const folder = tempFolder(t)
  const module = `export default ({ timestamp }) => { if (timestamp.endsWith('7')) throw new Error('7') }`
  await writeFile(join(folder, 'module.mjs'), module)
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const program = runProgram(
    t,
    [
      ...['--hostname', central.url, '--jsoninput', input],
      ...['--export_data', './module.mjs', '--export_data', 'json', '--metrics', '0'],
    ],
    { cwd: folder },
  )
  const url = await program.metricsUrl()
  const scrape = async () => {
    const families = parseExposition(await (await fetch(`${url}/metrics`)).text())
    return (name: string, label: string, is: string) =>
      families.get(`aruba_stream_${name}`)?.samples.find(({ labels }) => labels[label] === is)
        ?.value
  }
  const health = async () => {
    const answer = await fetch(`${url}/healthz`)
    return { status: answer.status, text: await answer.text() }
  }
  /** Asks until the entry has this value; a page is up to a second old. */
  const scrapeUntil = async (name: string, expected: number) => {
    let value = await scrape()
    await until(async () => {
      value = await scrape()
      return value(name, 'customer', 'A') === expected
    })
    return value
  }
  const healthUntil = async (expected: number) => {
    await until(async () => (await health()).status === expected)
    return (await health()).text
  }

  let sent = 0
  let bytes = 0
  let value = await scrape()
  for (let connection = 0; connection <= BREAKS; connection++) {
    const socket = await central.waitForSocket()
    const frames = Array.from({ length: FRAMES }, () => {
      const fields = { timestamp: String(sent++), customer_id: 'c' }
      const frame = encodeFrame('presence', {}, fields)
      bytes += frame.length
      return frame
    })
    await socket.sendAll(frames)
    value = await scrapeUntil('messages_total', sent)
    assert.equal(value('reconnects_total', 'customer', 'A'), connection)
    assert.equal(value('up', 'customer', 'A'), 1)
    await healthUntil(200)
    if (connection === BREAKS) break
    let open = () => {}
    const held = new Promise<void>((resolve) => {
      open = resolve
    })
    central.failHandshake({ type: 'hold', until: held })
    const knocked = central.nextHandshake()
    socket.terminate()
    await knocked
    await scrapeUntil('up', 0)
    assert.match(await healthUntil(503), /"A"/)
    open()
  }
  const sevens = sent / 10
  assert.equal(value('received_bytes_total', 'customer', 'A'), bytes)
  assert.equal(value('export_kept_total', 'exporter', './module.mjs'), 0)
  assert.equal(value('exported_total', 'exporter', './module.mjs'), sent - sevens)
  assert.equal(value('export_given_up_total', 'exporter', './module.mjs'), sevens)
  assert.equal(value('export_given_up_total', 'exporter', 'json'), 0)
  assert.ok((value('gap_seconds_total', 'customer', 'A') ?? 0) > 0)
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 1, 'messages were given up')
  assert.match(stderr, new RegExp(`\\./module\\.mjs: ${sevens} messages lost; --dead_letter`))
  assert.match(
    stderr,
    new RegExp(`messages=${sent} bytes=${bytes} undecodable=0 reconnects=${BREAKS}`),
  )
})
