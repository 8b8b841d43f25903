import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import papaparse from 'papaparse'
import { parseCommandLine } from '../../src/commands/command-line.js'
import { StreamError } from '../../src/errors.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { parseExposition } from '../helpers/exposition.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { noNatsServer, startNatsServer } from '../helpers/nats-server.js'
import { runProgram } from '../helpers/program.js'
import { ROOT } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** What version 1.0 wrote, printed and served. */
const OLD = join(ROOT, 'test/fixtures/1.0')
const old = (name: string) => readFileSync(join(OLD, name), 'utf8')
const linesOf = (text: string) => text.split('\n').filter(Boolean)

const RECORDING = join(OLD, 'recording.ndjson')
const FRAMES = linesOf(old('recording.ndjson')).map((line) => JSON.parse(line))

const replay = (t: TestContext, args: readonly string[], cwd?: string) =>
  runProgram(t, ['replay', ...args], cwd === undefined ? {} : { cwd }).result

describe('a recording of version 1.0', () => {
  it('replays to the records that 1.0 printed, byte for byte', async (t) => {
    const { code, stdout } = await replay(t, [RECORDING, '--decode_data'])
    assert.equal(code, 0)
    assert.equal(stdout, old('records.ndjson'))
  })

  it('replays in the same way when it is compressed', async (t) => {
    const path = join(tempFolder(t), 'recording.ndjson.gz')
    await writeFile(path, gzipSync(old('recording.ndjson')))
    const { stdout } = await replay(t, [path, '--decode_data'])
    assert.equal(stdout, old('records.ndjson'))
  })

  it('replays to what 1.0 printed with --readable, and a time in each record', async (t) => {
    const { stdout } = await replay(t, [RECORDING, '--decode_data', '--readable'])
    const time = /,"time":"2[^"]*Z"/
    const records = linesOf(stdout)
    assert.equal(records.filter((line) => time.test(line)).length, FRAMES.length)
    assert.deepEqual(
      records.map((line) => line.replace(time, '')),
      linesOf(old('readable.ndjson')),
    )
  })
})

describe('a dead letter of version 1.0', () => {
  it('is delivered where the output takes it now, else kept as it was', async (t) => {
    const folder = tempFolder(t)
    const args = ['--export_data', 'json:out.ndjson', '--dead_letter', 'rest.ndjson']
    const { code } = await replay(t, [join(OLD, 'dead-letters.ndjson'), ...args], folder)
    assert.equal(code, 1)
    const letters = linesOf(old('dead-letters.ndjson'))
    const given = letters.filter((line) => JSON.parse(line).exporter !== undefined)
    assert.equal(given.length, 1)
    const delivered = await readFile(join(folder, 'out.ndjson'), 'utf8')
    assert.ok(linesOf(old('records.ndjson')).includes(delivered.trimEnd()))
    const rest = await readFile(join(folder, 'rest.ndjson'), 'utf8')
    assert.deepEqual(
      linesOf(rest).map((line) => JSON.parse(line)),
      letters.filter((line) => !given.includes(line)).map((line) => JSON.parse(line)),
    )
  })
})

