import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { TOPICS } from '../src/classic/topics.js'
import { parseCommandLine } from '../src/commands/command-line.js'
import { ClassicTraffic, NewCentralTraffic } from '../src/simulator/traffic.js'
import { startCentral } from './helpers/central.js'
import { BLOCKS, codeSpans, example, PAGES, tableRows } from './helpers/docs.js'
import { goldenFrames } from './helpers/golden.js'
import { runHere } from './helpers/here.js'
import { writeInput } from './helpers/input.js'
import { leaksIn, makeKey } from './helpers/keys.js'
import { needs } from './helpers/needs.js'
import { noPostgres, type PostgresServer, startPostgres } from './helpers/postgres-server.js'
import { trafficRecording } from './helpers/recording.js'
import { ROOT } from './helpers/settings.js'
import { tempFolder } from './helpers/temp-folder.js'

const pipes = PAGES.find(({ path }) => path === 'docs/pipes.md')?.text ?? ''

/** A crontab as cron reads it: assignments, and one command. */
function readCrontab(text: string): { env: Record<string, string>; command: string } {
  const env: Record<string, string> = { SHELL: '/bin/sh', PATH: '/usr/bin:/bin' }
  let command = ''
  for (const line of text.trimEnd().split('\n')) {
    const [, name, value] = /^([A-Z]+)=(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) env[name] = value
    else command = line.replace(/^(\S+ ){5}/, '')
  }
  return { env, command }
}

test(
  'the line for cron starts the program where node is in /usr/local/bin, once at a time, and its signal reloads it',
  needs('flock', 'pkill'),
  async (t) => {
    const central = await startCentral(t)
    const bin = tempFolder(t)
    const state = tempFolder(t)
    const wsskey = makeKey('key')
    const input = await writeInput(t, { A: { wsskey, topic: 'presence' } })
    symlinkSync(process.execPath, join(bin, 'node'))
    symlinkSync(join(ROOT, 'dist/cli.js'), join(bin, 'aruba-stream'))
    chmodSync(join(ROOT, 'dist/cli.js'), 0o755)
    symlinkSync(input, join(state, 'input.json'))
    const here = (text: string) =>
      text
        .replaceAll('/usr/local/bin', bin)
        .replaceAll('/var/lib/aruba-stream', state)
        .replace('--hostname HOST', `--hostname ${central.url}`)
    const { env, command } = readCrontab(here(example('crontab')))
    const start = () =>
      spawn('/bin/sh', ['-c', command], {
        cwd: state,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      })

    const first = start()
    // The shell and flock end before the program: stdout is closed when all have.
    const ended = once(first, 'close')
    first.stdout.resume()
    t.after(async () => {
      if (isAlive(first)) process.kill(-(first.pid ?? 0), 'SIGKILL')
      await ended
    })
    const early = ended.then(([code]) => assert.fail(`it ended with ${code}`))
    const socket = await Promise.race([central.waitForSocket(), early])
    early.catch(() => {})
    const [code] = await once(start(), 'exit')
    assert.equal(code, 1, 'flock keeps a second run away')

    const customers = { A: { wsskey, topic: 'presence' }, B: { wsskey, topic: 'audit' } }
    writeFileSync(input, JSON.stringify({ customers }), { mode: 0o600 })
    assert.equal(spawnSync('sh', ['-c', here(example('cron-reload'))]).status, 0)
    await central.waitForSocket({ topic: 'audit' })

    await socket.sendAll(goldenFrames('presence'))
    // It connects again when it has read all that came before the end.
    const again = central.nextSocket({ topic: 'presence' })
    socket.close(1000)
    await again
    if (first.pid !== undefined) process.kill(-first.pid, 'SIGTERM')
    await ended
    const records = await readFile(join(state, 'records.ndjson'), 'utf8')
    assert.equal(records.trimEnd().split('\n').length, goldenFrames('presence').length)
    assert.deepEqual(leaksIn(await readFile(join(state, 'log'), 'utf8')), [])
  },
)

