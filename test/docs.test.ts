import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { TOPICS } from '../src/classic/topics.js'
import { parseCommandLine } from '../src/commands/command-line.js'
import type { Status } from '../src/connection/status.js'
import { StreamError } from '../src/errors.js'
import * as api from '../src/index.js'
import { EXPORT_TYPES, MODULE_TYPE } from '../src/outputs/export-type.js'
import { createRegistry } from '../src/report/registry.js'
import { createTable } from '../src/report/table.js'
import { encodeFrame } from '../src/simulator/classic/encode.js'
import { until } from './helpers/clock.js'
import {
  BLOCKS,
  codeSpans,
  example,
  listed,
  PAGES,
  programCommands,
  protoFile,
  tableRows,
} from './helpers/docs.js'
import { golden } from './helpers/golden.js'
import { runHere } from './helpers/here.js'
import { writeInput } from './helpers/input.js'
import { makeKey } from './helpers/keys.js'
import { runProgram } from './helpers/program.js'
import { trafficRecording } from './helpers/recording.js'
import { ROOT } from './helpers/settings.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from './helpers/snapshot.js'
import { tempFolder } from './helpers/temp-folder.js'
import { Terminal } from './helpers/terminal.js'

const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

/** What a command's help shows: its options, as `--name <VALUE>`. */
async function helpOptions(t: TestContext, ...command: string[]): Promise<string[]> {
  const { code, stdout } = await runHere(t, [...command, '--help']).result
  assert.equal(code, 0)
  return [...stdout.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: <.+?>)?)(?= |$)/gm)].map(
    ([, flags = '']) => flags,
  )
}

const HELPS: Readonly<Record<string, readonly string[]>> = {
  'reference ours': [],
  check: ['check'],
  replay: ['replay'],
  topics: ['topics'],
  simulate: ['simulate'],
}

