import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { closedPort, isOpen, startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { goldenFrames, goldenRecording } from '../helpers/golden.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { needs, SYSTEM_ENV } from '../helpers/needs.js'
import { CLI } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url))

type Shell = {
  readonly child: ChildProcess /** To be asked once: it reads stdout. */
  result(): Promise<readonly [number | null, string]>
}

/** A pipeline as a user types it; it ends with the test, all of it. */
function shell(t: TestContext, folder: string, command: string): Shell {
  const script = `set -o pipefail\naruba-stream() { exec '${process.execPath}' '${CLI}' "$@"; }\n${command}`
  const child = spawn('bash', ['-c', script], {
    cwd: folder,
    env: SYSTEM_ENV,
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, which can be ended as one.
    detached: true,
  })
  t.after(() => end(child, 'SIGKILL'))
  const ended = once(child, 'close')
  return {
    child,
    async result() {
      const [[code], printed] = await Promise.all([ended, text(child.stdout)])
      return [code, printed]
    },
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  if (child.pid !== undefined) process.kill(-child.pid, signal)
}

/** A server that ends with the test. */
function daemon(t: TestContext, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, {
    env: SYSTEM_ENV,
    // Open, and silent: kcat would leave at its end.
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  t.after(async () => {
    const gone = once(child, 'exit')
    if (child.exitCode === null && child.kill('SIGKILL')) await gone
  })
  return child
}

const timestampsOf = (printed: string) =>
  printed
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).timestamp)

/** The records of a recording, as the program prints them. */
async function recordingIn(folder: string, count: number): Promise<string> {
  await writeFile(join(folder, 'frames.jsonl'), goldenRecording(count))
  return spawnSync(
    process.execPath,
    [CLI, 'replay', join(folder, 'frames.jsonl'), '--decode_data'],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  ).stdout
}

test('| jq picks what it wants of a live stream', needs('jq'), async (t) => {
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const pipe = shell(
    t,
    tempFolder(t),
    `aruba-stream --hostname ${central.url} --jsoninput ${input} --decode_data 2>/dev/null |
       jq --unbuffered -c '[.customer, .timestamp]'`,
  )
  const socket = await central.waitForSocket()
  const frames = goldenFrames('presence')
  await socket.sendAll(frames)
  // Records come through while the stream goes on: nothing waits for a buffer to fill.
  let rows: string[] = []
  let printed = ''
  for await (const chunk of pipe.child.stdout ?? []) {
    printed += chunk
    rows = printed.split('\n').slice(0, -1)
    if (rows.length === frames.length) break
  }
  end(pipe.child, 'SIGINT')
  await socket.ended
  assert.match(rows[0] ?? '', /^\["A","\d+"\]$/)
})

test('| head ends the program quietly', needs('head'), async (t) => {
  const folder = tempFolder(t)
  const records = await recordingIn(folder, 500)
  const pipe = shell(t, folder, 'aruba-stream replay frames.jsonl --decode_data 2>log | head -n 3')
  const [code, printed] = await pipe.result()
  assert.equal(code, 0)
  assert.equal(printed, `${records.split('\n').slice(0, 3).join('\n')}\n`)
})

test('| kcat -P puts every record into a Kafka topic', needs('kcat'), async (t) => {
  const folder = tempFolder(t)
  const records = await recordingIn(folder, 500)
  const brokers = await mockCluster(t)
  const [code] = await shell(
    t,
    folder,
    `aruba-stream replay frames.jsonl --decode_data 2>log | kcat -P -b ${brokers} -t aruba`,
  ).result()
  assert.equal(code, 0)
  const [readCode, read] = await shell(
    t,
    folder,
    `kcat -C -q -e -o beginning -b ${brokers} -t aruba`,
  ).result()
  assert.equal(readCode, 0)
  // The cluster spreads them over its partitions, so the order is not that of the stream.
  assert.deepEqual(timestampsOf(read).sort(), timestampsOf(records).sort())
})

test(
  '| kcat ends at a record over 1 MB, which only its own exit code tells, unless it is told of larger ones',
  needs('kcat'),
  async (t) => {
    const folder = tempFolder(t)
    const brokers = await mockCluster(t)
    const detailed_data = 'x'.repeat(1_100_000)
    const frame = encodeFrame(
      'audit',
      { config_info: { detailed_data } },
      { timestamp: '1', customer_id: 'A' },
    )
    const line = {
      received: '2026-01-01T00:00:00.000Z',
      customer: 'A',
      topic: 'audit',
      frame: Buffer.from(frame).toString('base64'),
    }
    await writeFile(join(folder, 'frames.jsonl'), `${JSON.stringify(line)}\n`.repeat(2))
    const [, recipe = ''] =
      /\| (kcat .*)$/m.exec(await readFile(join(DOCS, 'pipes.md'), 'utf8')) ?? []
    const withOption = recipe.replace('broker:9092', brokers)
    assert.match(withOption, / -X message\.max\.bytes=/)
    const run = (kcat: string) => {
      const replay = 'aruba-stream replay frames.jsonl --decode_data 2>/dev/null'
      const pipeline = `${replay} | ${kcat} 2>/dev/null; echo \${PIPESTATUS[*]}`
      return shell(t, folder, pipeline).result()
    }
    assert.equal((await run(withOption.replace(/ -X \S+/, '')))[1], '0 1\n')
    assert.equal((await run(withOption))[1], '0 0\n')
  },
)

test(
  '| mosquitto_pub -l publishes every record',
  needs('mosquitto', 'mosquitto_pub'),
  async (t) => {
    const folder = tempFolder(t)
    const count = 200
    const records = await recordingIn(folder, count)
    const port = await closedPort()
    const config = join(folder, 'mosquitto.conf')
    const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'max_queued_messages 0']
    await writeFile(config, `${lines.join('\n')}\nuser root\n`)
    const broker = daemon(t, 'mosquitto', ['-c', config])
    broker.stderr?.resume()
    await until(() => isOpen(port))
    const where = `-h 127.0.0.1 -p ${port} -t aruba/records -q 1`
    const ready = shell(t, folder, `mosquitto_pub ${where} -r -m ready`)
    assert.equal((await ready.result())[0], 0)
    const subscriber = shell(t, folder, `mosquitto_sub ${where} -C ${count + 1}`)
    // The broker gives the retained message to each new subscription.
    const received = subscriber.result()
    await once(subscriber.child.stdout ?? assert.fail(), 'data')
    const [code] = await shell(
      t,
      folder,
      `aruba-stream replay frames.jsonl --decode_data 2>log | mosquitto_pub ${where} -l`,
    ).result()
    assert.equal(code, 0)
    assert.equal((await received)[1], `ready\n${records}`)
  },
)

/** librdkafka's own cluster, inside a producer that has nothing to say; its brokers. */
async function mockCluster(t: TestContext): Promise<string> {
  const idle = ['-P', '-b', 'none', '-t', 'none']
  const { stderr } = daemon(t, 'kcat', [...idle, '-X', 'test.mock.num.brokers=1', '-d', 'mock'])
  return new Promise((resolve) => {
    let said = ''
    stderr?.on('data', (chunk) => {
      said += chunk
      const [, brokers] = /bootstrap\.servers=(\S+)\s/.exec(said) ?? []
      if (brokers) resolve(brokers)
    })
  })
}
