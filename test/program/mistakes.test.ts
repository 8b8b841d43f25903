import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { refusal, runHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey, registerKey } from '../helpers/keys.js'
import { runProgram } from '../helpers/program.js'
import { commandLine, entryOf } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** Exit code 2, nothing on stdout, no connection was ever opened, and the last line of stderr says why. */
async function requireMistake(
  t: TestContext,
  argsFor: (url: string) => readonly string[],
  expected: readonly RegExp[],
): Promise<void> {
  const central = await startCentral(t)
  const result = await refusal(argsFor(central.url))
  assert.equal(result.code, 2, result.stderr)
  assert.equal(result.stdout, '')
  for (const each of expected) assert.match(result.stderr, each)
  assert.match(result.stderr, /(^|\n)aruba-stream: [^\n]+\n$/)
  assert.doesNotMatch(result.stderr, /^\s+at |unexpected error/m)
  assert.equal(central.connections.accepted, 0)
}

const file = (customers: unknown) => JSON.stringify({ customers }, null, 2)
const entry = JSON.stringify(entryOf('audit'))

/** What stands in the file (undefined: there is none), and what must be said of it. */
const FILES: Readonly<Record<string, readonly [text: string | undefined, ...RegExp[]]>> = {
  'is missing': [
    undefined,
    /input\.json: it does not exist; expected the input file, an example is \/.*\/input\.example\.json \(ENOENT\)/,
  ],
  'is empty': ['\n', /input\.json: it is empty/],
  'is not JSON': [
    `{"customers": {\n  "A": ${entry},\n}}`,
    new RegExp(`line 2, column ${`  "A": ${entry},`.length}: is not JSON`),
  ],
  'ends amid a key': [
    `{"customers": {"A": {"wsskey": "${makeKey('cut')}`,
    /line 1, column \d+: is not JSON: this text has no closing quote/,
  ],
  'has no customers': ['{"customer": {}}', /customers: is missing/],
  'has an empty list of customers': [file({}), /customers: is empty/],
  'has customers that are a list': [file([entryOf('audit')]), /customers: expected an object/],
  'has an entry that is no object': [file({ A: makeKey('bare') }), /customers\.A: expected an obj/],
  'has the same entry twice': [
    `{"customers": {"A": ${entry},\n"A": ${entry}}}`,
    /customers\.A: a second entry of this name, on line 2/,
  ],
  'has entries without key and topic': [
    file({ A: { topic: 'audit' }, B: { wsskey: makeKey('no topic') } }),
    /^aruba-stream: .*input\.json: 2 problems$/m,
    /^aruba-stream: .*input\.json: customers\.A\.wsskey: is missing/m,
    /^aruba-stream: .*input\.json: customers\.B\.topic: is missing/m,
  ],
  'has a topic that there is not': [
    file({ A: entryOf('wifi') }),
    /customers\.A\.topic: expected one of apprf, audit, .*; got "wifi"/,
  ],
  'has key and topic mixed up': [
    file({ A: { wsskey: 'audit', topic: makeKey('as topic') } }),
    /customers\.A\.topic: expected one of/,
  ],
  'has a line break in a key': [
    file({ A: entryOf('audit', registerKey(`${makeKey('broken')}\n${makeKey('in two')}`)) }),
    /customers\.A\.wsskey: holds .*line/,
  ],
  'has a user name that no header carries': [
    file({ A: { ...entryOf('audit'), username: 'a\r\nX: y' } }),
    /customers\.A\.username: holds/,
  ],
  'has a hostname that is none': [
    file({ A: { ...entryOf('audit'), hostname: 'http://central.example' } }),
    /customers\.A\.hostname: /,
  ],
}

describe('an input file is refused, by its place, when it', { concurrency: 2 }, () => {
  for (const [what, [text, ...expected]] of Object.entries(FILES)) {
    it(what, async (t) => {
      const path =
        text === undefined ? join(tempFolder(t), 'input.json') : await writeInput(t, text)
      await requireMistake(t, (url) => commandLine({ url }, path), expected)
    })
  }
})