test('the signal for cron is for the program that streams this input file, and for no other run', () => {
  const [, pattern = ''] = /'(.*)'/.exec(example('cron-reload')) ?? []
  const program = 'node /usr/local/bin/aruba-stream'
  const input = '--jsoninput /var/lib/aruba-stream/input.json'
  assert.match(`${program} --hostname HOST ${input} --readable`, new RegExp(pattern))
  for (const other of [
    `flock -n /var/lib/aruba-stream/lock aruba-stream --hostname HOST ${input}`,
    `${program} check --hostname HOST ${input}`,
    `${program} simulate --write_input /var/lib/aruba-stream/input.json`,
    `${program} --hostname HOST --jsoninput /var/lib/aruba-stream/other.json`,
    `${program} --hostname HOST ${input}.old`,
  ]) {
    assert.doesNotMatch(other, new RegExp(pattern))
  }
})

test('logrotate empties the log that cron’s shell holds open', needs('logrotate'), (t) => {
  const folder = tempFolder(t)
  const config = join(folder, 'logrotate.conf')
  const log = join(folder, 'log')
  // The user that runs this test owns the files.
  const text = example('cron-logrotate').replace('su aruba-stream aruba-stream', '')
  writeFileSync(config, text.replaceAll('/var/lib/aruba-stream', folder), { mode: 0o600 })
  writeFileSync(log, 'old\n')
  const shell = `exec 2>>${log}; logrotate --force --state ${folder}/state ${config}; echo new >&2`
  const { status } = spawnSync('sh', ['-c', shell], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  })
  assert.equal(status, 0)
  assert.equal(readFileSync(log, 'utf8'), 'new\n')
  assert.equal(spawnSync('gzip', ['-dc', `${log}.1.gz`], { encoding: 'utf8' }).stdout, 'old\n')
})

const isAlive = (child: ChildProcess) => child.exitCode === null && child.signalCode === null

test('the command for the log’s form of a key gives 8 hex digits', needs('sha256sum'), () => {
  const { stdout } = spawnSync('sh', ['-c', example('fingerprint')], {
    env: { ...process.env, KEY: 'abc' },
    encoding: 'utf8',
  })
  assert.equal(stdout, 'ba7816bf\n')
})

test('npm run --silent demo prints records alone', needs('npm'), async (t) => {
  assert.ok(BLOCKS.some(({ code }) => code.includes('npm run --silent demo | jq')))
  const demo = spawn('npm', ['run', '--silent', 'demo'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
    // A process group of its own: Ctrl-C goes to all of it.
    detached: true,
  })
  const closed = once(demo, 'close')
  t.after(() => {
    if (isAlive(demo)) process.kill(-(demo.pid ?? 0), 'SIGKILL')
  })
  const customers = new Set<string>()
  for await (const line of createInterface({ input: demo.stdout })) {
    customers.add(JSON.parse(line).customer)
    if (customers.size === TOPICS.length) break
  }
  if (demo.pid !== undefined) process.kill(-demo.pid, 'SIGINT')
  demo.stdout.resume()
  await closed
  assert.equal(customers.size, TOPICS.length)
})

test('the jq recipes give what they promise', needs('jq'), () => {
  const filters = [...pipes.matchAll(/^aruba-stream … --decode_data.*\| jq -r '(.*)'$/gm)]
  const [sighting = {}] = JSON.parse(example('readable-record')).data.pa_proximity_event.proximity
  const records = [
    JSON.parse(example('readable-record')),
    {
      ...JSON.parse(example('readable-record')),
      data: { pa_rssi_event: { rssi: [{ ...sighting, rssi_val: -72 }] } },
    },
    JSON.parse(example('new-central-record')),
  ]
  const input = records.map((each) => JSON.stringify(each)).join('\n')
  const outputs = filters.map(
    ([, filter = '']) => spawnSync('jq', ['-r', filter], { input, encoding: 'utf8' }).stdout,
  )
  assert.deepEqual(outputs, [
    'e0:f8:47:1e:01:ac\tCK0123456\t-61\ne0:f8:47:1e:01:ac\tCK0123456\t-72\n',
    'e0:f8:47:4d:6d:fa\tap-floor1-1\t-66\n',
    `${'2023-11-14T22:13:20Z\tCustomerA_presence\tpresence\n'.repeat(2)}2026-01-05T09:01:00Z\tCustomerA_rssi-events\trssi-events\n`,
  ])
})

