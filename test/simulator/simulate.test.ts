import assert from 'node:assert/strict'
import { on, once } from 'node:events'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { TOPICS } from '../../src/classic/topics.js'
import { systemClock } from '../../src/clock.js'
import { runSimulate } from '../../src/commands/simulate.js'
import type { LogFields, Logger } from '../../src/log.js'
import { customerIdOf } from '../../src/simulator/classic/keys.js'
import { classicDemo, demoKey, newCentralDemo } from '../../src/simulator/demo-input.js'
import { DEFAULT_SIMULATION, type SimulateSettings } from '../../src/simulator/settings.js'
import { leaksIn, makeKey, registerKey } from '../helpers/keys.js'
import { listen } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { openSocket, refusal } from './client.js'

const NOW = Date.UTC(2026, 0, 2, 12)

/** Runs a simulation until the test ends. */
async function start(t: TestContext, settings: Partial<SimulateSettings> = {}) {
  const stop = new AbortController()
  const clock = { ...systemClock, now: () => NOW }
  const printed: string[] = []
  const logged: string[] = []
  const note = (message: string, fields: LogFields = {}) => {
    logged.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log }
  let url = ''
  const ended = new Promise<void>((resolve, reject) => {
    const listening = new Promise<void>((isListening) => {
      const print = async (text: string) => {
        printed.push(...text.split('\n'))
        url ||= /http:\/\/[\d.:]+\d/.exec(text)?.[0] ?? ''
        isListening()
      }
      const all = { ...DEFAULT_SIMULATION, port: 0, rate: 50, ...settings }
      runSimulate(all, { command: 'aruba-stream', log, signal: stop.signal, print, clock }).then(
        resolve,
        reject,
      )
    })
    listening.then(resolve)
  })
  t.after(() => stop.abort())
  await ended
  return { url, printed, logged, stop: () => stop.abort() }
}

async function validated(url: string, key: string): Promise<{ status: number; token: string }> {
  const answer = await fetch(`${url}/streaming/token/validate`, { headers: { Authorization: key } })
  const body = (await answer.json()) as { token: string }
  return { status: answer.status, token: body.token }
}

test('the simulation prints its address and how to try it, and streams every topic', async (t) => {
  const { url, printed, logged } = await start(t)
  assert.ok(
    printed.includes(
      `  aruba-stream --hostname ${url} --jsoninput input.json --readable --decode_data`,
    ),
  )
  const entries = Object.values(classicDemo(NOW))
  for (const { wsskey } of entries) registerKey(wsskey)
  const received = entries.map(async ({ username, wsskey, topic }) => {
    const headers = { UserName: username, Authorization: wsskey, Topic: topic }
    const [frame] = await once(openSocket({ url }, headers), 'message')
    assert.ok(frame.length > 50)
    assert.ok(frame.includes(topic) && frame.includes(customerIdOf(wsskey)))
    return topic
  })
  assert.deepEqual((await Promise.all(received)).sort(), [...TOPICS])
  assert.equal(logged.filter((line) => line.startsWith('subscribed')).length, TOPICS.length)
  assert.deepEqual(leaksIn([...logged, ...printed].join('\n')), [])
})

test('expired keys, refused keys and unsubscribed topics are refused as set', async (t) => {
  const [expired, refused] = [makeKey('expired'), makeKey('refused')]
  const { url, logged } = await start(t, {
    expiredKeys: [expired],
    refusedKeys: [refused],
    unsubscribed: ['audit'],
  })
  const { status, token } = await validated(url, expired)
  assert.equal(status, 200)
  assert.notEqual(token, expired)
  assert.equal(customerIdOf(token), customerIdOf(expired))
  assert.equal((await validated(url, refused)).status, 401)
  const topic = { Topic: 'presence' }
  assert.equal((await refusal({ url }, { ...topic, Authorization: expired })).status, 401)
  const audit = await refusal({ url }, { Topic: 'audit', Authorization: 'another' })
  assert.equal(audit.body, 'Unsubscribed Topic\n')
  await once(openSocket({ url }, { ...topic, Authorization: token }), 'open')
  registerKey(token)
  assert.deepEqual(leaksIn(logged.join('\n')), [])
})

test('the simulation and its connections end with the signal', async (t) => {
  const { url, stop } = await start(t)
  const client = openSocket({ url }, { Authorization: 'key', Topic: 'presence' })
  await once(client, 'message')
  stop()
  await once(client, 'close')
  await assert.rejects(fetch(url))
})

test('the simulation writes an input file for its owner alone, and never over another file', async (t) => {
  const inputFile = join(tempFolder(t), "it's input.json")
  const { printed, url } = await start(t, { inputFile })
  const customers = { ...classicDemo(NOW), ...newCentralDemo(url) }
  assert.deepEqual(JSON.parse(await readFile(inputFile, 'utf8')), { customers })
  assert.equal((await stat(inputFile)).mode & 0o777, 0o600)
  assert.ok(printed.some((line) => line.includes(`it'\\''s input.json' --readable --decode_data`)))
  await assert.rejects(start(t, { inputFile }), {
    code: 'usage',
    message: /it exists.*leave --write_input out/,
  })
})

test('a recording, compressed or not, is sent in place of traffic, its text frames as text', async (t) => {
  const folder = tempFolder(t)
  const line = (frame: string, text?: boolean) =>
    `${JSON.stringify({ received: '2026-01-01T00:00:00Z', customer: 'A', topic: 'audit', frame, text })}\n`
  const recording = line('aGVsbG8=') + line('d29ybGQ=', true)
  const files = { 'frames.jsonl': recording, 'frames.jsonl.gz': gzipSync(recording) }
  for (const [name, content] of Object.entries(files)) {
    const framesFile = join(folder, name)
    await writeFile(framesFile, content)
    const { url } = await start(t, { framesFile, rate: 0 })
    const client = openSocket({ url }, { Authorization: 'key', Topic: 'audit' })
    const frames = on(client, 'message')
    for (const expected of [
      ['hello', true],
      ['world', false],
    ]) {
      const [data, isBinary] = (await frames.next()).value
      assert.deepEqual([String(data), isBinary], expected, name)
    }
  }
})

test('a port in use and unusable files are reported at the start', async (t) => {
  const server = createServer()
  const port = await listen(t, server)
  await assert.rejects(start(t, { port }), { code: 'usage', message: /port \d+: it is in use/ })
  const folder = tempFolder(t)
  const missing = join(folder, 'missing')
  await assert.rejects(start(t, { framesFile: missing }), {
    code: 'usage',
    message: /^--frames: .*missing: cannot be read: it does not exist \(ENOENT\)$/,
  })
  for (const [text, message] of [
    ['', /it has no frames/],
    ['hello\n', /expected lines that --record/],
  ] as const) {
    const framesFile = join(folder, 'frames.jsonl')
    await writeFile(framesFile, text)
    await assert.rejects(start(t, { framesFile }), { code: 'usage', message })
  }
  await mkdir(missing)
  const inputFile = join(missing, 'none', 'input.json')
  await assert.rejects(start(t, { inputFile }), {
    message: /^--write_input: cannot write .*: its folder does not exist \(ENOENT\)$/,
  })
})

test("demo keys have the form of Central's keys", () => {
  const [header = '', payload = '', signature = ''] = demoKey('any', NOW).split('.')
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
    alg: 'HS256',
    typ: 'JWT',
  })
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  assert.match(claims.customer_id, /^[0-9a-f]{32}$/)
  assert.equal(claims.creation_date, Date.UTC(2026, 0, 1) / 1000)
  assert.equal(Buffer.from(signature, 'base64url').length, 32)
})