describe('files of version 1.0', () => {
  it('go on where json wrote them, behind a line that a crash tore, too', async (t) => {
    const folder = tempFolder(t)
    const before = old('records.ndjson')
    const torn = before.slice(0, -100)
    await writeFile(join(folder, 'records.ndjson'), torn)
    await mkdir(join(folder, 'entries'))
    const path = join(folder, 'entries/CustomerA_presence.ndjson')
    const [line = ''] = linesOf(before).filter((each) => each.includes('"CustomerA_presence"'))
    await writeFile(path, `${line}\n`)
    const types = ['--export_data', 'json:records.ndjson', '--export_data', 'json:entries/']
    assert.equal((await replay(t, [RECORDING, ...types], folder)).code, 0)
    assert.equal(await readFile(join(folder, 'records.ndjson'), 'utf8'), `${torn}\n${before}`)
    assert.equal(linesOf(await readFile(path, 'utf8')).length, 4)
    assert.deepEqual(
      readdirSync(join(folder, 'entries')).sort(),
      [...new Set(FRAMES.map(({ customer }) => `${customer}.ndjson`))].sort(),
    )
  })

  it('are left as they are where csv wrote them, and the start names the way out', async (t) => {
    const folder = tempFolder(t)
    cpSync(join(OLD, 'csv'), join(folder, 'csv'), { recursive: true })
    const names = readdirSync(join(OLD, 'csv'))
    const { code, stderr } = await replay(t, [RECORDING, '--export_data', 'csv:csv'], folder)
    assert.equal(code, 2)
    for (const name of names) {
      assert.match(
        stderr,
        new RegExp(`version 1\\.0 wrote it.*: mv csv/${name} csv/${name}.old$`, 'm'),
      )
      assert.equal(await readFile(join(folder, 'csv', name), 'utf8'), old(`csv/${name}`))
    }
    for (const name of names) {
      await rename(join(folder, 'csv', name), join(folder, 'csv', `${name}.old`))
    }
    assert.equal((await replay(t, [RECORDING, '--export_data', 'csv:csv'], folder)).code, 0)
  })

  it('have columns that csv has in the same order, with the same values', async (t) => {
    const folder = tempFolder(t)
    await replay(t, [RECORDING, '--export_data', 'csv:csv?plain'], folder)
    for (const name of readdirSync(join(OLD, 'csv'))) {
      const rows = (text: string) =>
        papaparse.parse<Record<string, string>>(text.trimEnd(), { header: true })
      const { data, meta } = rows(old(`csv/${name}`))
      const columns = meta.fields ?? []
      const now = rows(await readFile(join(folder, 'csv', name), 'utf8'))
      assert.deepEqual(
        now.meta.fields?.filter((column) => columns.includes(column)),
        columns,
      )
      const kept = now.data.map((row) => columns.map((column) => [column, row[column]]))
      assert.deepEqual(kept.map(Object.fromEntries), data)
    }
  })
})

describe('JetStream of version 1.0', () => {
  const live = { skip: noNatsServer }

  it('goes on with the same subjects and message ids, without repeats', live, async (t) => {
    const server = await startNatsServer(t)
    const manager = await server.manager()
    const config = { name: 'OLD', subjects: ['fix.>'], duplicate_window: 600e9 }
    await manager.streams.add(config)
    const connection = await connect({ servers: `127.0.0.1:${server.port}` })
    t.after(() => connection.close())
    const published = linesOf(old('jetstream.txt')).map((line) => line.split(' '))
    for (const [subject = '', msgID = ''] of published)
      await jetstream(connection).publish(subject, '{}', { msgID })
    const type = `nats://127.0.0.1:${server.port}/fix`
    const { code } = await replay(t, [RECORDING, '--export_data', `${type}?stream=OLD`])
    assert.equal(code, 0)
    const { state } = await manager.streams.info('OLD', { subjects_filter: '>' })
    assert.equal(state.messages, published.length)
    assert.deepEqual(
      Object.keys(state.subjects ?? {}).sort(),
      [...new Set(published.map(([subject = '']) => subject))].sort(),
    )
  })
})