/** What the first recipe for jq on a page, of those that contain a text, makes of lines of JSON. */
function jqOf(page: string, input: string, text = ''): string {
  const recipes = (PAGES.find(({ path }) => path === page) ?? assert.fail(page)).text.matchAll(
    /^ *aruba-stream … .*\| jq (?:--unbuffered )?(-\w) '(.*)'(?: >> \S+)?$/gm,
  )
  const [, option = '', filter = ''] = [...recipes].find(([line]) => line.includes(text)) ?? []
  const { status, stdout, stderr } = spawnSync('jq', [option, filter], { input, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return stdout
}

test('the recipe for names in camel case changes all names of the data', needs('jq'), () => {
  const renamed = JSON.parse(jqOf('docs/coming-from-wsclient.md', example('readable-record')))
  assert.equal(renamed.customer, 'CustomerA_presence')
  const [sighting] = renamed.data.paProximityEvent.proximity
  assert.deepEqual(Object.keys(sighting), ['deviceId', 'staEthMac', 'rssiVal', 'associated'])
})

/** What the program prints of the simulator's traffic. */
async function printed(t: TestContext, option: '--rows' | '--brief'): Promise<string> {
  const stdin = trafficRecording(20)
  return (await runHere(t, ['replay', '-', option], { stdin }).result).stdout
}

test(
  'the recipe for rows gives client, access point and signal of every row that has them',
  needs('jq'),
  async (t) => {
    const rows = await printed(t, '--rows')
    const signals = rows.split('\n').filter((line) => /^{"table":"presence.*rssi_val":/.test(line))
    const lists = new Set(signals.map((line) => JSON.parse(line).table))
    assert.equal(lists.size, 2)
    const lines = jqOf('docs/rows.md', rows).trimEnd().split('\n')
    assert.equal(lines.length, signals.length)
    for (const line of lines) {
      assert.match(line, /^2026-11-25T17:\S+Z\t([\da-f]{2}:){5}[\da-f]{2}\tCN\d+\t-\d+$/)
    }
  },
)

test(
  'the recipe for rows of New Central gives client, name of the access point and signal',
  needs('jq'),
  async (t) => {
    const rows = await printed(t, '--rows')
    const signals = rows.split('\n').filter((line) => line.startsWith('{"table":"rssi-events"'))
    const lines = jqOf('docs/rows.md', rows, 'rssi-events').trimEnd().split('\n')
    assert.equal(lines.length, signals.length)
    for (const line of lines) {
      assert.match(line, /^2026-11-25T17:\S+Z\t([\da-f]{2}:){5}[\da-f]{2}\tap-[\w-]+\t-\d+$/)
    }
  },
)

test(
  'the recipe for people shows the signals of both services, and nothing else',
  needs('grep'),
  async (t) => {
    const lines = await printed(t, '--brief')
    const recipes = PAGES.flatMap(({ text }) =>
      [...text.matchAll(/--brief \| grep -E '(.*)'$/gm)].map(([, pattern = '']) => pattern),
    )
    assert.equal(recipes.length, 2)
    for (const pattern of recipes) {
      const { stdout } = spawnSync('grep', ['-E', pattern], { input: lines, encoding: 'utf8' })
      const kinds = new Set(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => line.split(/ +/)[3]),
      )
      assert.deepEqual([...kinds].sort(), [
        ...['presence.proximity', 'presence.rssi'],
        ...['rssi-events.proximity_rssi', 'rssi-events.raw_rssi'],
      ])
    }
  },
)

test(
  'the recipe for rogue access points gives name, network, address and finder',
  needs('jq'),
  async (t) => {
    const stdin = trafficRecording(20)
    const { stdout } = await runHere(t, ['replay', '-', '--rows'], { stdin }).result
    const lines = jqOf('docs/rows.md', stdout, 'security.rogue').trimEnd().split('\n')
    assert.ok(lines.length > 3)
    for (const line of lines) {
      assert.match(
        line,
        /^2026-11-25T17:\S+Z\tTenda-\w+\t[^\t]+\t([\da-f]{2}:){5}[\da-f]{2}\tCN\d+$/,
      )
    }
  },
)

test('the recipe for a spreadsheet makes CSV of the names of access points', needs('jq'), () => {
  const csv = jqOf('docs/pipes.md', example('ap-names-record') + example('readable-record'), '@csv')
  assert.equal(csv, '"2023-11-14 22:13:20","e0:f8:47:1e:01:ac","ap-lobby",-61\n')
})

const COMMAND = /^ *command = (\[.*\])$/m

for (const name of ['vector', 'telegraf'] as const) {
  test(`the command in the example for ${name} is one that the program understands`, () => {
    const [, list = '[]'] = COMMAND.exec(example(name)) ?? []
    const [first = '', ...rest] = JSON.parse(list) as string[]
    assert.equal(first, '/usr/local/bin/aruba-stream')
    assert.equal(parseCommandLine(rest, '2.0.0').command, 'stream')
  })
}

test('the examples in TOML parse', needs('python3'), (t) => {
  const parse = 'import sys, tomllib; tomllib.loads(sys.stdin.read())'
  if (spawnSync('python3', ['-c', 'import tomllib']).status !== 0) {
    return t.skip('skipped: this Python has no tomllib')
  }
  for (const name of ['vector', 'telegraf'] as const) {
    const input = example(name)
    const { status, stderr } = spawnSync('python3', ['-c', parse], { input, encoding: 'utf8' })
    assert.equal(status, 0, `${name}: ${stderr}`)
  }
})

test('the recipe for Telegraf keeps every value of rows, and finds their time', async (t) => {
  const setting = (name: string) =>
    new RegExp(`^ *${name} = (.*)$`, 'm').exec(example('telegraf'))?.[1] ?? ''
  // Telegraf's parser "json" keeps numbers and booleans, and text that json_string_fields fits.
  assert.deepEqual(JSON.parse(setting('json_string_fields')), ['*'])
  const tags: string[] = JSON.parse(setting('tag_keys'))
  // Go's layout: RFC 3339 with the decimals that are there.
  assert.equal(JSON.parse(setting('json_time_format')), '2006-01-02T15:04:05.999999999Z07:00')
  const stdin = trafficRecording(20)
  const { stdout } = await runHere(t, ['replay', '-', '--rows'], { stdin }).result
  for (const line of stdout.trimEnd().split('\n')) {
    const row = JSON.parse(line)
    // Its numbers are doubles: none of these has lost a digit.
    assert.equal(JSON.stringify(row), line)
    const time = row[JSON.parse(setting('json_time_key'))]
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    for (const tag of tags) assert.equal(typeof row[tag], 'string')
    for (const value of leaves(row)) {
      assert.ok(['number', 'boolean', 'string'].includes(typeof value), line)
    }
  }
})

/** The values of a row that are neither objects nor lists. */
function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap(leaves)
    : [value]
}

test('the recipe for Splunk finds the timestamp, and takes lines of the longest records', () => {
  const settings = new Map(
    example('splunk')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ = (.*)/s).slice(0, 2) as [string, string]),
  )
  const prefix = settings.get('TIME_PREFIX') ?? '-'
  const digits = Number(settings.get('MAX_TIMESTAMP_LOOKAHEAD'))
  for (const line of [example('readable-record'), ...example('rows').trimEnd().split('\n')]) {
    const at = line.indexOf(prefix)
    assert.match(line.slice(at + prefix.length).slice(0, digits), /^\d{19}$/)
  }
  assert.ok(Number(settings.get('TRUNCATE')) > 146_000)
})

