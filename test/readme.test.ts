import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeFrame } from '../src/simulator/classic/encode.js'
import { tempDir } from './helpers/input.js'
import { makeKey } from './helpers/keys.js'
import { runProgram } from './helpers/program.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** The code block that a marker names. */
function example(name: string): string {
  const [, code] =
    new RegExp(`<!-- example: ${name} -->\n\`\`\`\\w*\n(.*?)\`\`\``, 's').exec(README) ?? []
  assert.ok(code !== undefined, `the README has no example "${name}"`)
  return code
}

/** Options in the first column of the table that a marker names. */
function listed(name: string): string[] {
  const [, table = ''] = new RegExp(`<!-- options: ${name} -->\n(.*?)\n\n`, 's').exec(README) ?? []
  return [...table.matchAll(/^\| `(.+?)` \|/gm)].map(([, flags = '']) => flags)
}

/** Options of a command, as its help shows them. */
async function shown(t: TestContext, ...command: string[]): Promise<string[]> {
  const { code, stdout } = await runProgram(t, [...command, '--help']).result
  assert.equal(code, 0)
  return [...stdout.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: <.+?>)?)(?= |$)/gm)].map(
    ([, flags = '']) => flags,
  )
}

const ENTRY = { customer: 'CustomerA_presence', topic: 'presence' } as const

/** The README's record as the frame it comes from, in a recording. */
function recording(): string {
  const { timestamp, customer_id, data } = JSON.parse(example('record'))
  const frame = encodeFrame('presence', data, { timestamp, customer_id })
  const received = '2023-11-14T22:13:20.123Z'
  return `${JSON.stringify({ received, ...ENTRY, frame: Buffer.from(frame).toString('base64') })}\n`
}

function replay(t: TestContext, args: readonly string[], cwd = ROOT) {
  return runProgram(t, ['replay', '-', ...args], { stdin: recording(), cwd }).result
}

describe('the README', () => {
  test('lists the options that the help shows, no more and no fewer', async (t) => {
    const ours = [...listed('reference'), ...listed('ours')]
    assert.deepEqual(ours.sort(), (await shown(t)).sort())
    const simulate = (await shown(t, 'simulate')).filter((flags) => flags !== '-h, --help')
    assert.deepEqual(listed('simulate'), simulate)
  })

  test('shows a record as the program prints it', async (t) => {
    const { code, stdout } = await replay(t, ['--decode_data'])
    assert.equal(code, 0)
    assert.equal(stdout, example('record'))
  })

  test('shows a sighting without and with --readable', async (t) => {
    const runs = [
      await replay(t, ['--decode_data']),
      await replay(t, ['--decode_data', '--readable']),
    ]
    const sightings = runs.map(({ stdout }) =>
      JSON.stringify(JSON.parse(stdout).data.pa_proximity_event.proximity[0]),
    )
    assert.equal(`${sightings.join('\n')}\n`, example('readable'))
  })

  test('shows what the program says of a wrong input file', async (t) => {
    const folder = await tempDir(t)
    const customers = {
      CustomerA_monitoring: { username: 'abc@example.com', wsskey: '', topic: 'monitoring' },
      CustomerA_wifi: { wsskey: makeKey('readme'), topic: 'wifi' },
      CustomerB_presence: { topic: 'Presence' },
    }
    writeFileSync(join(folder, 'input.json'), JSON.stringify({ customers }), { mode: 0o600 })
    const args = ['--hostname', 'localhost:1', '--jsoninput', 'input.json']
    const { code, stderr } = await runProgram(t, args, { cwd: folder }).result
    assert.equal(code, 2)
    assert.equal(stderr.replace(/^\S+ ERROR /gm, ''), example('input-error'))
  })

  for (const [name, file] of [
    ['module', 'save.mjs'],
    ['typescript-module', 'rssi.ts'],
    ['ported-module', 'ported.mjs'],
  ] as const) {
    test(`shows examples/${file} as it is`, () => {
      assert.equal(example(name), readFileSync(join(ROOT, 'examples', file), 'utf8'))
    })
  }

  test('has a module that saves what it gets', async (t) => {
    const folder = await tempDir(t)
    const { code, stderr } = await replay(
      t,
      ['--export_data', join(ROOT, 'examples/save.mjs')],
      folder,
    )
    assert.equal(code, 0, stderr)
    assert.match(stderr, /ready to save/)
    const saved = await readFile(join(folder, 'presence.txt'), 'utf8')
    assert.match(saved, /^CustomerA_presence 1700000000123456789 \d+ bytes\n$/)
  })

  test('has an export class of the reference as a module', async (t) => {
    const { code, stderr } = await replay(t, ['--export_data', './examples/ported.mjs'])
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^presence: 3 fields$/m)
  })

  test('has jq recipes that give what they promise', async (t) => {
    if (spawnSync('jq', ['--version']).error) return t.skip('jq is not installed')
    const filters = [...README.matchAll(/^aruba-stream … --decode_data.*\| jq -r '(.*)'$/gm)]
    assert.equal(filters.length, 2)
    const rssi = { sta_eth_mac: { addr: 'E0F8471E01AC' }, rssi_val: -61, device_id: 'CK0123456' }
    const record = {
      ...JSON.parse(example('record')),
      data: { pa_rssi_event: { rssi: [rssi] } },
    }
    const outputs = filters.map(
      ([, filter = '']) =>
        spawnSync('jq', ['-r', filter], { input: JSON.stringify(record), encoding: 'utf8' }).stdout,
    )
    assert.deepEqual(outputs, [
      'CK0123456\tE0F8471E01AC\t-61\n',
      '2023-11-14T22:13:20Z\tCustomerA_presence\tpresence\n',
    ])
  })

  test('names only files that are there', () => {
    const paths = [...README.matchAll(/`((?:test|src|examples|scripts|proto)\/[\w./-]*)`/g)]
    for (const [, path = ''] of paths) assert.ok(existsSync(join(ROOT, path)), path)
  })
})