/** As GitHub makes the anchor of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-')
}

const DAY_MS = 86_400_000

const withoutCode = (text: string) => text.replaceAll(/^```.*?^```$/gms, '')

describe('the documents', () => {
  test('have a README of at most 250 lines', () => {
    const lines = readFileSync(join(ROOT, 'README.md'), 'utf8').trimEnd().split('\n')
    assert.ok(lines.length <= 250, `README.md has ${lines.length} lines`)
  })

  test('link only to pages and headings that exist', () => {
    const anchors = new Map(
      PAGES.map(({ path, text }) => [
        path,
        [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchor(heading)),
      ]),
    )
    for (const { path, text } of PAGES) {
      for (const [, link = ''] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(link)) continue
        const [file = '', hash] = link.split('#')
        const target = file === '' ? path : normalize(join(dirname(path), file))
        assert.ok(existsSync(join(ROOT, target)), `${path} links to ${link}: there is no ${target}`)
        if (hash === undefined) continue
        assert.ok(anchors.get(target)?.includes(hash), `${path} links to ${link}: no such heading`)
      }
    }
  })

  test('have each page of docs/ linked from the README', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    for (const name of readdirSync(join(ROOT, 'docs')))
      assert.ok(readme.includes(`](docs/${name})`), `README.md does not link docs/${name}`)
  })

  test('define each reference link that they use', () => {
    for (const { path, text } of PAGES) {
      for (const [, name = ''] of withoutCode(text).matchAll(/\]\[([\w-]+)\]/g))
        assert.match(text, new RegExp(`^\\[${name}\\]: https://`, 'm'), `${path}: [${name}]`)
    }
  })

  test('name only files and folders that are there', () => {
    for (const { path, text } of PAGES) {
      for (const code of codeSpans(withoutCode(text))) {
        if (
          !/^(test|src|examples|scripts|proto|docs)\/[\w./-]*$|^[\w.]+\.example\.json$/.test(code)
        )
          continue
        assert.ok(existsSync(join(ROOT, code)), `${path} names ${code}, which does not exist`)
      }
    }
  })

  test('name a test for each line of what is defended', () => {
    const [, table = ''] = (PAGES.find(({ path }) => path === 'SECURITY.md')?.text ?? '').split(
      '## What is defended',
    )
    const lines = table.split('\n').filter((line) => /^\| (?!what |---)/.test(line))
    assert.ok(lines.length > 20)
    const untested = lines.filter((line) => !/`test\/[\w/-]+\.test\.ts` \|$/.test(line))
    assert.deepEqual(untested, [])
  })

  test('name the package by the version that it has', () => {
    for (const { path, text } of PAGES) {
      for (const [name] of text.matchAll(/aruba-stream-[\d.]+\.tgz/g))
        assert.equal(name, `aruba-stream-${MANIFEST.version}.tgz`, path)
    }
  })

  for (const [tables, command] of Object.entries(HELPS)) {
    const name = ['aruba-stream', ...command].join(' ')
    test(`list the options that ${name} --help shows, no more and no fewer`, async (t) => {
      const documented = tables.split(' ').flatMap((table) => listed('options', table))
      assert.deepEqual(
        documented.filter((code) => code.startsWith('-')).sort(),
        (await helpOptions(t, ...command)).sort(),
      )
    })
  }

  test('name no option that no help shows', async (t) => {
    const helps = await Promise.all(
      Object.values(HELPS).map((command) => helpOptions(t, ...command)),
    )
    const known = new Set(helps.flat().flatMap((flags) => flags.match(/--[\w-]+/g) ?? []))
    for (const { path, text } of PAGES) {
      if (path === 'CHANGELOG.md') continue
      for (const code of codeSpans(withoutCode(text))) {
        const [option] = /^(?:aruba-stream .*)?(--\w[\w-]*)/.exec(code)?.slice(1) ?? []
        if (option !== undefined) assert.ok(known.has(option), `${path}: ${option}`)
      }
    }
  })

  test('list the topics, the outputs, the metrics, the exports and the dependencies that there are', async () => {
    assert.deepEqual(listed('table', 'topics'), TOPICS)
    assert.deepEqual(listed('table', 'outputs'), [...Object.values(EXPORT_TYPES), MODULE_TYPE])
    assert.deepEqual(listed('table', 'exports').sort(), Object.keys(api).sort())
    assert.deepEqual(
      listed('table', 'dependencies').sort(),
      Object.keys(MANIFEST.dependencies).sort(),
    )
    const registry = await createRegistry(MANIFEST.version)
    const exposition = await registry.render(snapshotOf([entry('A')]))
    const metrics = [...exposition.matchAll(/^# TYPE (aruba_stream_\w+)/gm)].map(([, name]) => name)
    const documented = listed('table', 'metrics').filter((name) => !name.includes('*'))
    assert.deepEqual(documented.sort(), metrics.sort())
    for (const [alert = ''] of tableRows('table', 'alerts'))
      for (const [metric] of alert.matchAll(/aruba_stream_\w+/g))
        assert.ok(metrics.includes(metric), alert)
  })

  test('say of each code of a run whether it is retried or refused', () => {
    const rows = tableRows('table', 'codes')
    const source = readFileSync(join(ROOT, 'src/errors.ts'), 'utf8')
    const failures = [...source.matchAll(/^ {2}'?([\w-]+)'?: \{ exitCode: (\d), retry: (\w+) \}/gm)]
    // These end the start, and `unauthorized` becomes another one.
    const isOfRun = ([, code, exit]: readonly string[]) => exit !== '2' && code !== 'unauthorized'
    assert.deepEqual(
      rows.map(([code, , then]) => `${code} ${then}`.replace(/ (goes|the).*/, '')).sort(),
      failures
        .filter(isOfRun)
        .map(([, code, exit, retry]) => {
          const then = retry === 'true' ? ' retried' : exit === '3' ? ' refused' : ''
          return `\`${code}\`${then}`
        })
        .sort(),
    )
  })

  test('draw the folders of src/ in their order, with files that exist', () => {
    const picture = [...example('layout').matchAll(/^ {2}([\w.-]+\/?) /gm)].map(
      ([, name = '']) => name,
    )
    const folders = picture.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1))
    const structure = readFileSync(join(ROOT, 'test/structure.test.ts'), 'utf8')
    const [, order = ''] = /^const FOLDERS = \[(.*?)\]/ms.exec(structure) ?? []
    assert.deepEqual(
      folders,
      [...order.matchAll(/'(\w+)'/g)].map(([, name]) => name),
    )
    for (const name of picture.filter((each) => !each.endsWith('/')))
      assert.ok(existsSync(join(ROOT, 'src', name)), `there is no src/${name}`)
  })

  test('hold only shell that parses', () => {
    for (const { page, language, code } of BLOCKS) {
      if (language !== 'sh' && language !== 'console') continue
      // Of a session, what was typed; what was printed is another test's.
      const typed = [...code.matchAll(/^\$ (.*)$/gm)].map(([, line]) => line).join('\n')
      const input = language === 'console' ? typed : code
      const { status, stderr } = spawnSync('bash', ['-n'], { input, encoding: 'utf8' })
      assert.equal(status, 0, `${page}: ${stderr}\n${input}`)
    }
  })

  test('hold only command lines that the program understands', () => {
    let count = 0
    for (const { page, language, code } of BLOCKS) {
      if (language !== 'sh' && language !== 'console') continue
      const typed = language === 'console' ? code.replaceAll(/^\$ |^[^$].*$/gm, '') : code
      for (const args of programCommands(typed)) {
        count++
        assert.doesNotThrow(() => parseCommandLine(args, MANIFEST.version), `${page}: ${args}`)
      }
    }
    assert.ok(count >= 15, `only ${count} commands were found`)
  })

  test('hold only JSON that parses', () => {
    for (const { page, language, code } of BLOCKS) {
      if (language !== 'json') continue
      // A block is one value, or one a line.
      const values = code.startsWith('{\n') ? [code] : code.trimEnd().split('\n')
      for (const value of values) assert.doesNotThrow(() => JSON.parse(value), `${page}: ${value}`)
    }
  })

  test('mark only examples that a test looks at', () => {
    const tests = [
      'docs.test.ts',
      'recipes.test.ts',
      'prometheus.test.ts',
      'program/transform.test.ts',
    ].map((name) => readFileSync(join(ROOT, 'test', name), 'utf8'))
    for (const { page, marker } of BLOCKS) {
      if (marker === undefined) continue
      assert.ok(
        tests.some((text) => text.includes(`'${marker}'`)),
        `${page}: no test looks at the example "${marker}"`,
      )
    }
  })
})