test('the types of export functions fit the examples', async (t) => {
  const folder = await project(t)
  for (const name of ['rssi.ts', 'strong.ts'] as const) {
    writeFileSync(join(folder, name), readFileSync(join(ROOT, 'examples', name), 'utf8'))
  }
  const [, options = ''] = /^npx tsc (.*) rssi\.ts$/m.exec(outputs()) ?? []
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const args = [...options.split(' '), '--skipLibCheck', 'rssi.ts', 'strong.ts']
  const { status, stdout } = spawnSync(tsc, args, { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, stdout)
})

const outputs = () => PAGES.find(({ path }) => path === 'docs/outputs.md')?.text ?? ''

/** A folder in which the package of this checkout is installed. */
async function project(t: TestContext): Promise<string> {
  const folder = tempFolder(t)
  await mkdir(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(ROOT, join(folder, 'node_modules/aruba-stream'))
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

const CLASSIC_IN_VIEWS = ['monitoring', 'presence', 'audit'] as const
const NEW_CENTRAL_IN_VIEWS = [
  'ap-events',
  'switch-events',
  'gw-events',
  'clients-events',
  'rssi-events',
  'audit-trail-events',
] as const

/** Hours of the simulator's traffic up to now, as a recording: a customer of each service. */
function recordedTraffic(hours: number): string {
  const stepMs = 20_000
  const until = Date.now()
  const clock = { ms: until - hours * 3_600_000, now: () => clock.ms }
  const classic = new ClassicTraffic({ customerId: 'c'.repeat(32), clock, seed: 1 })
  const newCentral = new NewCentralTraffic({ customerId: 'd'.repeat(32), clock, seed: 2 })
  const lines: string[] = []
  for (; clock.ms < until; clock.ms += stepMs) {
    const frames = [
      ...CLASSIC_IN_VIEWS.map((topic) => ['A', topic, classic.next(topic)] as const),
      ...NEW_CENTRAL_IN_VIEWS.map((topic) => ['B', topic, newCentral.next(topic)] as const),
    ]
    for (const [name, topic, bytes] of frames) {
      const frame = Buffer.from(bytes).toString('base64')
      const received = new Date(clock.ms).toISOString()
      lines.push(JSON.stringify({ received, customer: `${name}_${topic}`, topic, frame }))
    }
  }
  return `${lines.join('\n')}\n`
}

/** Records for the tables that are made by hand. */
const FEW = 1_000

const statements = (sql: string) => sql.split(/;\s*$/m).filter((each) => each.trim() !== '')

test('the table, views and queries for PostgreSQL work on records of the simulator', {
  skip: noPostgres,
}, async (t) => {
  const server = await startPostgres(t)
  await server.allow('host all all 127.0.0.1/32 scram-sha-256\n')
  const traffic = recordedTraffic(2)
  const replay = async (database: string, stdin: string) => {
    const target = `postgres://collector@127.0.0.1:${server.port}/${database}`
    const args = ['replay', '-', '--readable', '--export_data', target]
    const env = { PGPASSWORD: 'change me' }
    const { code, stderr } = await runHere(t, args, { stdin, env }).result
    assert.equal(code, 0, stderr)
  }
  const count = async (database: string) =>
    Number((await server.query(database, 'select count(*) from aruba_stream'))[0]?.count)

  await server.createDatabase('net')
  await server.query('net', example('postgres-owner'))
  await replay('net', traffic)
  const stored = await count('net')
  assert.equal(stored, traffic.split('\n').length - 1)
  await server.query('net', example('postgres-indexes'))
  // As autovacuum does. Without it, the joins of the views take many times as long.
  await server.query('net', 'analyze aruba_stream')
  const views = readFileSync(join(ROOT, 'examples/views.sql'), 'utf8')
  // The second time, as after an update.
  for (const sql of [views, views]) await server.query('net', sql)
  const shown = tableRows('table', 'views').flatMap(([first = '']) => codeSpans(first))
  assert.deepEqual(
    shown.sort(),
    [...views.matchAll(/^create or replace view (\w+)/gm)].map(([, name]) => name).sort(),
  )
  const grafana = example('postgres-grafana')
    .replaceAll(/\$__timeFilter\("time"\)/g, `"time" between now() - interval '1 day' and now()`)
    .replaceAll(/\$__timeGroup\("time", '5m'\)/g, `floor(extract(epoch from "time") / 300) * 300`)
  const [connected] = await server.query('net', 'select mac from client_heard where connected')
  const queries = example('postgres-queries').replace('e0:f8:47:1e:01:ac', String(connected?.mac))
  for (const query of statements(queries + grafana)) {
    const rows = await server.query('net', query)
    assert.ok(rows.length > 0 || query.includes("status = 'DOWN'"), query)
    const missing = rows.filter((row) => Object.values(row).includes(null))
    assert.deepEqual(missing.slice(0, 1), [], query)
  }
  const states = await server.query('net', 'select customer, before, status from device_up_down')
  for (const customer of ['A_monitoring', 'B_ap-events']) {
    for (const [before, status] of [
      [null, 'UP'],
      ['UP', 'DOWN'],
      ['DOWN', 'UP'],
    ]) {
      const is = (row: Record<string, unknown>) => row.before === before && row.status === status
      assert.ok(
        states.some((row) => row.customer === customer && is(row)),
        `no device of ${customer} went from ${before} to ${status}`,
      )
    }
  }
  for (const [view, ...customers] of [
    ['client_heard', 'A_presence', 'B_rssi-events'],
    ['client_signal', 'A_monitoring'],
    ['device_state', 'A_monitoring', 'B_ap-events', 'B_gw-events', 'B_switch-events'],
    ['change', 'A_audit', 'B_audit-trail-events'],
  ]) {
    const found = await server.query('net', `select distinct customer from ${view} order by 1`)
    assert.deepEqual(
      found.map(({ customer }) => customer),
      customers,
      view,
    )
  }
  const [unnamed] = await server.query(
    'net',
    `select count(*) from client_heard where access_point !~ '^ap-floor' or client is null`,
  )
  assert.equal(unnamed?.count, '0')
  await server.query('net', example('postgres-reader'))
  const heard = 'select count(*) from aruba_stream where exists (select from client_heard)'
  const [read] = await server.query('net', `set role grafana; ${heard}`)
  assert.equal(Number(read?.count), stored)
  await server.query('net', example('postgres-delete'))
  assert.equal(await count('net'), stored)

  await server.createDatabase('own')
  await server.query('own', example('postgres-table') + example('postgres-rights'))
  assert.deepEqual(await tableOf(server, 'own'), await tableOf(server, 'net'))
  await server.createDatabase('parts')
  await server.query('parts', example('postgres-partitions') + example('postgres-rights'))
  const few = traffic.split('\n', FEW)
  for (const database of ['own', 'parts', 'parts']) {
    await replay(database, `${few.join('\n')}\n`)
    assert.equal(await count(database), FEW)
  }
})

/** Columns and primary key of the table. */
function tableOf(server: PostgresServer, database: string): Promise<unknown[]> {
  return server.query(
    database,
    `select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       (select pg_get_constraintdef(oid) from pg_constraint where conrelid = a.attrelid) as key
     from pg_attribute a where a.attrelid = 'aruba_stream'::regclass and a.attnum > 0
     order by a.attnum`,
  )
}