describe('the metrics of version 1.0', () => {
  it('are served with their names, types and labels, and count the same', async (t) => {
    const folder = tempFolder(t)
    const central = await startCentral(t)
    const topics = new Map(FRAMES.map(({ customer, topic }) => [customer, topic]))
    const entries = [...topics].map(([name, topic]) => [name, { wsskey: makeKey(name), topic }])
    const input = await writeInput(t, Object.fromEntries(entries))
    await writeFile(join(folder, 'odd.mjs'), 'export default () => {}')
    const types = ['json:records.ndjson', 'json:entries/', 'csv:csv', './odd.mjs']
    const program = runProgram(
      t,
      [
        ...['--hostname', central.url, '--jsoninput', input, '--metrics', '0', '--decode_data'],
        ...types.flatMap((type) => ['--export_data', type]),
      ],
      { cwd: folder },
    )
    const url = await program.metricsUrl()
    for (const [customer, topic] of topics) {
      const own = FRAMES.filter((frame) => frame.customer === customer)
      const socket = await central.waitForSocket({ topic })
      await socket.sendAll(own.map(({ frame }) => Buffer.from(frame, 'base64')))
    }
    const scrape = async () => (await fetch(`${url}/metrics`)).text()
    const all = `aruba_stream_exported_total{exporter="./odd.mjs"} ${FRAMES.length}\n`
    await until(async () => (await scrape()).includes(all))
    const text = await scrape()
    const families = parseExposition(text)
    const now = new Set(text.split('\n').map((line) => line.replace(/ [^ ]*$/, '')))
    for (const line of linesOf(old('metrics.txt'))) {
      const [, name = '', type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
      if (type !== undefined) assert.equal(families.get(name)?.type, type, name)
      else if (!line.startsWith('aruba_stream_build_info')) assert.ok(now.has(line), line)
    }
    assert.deepEqual(
      families.get('aruba_stream_build_info')?.samples.map(({ value }) => value),
      [1],
    )
    const values = (name: string) =>
      families.get(`aruba_stream_${name}`)?.samples.map(({ value }) => value)
    assert.deepEqual(values('messages_total'), [3, 3, 3, 3, 3, 3])
    assert.deepEqual(values('up'), [1, 1, 1, 1, 1, 1])
  })
})

/** Of a program that is called like this; it only runs where the command line is right. */
async function exitCodeOf(t: TestContext, args: readonly string[]): Promise<number | null> {
  try {
    if (parseCommandLine(args, '2.0.0').command === 'show') return 0
  } catch (error) {
    assert.ok(error instanceof StreamError)
    return error.exitCode
  }
  const cwd = tempFolder(t)
  for (const name of ['recording.ndjson', 'dead-letters.ndjson'])
    await copyFile(join(OLD, name), join(cwd, name))
  await writeFile(join(cwd, 'nonsense.txt'), 'hello\n')
  const customers = { A: { wsskey: makeKey('A'), topic: 'audit' } }
  await writeFile(join(cwd, 'input.json'), JSON.stringify({ customers }), { mode: 0o600 })
  return (await runProgram(t, args, { cwd }).result).code
}

describe('the command lines of version 1.0', () => {
  for (const line of linesOf(old('commands.txt'))) {
    const [code, ...args] = line.split(' ')
    it(`end with exit code ${code} as they did: ${args.join(' ')}`, async (t) => {
      assert.equal(await exitCodeOf(t, args), Number(code))
    })
  }

  it('of its README are understood', () => {
    const stream = '--hostname HOST --jsoninput input.json'
    for (const line of [
      `${stream} --decode_data --readable --log_format json --log_level debug --stats_interval 0`,
      `${stream} --start_seq 5 --deliver_last --deliver_all --since_time 1h30m --no_valid_cert`,
      `${stream} --no_reconnect --record r --dead_letter d --metrics 0.0.0.0:9464 --proto_dir p`,
      `--hostname=http://127.0.0.1:8765 --jsoninput=try.json --decode-data --decode_decode`,
      `${stream} --export_data json --export_data csv:f --export_data tcp://h:1 --export_data tls://h:1`,
      `${stream} --export_data https://h:8088/raw?sourcetype=_json --export_data nats://a:4222,b:4222/P?stream=S`,
    ])
      assert.equal(parseCommandLine(line.split(' '), '2.0.0').command, 'stream', line)
    const simulate =
      'simulate --port 0 --rate 0 --count 1 --frames f --loop --unsubscribed audit --expired_key k --refused_key l --flaky 5 --write_input w'
    assert.equal(parseCommandLine(simulate.split(' '), '2.0.0').command, 'simulate')
  })
})