const COMMAND_LINES: Readonly<Record<string, readonly [args: readonly string[], RegExp]>> = {
  'no hostname and no file': [[], /missing --hostname HOST and --jsoninput FILE/],
  'an unknown option, and the nearest one is named': [
    ['--hostname', 'URL', '--jsoninput', 'FILE', '--decode_dat'],
    /^aruba-stream: unknown option --decode_dat; did you mean --decode_data\?/,
  ],
  'an unknown command': [['stream', '--hostname', 'URL'], /the commands are check, replay/],
  'plain text to a host that is not this machine': [
    ['--hostname', 'http://central.example', '--jsoninput', 'FILE'],
    /--hostname: .*loopback/,
  ],
  'a sequence number that is none': [
    ['--hostname', 'URL', '--jsoninput', 'FILE', '--start_seq', '12x'],
    /--start_seq: expected an integer; got "12x"/,
  ],
  'a duration that is none': [
    ['--hostname', 'URL', '--jsoninput', 'FILE', '--since-time=7d'],
    /--since_time: expected a duration such as 1h.*; got "7d"/,
  ],
  'a port that is none': [
    ['--hostname', 'URL', '--jsoninput', 'FILE', '--metrics', '99999'],
    /--metrics: expected \[HOST:\]PORT/,
  ],
  'an option without its value': [
    ['--hostname', 'URL', '--jsoninput'],
    /--jsoninput <FILE>' argument missing/,
  ],
  'an output that there is not': [
    ['--hostname', 'URL', '--jsoninput', 'FILE', '--export_data', 'jsn'],
    /--export_data: expected one of json\[:PATH\].*did you mean "json"/,
  ],
}

describe('a command line is refused that has', { concurrency: 2 }, () => {
  for (const [what, [args, expected]] of Object.entries(COMMAND_LINES)) {
    it(what, async (t) => {
      const path = await writeInput(t, file({ A: entryOf('audit') }))
      const filled = (url: string) =>
        args.map((arg) => (arg === 'URL' ? url : arg === 'FILE' ? path : arg))
      await requireMistake(t, filled, [expected])
    })
  }
})

describe('nothing is opened when', { concurrency: 2 }, () => {
  const refuse = async (t: TestContext, args: readonly string[], expected: RegExp) => {
    const path = await writeInput(t, file({ A: entryOf('audit') }))
    await requireMistake(t, (url) => commandLine({ url }, path, args), [expected])
  }

  it('an exported file cannot be written', async (t) => {
    const path = join(tempFolder(t), 'missing', 'out.ndjson')
    await refuse(t, ['--export_data', `json:${path}`], /the folder ".*missing" does not exist/)
  })

  it("a user's module is not there, is broken, or fails to open", async (t) => {
    const folder = tempFolder(t)
    await refuse(t, ['--export_data', `${folder}/none.mjs`], /none\.mjs: there is no such file/)
    await writeFile(join(folder, 'odd.mjs'), 'export const exportData = () => {}')
    await refuse(t, ['--export_data', `${folder}/odd.mjs`], /its default export must be a function/)
    const source = `export default () => {}\nexport const open = () => { throw new Error('no disk') }`
    await writeFile(join(folder, 'fails.mjs'), source)
    await refuse(t, ['--export_data', `${folder}/fails.mjs`], /its open\(\) failed: no disk/)
  })

  it('a dead letter or a recording cannot be written', async (t) => {
    const path = join(tempFolder(t), 'missing', 'file')
    await refuse(t, ['--dead_letter', path], /--dead_letter.*missing/)
    await refuse(t, ['--record', path], /--record.*missing/)
  })

  it('a folder of schemas is missing, empty, or holds what is none', async (t) => {
    const folder = tempFolder(t)
    await refuse(
      t,
      ['--proto_dir', join(folder, 'none')],
      /--proto_dir .*none: expected a folder with \.proto files/,
    )
    await mkdir(join(folder, 'empty'))
    await refuse(
      t,
      ['--proto_dir', join(folder, 'empty')],
      /--proto_dir .*empty: .*the folder has none/,
    )
    await mkdir(join(folder, 'bad'))
    for (const name of ['streaming', 'audit']) {
      await writeFile(join(folder, 'bad', `${name}.proto`), 'message {{{')
    }
    await refuse(t, ['--proto_dir', join(folder, 'bad')], /bad\/audit\.proto:1: /)
  })

  it('the port for metrics is taken', async (t) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    await refuse(t, ['--metrics', String(port)], /--metrics/)
  })
})