const ENTRY = { customer: 'CustomerA_presence', topic: 'presence' } as const

/** The record of the documents as the frame it comes from, in a recording. */
function recording(): string {
  const { timestamp, customer_id, data } = JSON.parse(example('record'))
  const frame = encodeFrame('presence', data, { timestamp, customer_id })
  const received = '2023-11-14T22:13:20.123Z'
  return `${JSON.stringify({ received, ...ENTRY, frame: Buffer.from(frame).toString('base64') })}\n`
}

function replay(t: TestContext, args: readonly string[], cwd = ROOT) {
  return runHere(t, ['replay', '-', ...args], { stdin: recording(), cwd }).result
}

/** A table and its addresses with one blank between cells, and with one port. */
function plain(text: string): string {
  return text.replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:8765').replaceAll(/ {2,}/g, '  ')
}

describe('the examples', () => {
  test('show the live table as the program draws it', () => {
    const [command, ...picture] = example('table').trimEnd().split('\n')
    assert.match(command ?? '', /^\$ aruba-stream /)
    assert.deepEqual(picture, drawTable())
  })

  test('show a record as the program prints it, with and without --readable', async (t) => {
    const runs = [
      await replay(t, ['--decode_data']),
      await replay(t, ['--decode_data', '--readable']),
    ]
    assert.deepEqual(
      runs.map(({ code, stdout }) => [code, stdout]),
      [
        [0, example('record')],
        [0, example('readable-record')],
      ],
    )
    const sightings = runs.map(({ stdout }) =>
      JSON.stringify(JSON.parse(stdout).data.pa_proximity_event.proximity[0]),
    )
    assert.equal(`${sightings.join('\n')}\n`, example('readable'))
  })

  test('show the rows of the record as the program prints them', async (t) => {
    const { code, stdout } = await replay(t, ['--rows'])
    assert.deepEqual([code, stdout], [0, example('rows')])
  })

  test('state how large rows are', async (t) => {
    const stdin = trafficRecording(100)
    const { stdout } = await runHere(t, ['replay', '-', '--rows'], { stdin }).result
    const sizes = new Map<string, number[]>()
    for (const line of stdout.trimEnd().split('\n')) {
      const { topic } = JSON.parse(line)
      sizes.set(topic, [...(sizes.get(topic) ?? []), Buffer.byteLength(line) + 1])
    }
    const stated = tableRows('table', 'row-sizes')
    assert.deepEqual(
      stated.map(([topic]) => topic),
      [...sizes.keys()].map((topic) => `\`${topic}\``),
    )
    for (const [topic = '', average = '', largest = ''] of stated) {
      const found = sizes.get(topic.slice(1, -1)) ?? []
      const mean = found.reduce((sum, size) => sum + size, 0) / found.length
      const near = (size: number, text: string) =>
        Math.abs(size / Number(text.replace(',', '')) - 1) < 0.25
      assert.ok(near(mean, average), `${topic}: ${mean}`)
      assert.ok(near(Math.max(...found), largest), `${topic}: ${Math.max(...found)}`)
    }
  })

  test('show a row of the record in brief as the program prints it', async (t) => {
    // A process of its own: the time zone of this one is the machine's.
    const { code, stdout } = await runProgram(t, ['replay', '-', '--brief'], {
      stdin: recording(),
      env: { TZ: 'UTC' },
    }).result
    assert.deepEqual([code, stdout], [0, example('brief')])
  })

  test('show the columns and the row that the csv output writes', async (t) => {
    const folder = tempFolder(t)
    const { code } = await replay(t, ['--export_data', 'csv:.'], folder)
    assert.equal(code, 0)
    const [command = '', ...shown] = example('csv').trimEnd().split('\n')
    const cut = spawnSync('sh', ['-c', command.slice(2)], { cwd: folder, encoding: 'utf8' })
    const lines = cut.stdout.trimEnd().split('\n')
    assert.equal(lines.length, shown.length)
    for (const [at, line] of lines.entries()) {
      const cells = (shown[at] ?? '').split('…').map(literal)
      assert.match(line.replace(/^\ufeff/, ''), new RegExp(`^${cells.join('.*')}$`))
    }
  })

  test('show what the log says of fields that the schema does not know', async (t) => {
    const first = golden('evolved').find(({ topic }) => topic === ENTRY.topic)
    const { received } = JSON.parse(recording())
    const stdin = `${JSON.stringify({ received, ...ENTRY, frame: first?.frame.toString('base64') })}\n`
    const { stderr } = await runHere(t, ['replay', '-', '--decode_data'], { stdin }).result
    assert.ok(stderr.includes(` WARN  ${example('unknown-fields')}`), stderr)
  })

  test('show what the program says of a wrong input file', async (t) => {
    const folder = tempFolder(t)
    const customers = {
      CustomerA_monitoring: { username: 'abc@example.com', wsskey: '', topic: 'monitoring' },
      CustomerA_wifi: { wsskey: makeKey('readme'), topic: 'wifi' },
      CustomerB_presence: { topic: 'Presence' },
    }
    writeFileSync(join(folder, 'input.json'), JSON.stringify({ customers }), { mode: 0o600 })
    const args = ['--hostname', 'localhost:1', '--jsoninput', 'input.json']
    const { code, stderr } = await runHere(t, args, { cwd: folder }).result
    assert.equal(code, 2)
    assert.equal(stderr, example('input-error'))
  })

  for (const name of ['input', 'input-example'] as const) {
    test(`show an input file (${name}) that is in order once it has a key`, async (t) => {
      const file = JSON.parse(example(name)) as { customers: Record<string, { wsskey: string }> }
      for (const [customer, properties] of Object.entries(file.customers))
        properties.wsskey = makeKey(customer)
      const path = await writeInput(t, JSON.stringify(file))
      const args = ['check', '--offline', '--jsoninput', path]
      const { code, stdout } = await runHere(t, args).result
      assert.equal(code, 0, stdout)
    })
  }

  for (const what of ['several-clusters', 'several-topics', 'both-services']) {
    test(`show an input file for ${what} that is in order as it stands`, async (t) => {
      const path = await writeInput(t, example(what))
      const args = ['check', '--offline', '--jsoninput', path]
      const { code, stdout, stderr } = await runHere(t, args).result
      assert.equal(code, 0, stdout)
      assert.doesNotMatch(stdout + stderr, /warning|WARN/)
    })
  }

  test('show the record of New Central that the topic has for an example', async (t) => {
    const { stdout } = await runHere(t, ['topics', 'rssi-events', '--json']).result
    assert.equal(example('new-central-record'), `${JSON.stringify(JSON.parse(stdout).example)}\n`)
  })

  test('show input.example.json as it is', () => {
    assert.equal(example('input-example'), readFileSync(join(ROOT, 'input.example.json'), 'utf8'))
  })

  test('show what check says of the simulator, where a topic is not ticked', async (t) => {
    // The simulator's keys are a day old until midnight, UTC.
    await until(() => Date.now() % DAY_MS < DAY_MS - 60_000)
    const cwd = tempFolder(t)
    const [simulate = '', stream = ''] = example('simulate')
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^\$ aruba-stream /, ''))
    const args = [...simulate.split(' '), '--port', '0', '--unsubscribed', 'security']
    const simulator = runProgram(t, args, { cwd })
    const [url = ''] =
      /http:\/\/127\.0\.0\.1:\d+/.exec(await simulator.waitForLine('http://', 'stdout')) ?? []
    const [command = '', ...report] = example('check').split('\n')
    // The example shows some of the entries.
    const input = JSON.parse(await readFile(join(cwd, 'try.json'), 'utf8'))
    const shown = Object.entries(input.customers).filter(([name]) => report.join().includes(name))
    const text = JSON.stringify({ customers: Object.fromEntries(shown) })
    writeFileSync(join(cwd, 'try.json'), text)
    const check = command.replace(/^\$ aruba-stream /, '').replace(/http:\S+/, url)
    const { code, stdout } = await runHere(t, check.split(' '), { cwd }).result
    assert.equal(code, 3)
    assert.equal(plain(stdout), plain(report.join('\n')))

    const streaming = runProgram(t, stream.replace(/http:\S+/, url).split(' '), { cwd })
    const record = JSON.parse(await streaming.waitForLine('{', 'stdout'))
    assert.match(record.customer, /^Customer[ABC]_/)
  })

  for (const [name, file] of [
    ['module', 'save.mjs'],
    ['batch-module', 'post.mjs'],
    ['typescript-module', 'rssi.ts'],
    ['ported-module', 'ported.mjs'],
    ['decode', 'decode.mjs'],
    ['watch', 'watch.mjs'],
    ['positions', 'positions.ts'],
    ['both', 'both.mjs'],
    ['associated', 'associated.mjs'],
    ['ap-names', 'ap-names.mjs'],
    ['rogues', 'rogues.mjs'],
    ['typescript-transform', 'strong.ts'],
  ] as const) {
    test(`show examples/${file} as it is`, () => {
      assert.equal(example(name), readFileSync(join(ROOT, 'examples', file), 'utf8'))
    })
  }

  test('have a module that saves what it gets', async (t) => {
    const folder = tempFolder(t)
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

  test('have an export class of wsclient_public.py as a module', async (t) => {
    // It prints to the console of its process.
    const args = ['replay', '-', '--export_data', './examples/ported.mjs']
    const { code, stderr } = await runProgram(t, args, { stdin: recording(), cwd: ROOT }).result
    assert.equal(code, 0, stderr)
    assert.match(stderr, /^presence: 3 fields$/m)
  })

  test('have a program that decodes a recording or a dead letter with the package', async (t) => {
    const folder = tempFolder(t)
    await mkdir(join(folder, 'node_modules'))
    await symlink(ROOT, join(folder, 'node_modules/aruba-stream'))
    writeFileSync(join(folder, 'decode.mjs'), example('decode'))
    const frame = JSON.parse(recording())
    const ping = { ...frame, customer: 'B', topic: 'wids', frame: 'cGluZw==', text: true }
    const broken = { ...frame, frame: '/w==', reason: 'broken' }
    const lines = [ping, broken, frame].map((each) => JSON.stringify(each))
    writeFileSync(join(folder, 'frames.ndjson'), lines.join('\n'))
    const { stdout, stderr } = spawnSync(process.execPath, ['decode.mjs', 'frames.ndjson'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(stdout, 'CustomerA_presence presence 3 fields\n', stderr)
    assert.match(stderr, /^CustomerA_presence: the frame cannot be decoded: .*\n$/)
  })

  test('have a replay of dead letters that sends what can be sent, and keeps the rest', async (t) => {
    const cwd = tempFolder(t)
    await mkdir(join(cwd, 'newer'))
    await copyFile(protoFile('presence'), join(cwd, 'newer/presence.proto'))
    const broken = { ...JSON.parse(recording()), frame: '/w==', reason: 'broken' }
    writeFileSync(join(cwd, 'dead.ndjson'), `${recording()}${JSON.stringify(broken)}\n`)
    const program = runProgram(t, [], { cwd, shell: inShell(example('replay')) })
    const { code, stderr } = await program.result
    assert.equal(code, 1, stderr)
    assert.deepEqual(readdirSync(cwd).sort(), [
      'newer',
      'replayed.ndjson',
      'rest.ndjson',
      'todo.ndjson',
    ])
    assert.equal(readFileSync(join(cwd, 'replayed.ndjson'), 'utf8'), example('record'))
    assert.equal(JSON.parse(readFileSync(join(cwd, 'rest.ndjson'), 'utf8')).frame, '/w==')
  })
})

/** A text as a regular expression that it alone fits. */
function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Shell lines of the documents, with the program of this build for `aruba-stream`. */
function inShell(lines: string): string {
  return `set -e\n${lines.replaceAll(/^aruba-stream /gm, '"$@" ')}`
}

/** The picture of the README: entries in each state that an operator sees. */
function drawTable(): string[] {
  const terminal = new Terminal(118, 24)
  const retrying: Status = {
    ...PROGRESS,
    type: 'retrying',
    since: NOW,
    bytes: 9_600_000,
    lastFrameAt: NOW - 12_000,
    frameAgeMs: 12_000,
    reconnects: 3,
    attempt: 1,
    delayMs: 2000,
    cause: new StreamError('connection-lost', 'gone'),
  }
  const refused: Status = {
    ...PROGRESS,
    type: 'refused',
    at: NOW,
    cause: new StreamError('topic-unsubscribed', 'tick it'),
  }
  const open = (bytes: number, agoMs: number, reconnects = 0): Status => ({
    ...OPEN,
    bytes,
    lastFrameAt: NOW - agoMs,
    frameAgeMs: agoMs,
    reconnects,
  })
  // Messages at the last drawing, and of these in the five seconds before.
  const entries = [
    [
      entry('CustomerA_monitoring', {
        messages: 48_214,
        delayMs: 800,
        status: open(29_300_000, 1000),
      }),
      12,
    ],
    [
      entry('CustomerA_presence', {
        topic: 'presence',
        messages: 302_977,
        delayMs: 400,
        status: open(61_200_000, 0, 1),
      }),
      190,
    ],
    [
      entry('CustomerB_location', {
        topic: 'location',
        messages: 91_530,
        delayMs: 600,
        status: retrying,
      }),
      0,
    ],
    [
      entry('CustomerB_apprf', {
        topic: 'apprf',
        messages: 7045,
        delayMs: 12_000,
        status: open(4_100_000, 240_000),
      }),
      0,
    ],
    [entry('CustomerC_security', { topic: 'security', status: refused }), 0],
  ] as const
  const delivered = entries.reduce((sum, [{ messages }]) => sum + messages, 0)
  const counters = { delivered, retried: 0, givenUp: 0, kept: 0, waiting: 0 }
  const upMs = 9 * 3_600_000
  const outputs = [{ name: 'json', counters, state: UP }]
  let agoMs = 5000
  const table = createTable({
    write: (text) => {
      terminal.write(text)
      return true
    },
    columns: () => terminal.columns,
    rows: () => terminal.rows,
    colour: false,
    snapshot: () =>
      snapshotOf(
        entries.map(([each, recent]) =>
          agoMs === 0 ? each : { ...each, messages: each.messages - recent },
        ),
        outputs,
        { upMs: upMs - agoMs },
      ),
  })
  table.redraw()
  agoMs = 0
  table.redraw()
  return terminal.lines
}