describe('a mistake has one shape on stderr', { concurrency: 2 }, () => {
  it('with the exit code 2', async (t) => {
    for (const [text, says] of [
      ['', /^aruba-stream: [^\n]+input\.json: it is empty; [^\n]+\n$/],
      [
        file({ A: { topic: 'audit' } }),
        /^aruba-stream: [^\n]+customers\.A\.wsskey: is missing[^\n]*\n$/,
      ],
    ] as const) {
      const args = commandLine({ url: 'http://127.0.0.1:1' }, await writeInput(t, text))
      const { code, stdout, stderr } = await runHere(t, args).result
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, says)
    }
  })

  const twice = file({ A: { topic: 'audit' }, B: { wsskey: makeKey('no topic') } })

  it('as JSON where that was asked for, even if the command line cannot be read', async (t) => {
    const path = await writeInput(t, twice)
    const input = ['--hostname', '127.0.0.1:1', '--jsoninput', path]
    for (const format of [['--log_format', 'json'], ['--log-format=json']]) {
      for (const args of [
        ['--frobnicate', ...format],
        [...input, ...format],
      ]) {
        const { code, stderr } = await runProgram(t, args).result
        assert.equal(code, 2)
        const lines = stderr.trimEnd().split('\n')
        assert.ok(
          lines.every((line) => JSON.parse(line).level === 'error'),
          stderr,
        )
      }
    }
  })

  it('with the priority of an error where stderr is the journal', async (t) => {
    const log = join(tempFolder(t), 'log')
    const shell = `exec 2>'${log}'; export JOURNAL_STREAM=$(stat -c %d:%i '${log}'); exec "$@"`
    await runProgram(t, ['replay'], { shell }).result
    const missing = 'missing FILE, which --record or --dead_letter wrote; - is stdin'
    const said = `<3>${missing} (see aruba-stream replay --help)\n`
    assert.equal(await readFile(log, 'utf8'), said)
  })

  it('and check names the file with each of its problems', async (t) => {
    const path = await writeInput(t, twice)
    const args = ['check', '--offline', '--jsoninput', path]
    const text = await runHere(t, args).result
    assert.equal(text.code, 2)
    const places = text.stdout.split('\n').slice(0, 2)
    assert.ok(
      places.every((line) => line.startsWith(`${path}: customers.`)),
      text.stdout,
    )
    const json = await runHere(t, [...args, '--json']).result
    const { problems } = JSON.parse(json.stdout)
    assert.deepEqual(problems, places)
  })

  it('where the current folder is gone', async (t) => {
    const folder = tempFolder(t)
    const shell = `mkdir '${folder}/gone' && cd '${folder}/gone' && rmdir ../gone && "$@"`
    const args = ['--hostname', '127.0.0.1:1', '--jsoninput', '/none.json']
    const { code, stderr } = await runProgram(t, args, { shell }).result
    assert.equal(code, 2, stderr)
    assert.equal(
      stderr,
      'aruba-stream: the current folder was deleted, or may not be read; change to another one, and start again\n',
    )
    const help = await runProgram(t, ['--help'], { shell }).result
    assert.equal(help.code, 0)
  })

  it('where the recording to replay is not there, and no file is made then', async (t) => {
    const folder = tempFolder(t)
    const out = join(folder, 'out.ndjson')
    for (const [file, why] of [
      ['none', 'it does not exist'],
      ['.', 'it is a folder, not a file'],
    ]) {
      const path = join(folder, file ?? '')
      const { code, stderr } = await runHere(t, ['replay', path, '--export_data', `json:${out}`])
        .result
      assert.equal(code, 2)
      const expected = 'expected what --record or --dead_letter wrote'
      assert.equal(stderr, `aruba-stream: ${path}: ${why}; ${expected}\n`)
    }
    assert.ok(!existsSync(out))
  })

  it('where one of the schemas is wrong, before replay has delivered anything', async (t) => {
    const folder = tempFolder(t)
    const frame = Buffer.from(
      encodeFrame('audit', {}, { timestamp: '1', customer_id: 'c' }),
    ).toString('base64')
    const lines = ['audit', 'security'].map((topic) =>
      JSON.stringify({ received: '2026-11-25T00:00:00.000Z', customer: 'A', topic, frame }),
    )
    const recording = join(folder, 'frames.ndjson')
    await writeFile(join(folder, 'security.proto'), 'message {{{')
    const args = ['replay', recording, '--decode_data', '--proto_dir', folder]
    for (const order of [lines, lines.toReversed()]) {
      await writeFile(recording, order.map((line) => `${line}\n`).join(''))
      const { code, stdout, stderr } = await runHere(t, args).result
      assert.equal(code, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^aruba-stream: .*security\.proto:1: /)
    }
  })
})
