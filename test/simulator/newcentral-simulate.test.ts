import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../../src/clock.js'
import { runSimulate } from '../../src/commands/simulate.js'
import type { LogFields, Logger } from '../../src/log.js'
import { TOPICS } from '../../src/newcentral/topics.js'
import { customerIdOf } from '../../src/simulator/classic/keys.js'
import { classicDemo, DEMO_CLIENTS, newCentralDemo } from '../../src/simulator/demo-input.js'
import { DEFAULT_SIMULATION, type SimulateSettings } from '../../src/simulator/settings.js'
import { FakeClock, until } from '../helpers/clock.js'
import { leaksIn, registerKey } from '../helpers/keys.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'
import { dial, eventFrame, form, idsOf, send, tokenOf, tokenUrl } from './newcentral-client.js'

const NOW = Date.UTC(2026, 0, 2, 12)

/** Runs a simulation until it is stopped, or until the test ends. */
async function start(
  t: TestContext,
  settings: Partial<SimulateSettings> = {},
  clock: Clock = { ...systemClock, now: () => NOW },
) {
  const stopping = new AbortController()
  const [printed, logged]: string[][] = [[], []]
  const note = (message: string, fields: LogFields = {}) => {
    logged?.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log }
  const print = async (text: string) => {
    printed?.push(...text.split('\n'))
  }
  const all = { ...DEFAULT_SIMULATION, port: 0, rate: 100, ...settings }
  const ended = runSimulate(all, {
    command: 'aruba-stream',
    log,
    signal: stopping.signal,
    print,
    clock,
  })
  t.after(() => stopping.abort())
  let over = false
  const settled = () => {
    over = true
  }
  ended.then(settled, settled)
  await until(() => over || printed?.length !== 0)
  if (over) await ended
  const url = /https?:\/\/[\d.:]+\d/.exec(printed?.[0] ?? '')?.[0] ?? ''
  const stop = () => {
    stopping.abort()
    return ended
  }
  return { url, printed: printed ?? [], logged: logged ?? [], stop }
}

test('the simulation streams every topic of New Central, and says at its end what became of it', async (t) => {
  const { url, printed, logged, stop } = await start(t, { rate: 20 })
  for (const { secret } of DEMO_CLIENTS) registerKey(secret)
  for (const { client_id, client_secret, topic } of Object.values(newCentralDemo(''))) {
    const { body } = await send(tokenUrl({ url }), form(client_id, client_secret))
    const token = registerKey(JSON.parse(body).access_token)
    const { ids } = dial({ url }, topic, { token, id: `id of ${topic}` })
    await until(() => ids.length >= 3)
  }
  await stop()
  const ends = logged.filter((line) => line.startsWith('subscriber '))
  assert.equal(ends.length, TOPICS.length)
  for (const line of ends) {
    assert.match(line, /"subscriberId":"id of [\w-]+","sent":\d+,.*"lost":0/)
  }
  assert.deepEqual(leaksIn([...logged, ...printed].join('\n')), [])
})

test('the clients of the input file need their secrets, others any', async (t) => {
  const { url } = await start(t)
  const [client] = DEMO_CLIENTS
  assert.equal((await send(tokenUrl({ url }), form(client?.id, 'wrong'))).status, 401)
  assert.equal((await send(tokenUrl({ url }), form('another', 'any'))).status, 200)
})

test('an input file has the customers of the services that are asked for', async (t) => {
  const folder = tempFolder(t)
  const written = async (services: SimulateSettings['services']) => {
    const inputFile = join(folder, services.join())
    const { url } = await start(t, { inputFile, services })
    return { url, ...JSON.parse(await readFile(inputFile, 'utf8')) }
  }
  const both = await written(['classic', 'newcentral'])
  const entries = newCentralDemo(both.url)
  assert.deepEqual(both.customers, { ...classicDemo(NOW), ...entries })
  assert.deepEqual(new Set(Object.values(entries).map(({ topic }) => topic)), new Set(TOPICS))
  const one = await written(['newcentral'])
  assert.deepEqual(Object.keys(one.customers), Object.keys(entries))
})

test('a customer has the same site in both services', () => {
  const { wsskey = '' } = classicDemo(NOW).CustomerA_monitoring ?? {}
  assert.equal(DEMO_CLIENTS[0]?.customerId, customerIdOf(wsskey))
})

test('settings of New Central hold in the simulation', async (t) => {
  const newCentral = { expires_in: 60, refused_client: ['refused'], missing: ['wids'] } as const
  const { url } = await start(t, { newCentral, unsubscribed: ['rssi-events'] })
  assert.equal((await send(tokenUrl({ url }), form('refused'))).status, 401)
  const { body } = await send(tokenUrl({ url }), form())
  assert.equal(JSON.parse(body).expires_in, 60)
  const token = await tokenOf({ url })
  for (const [topic, status] of [
    ['wids', /404/],
    ['rssi-events', /403/],
  ] as const) {
    const [error] = await once(dial({ url }, topic, { token }).ws, 'error')
    assert.match(error.message, status)
  }
})

test('count limits the events of a topic, whoever gets them', async (t) => {
  const { url, logged, stop } = await start(t, { count: 5, rate: 1000 })
  const token = await tokenOf({ url })
  const first = dial({ url }, 'wids', { token })
  const second = dial({ url }, 'wids', { token })
  await until(() => first.ids.length + second.ids.length === 5)
  await stop()
  assert.ok(logged.some((line) => line.startsWith('subscriber ') && line.includes('"sent":5,')))
})

/** A recording of `wids` events with these ids, and a text frame behind them. */
function recordingOf(ids: readonly string[]): string {
  const frames = [...ids.map((id) => ({ frame: eventFrame(id) })), { frame: 'hello', text: true }]
  return frames
    .map(({ frame, ...rest }) => {
      const received = new Date(NOW).toISOString()
      const line = { received, customer: 'A', topic: 'wids', ...rest }
      return `${JSON.stringify({ ...line, frame: Buffer.from(frame).toString('base64') })}\n`
    })
    .join('')
}

test('those who subscribe share the frames of a recording, and the account counts them', async (t) => {
  const framesFile = join(tempFolder(t), 'frames.ndjson')
  const ids = idsOf('e', 40)
  await writeFile(framesFile, recordingOf(ids))
  const clock = new FakeClock(NOW)
  const { url, logged, stop } = await start(t, { framesFile, rate: 200 }, clock)
  /** Sends frames until something is so. */
  const feedUntil = (condition: () => boolean) =>
    until(() => {
      clock.advance(5)
      return condition()
    })
  const token = await tokenOf({ url })
  const open = async (id: string) => {
    const client = dial({ url }, 'wids', { token, id })
    await once(client.ws, 'open')
    return client
  }
  const first = await open('same')
  const second = await open('same')
  await feedUntil(() => first.ids.length + second.ids.length === 40)
  await feedUntil(() => first.texts.length + second.texts.length === 1)
  assert.deepEqual([...first.ids, ...second.ids].sort(), [...ids].sort())
  assert.ok(second.ids.length > 0)
  for (const client of [first, second]) {
    client.ws.close(1000)
    await client.closed
  }
  await until(() => logged.filter((line) => line.startsWith('ended')).length === 2)
  // The frames begin anew where nobody is left.
  const third = await open('another')
  await feedUntil(() => third.texts.length === 1)
  assert.deepEqual(third.ids, ids)
  await stop()
  const [line = ''] = logged.filter((each) => each.includes('"subscriberId":"another"')).slice(-1)
  assert.match(line, /"sent":41,"repeated":0,"filtered":0,"queued":0,"lost":0/)
})

test('a recording without a pace waits for a subscriber that is away', async (t) => {
  const framesFile = join(tempFolder(t), 'frames.ndjson')
  await writeFile(framesFile, recordingOf(idsOf('e', 5)))
  const { url, stop, logged } = await start(t, { framesFile, rate: 0, loop: true })
  const token = await tokenOf({ url })
  const client = dial({ url }, 'wids', { token, id: 'mine' })
  await until(() => client.ids.length > 20)
  client.ws.terminate()
  await until(() => logged.some((line) => line.startsWith('ended')))
  // Time enough for thousands of frames.
  for (let turn = 0; turn < 2000; turn += 1) await new Promise(setImmediate)
  const again = dial({ url }, 'wids', { token, id: 'mine' })
  await until(() => again.ids.length > 20)
  await stop()
  const [, queued] = /"fromQueue":(\d+)/.exec(logged.at(-1) ?? '') ?? []
  // At most what was under way when the connection ended.
  assert.ok(Number(queued) <= 1, logged.at(-1))
})

test('the simulation speaks TLS with the files of a certificate', async (t) => {
  const folder = tempFolder(t)
  const { good, ca } = await certificates()
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await writeFile(certFile, good.cert)
  await writeFile(keyFile, good.key)
  const { url, printed } = await start(t, { tls: { certFile, keyFile } })
  assert.match(url, /^https:/)
  assert.ok(printed.some((line) => line.includes(`NODE_EXTRA_CA_CERTS=${certFile} aruba-stream`)))
  const { ids } = dial({ url }, 'wids', {
    token: await tokenOf({ url }, 'client', ca),
    client: { ca },
  })
  await until(() => ids.length > 0)
  const missing = join(folder, 'missing.pem')
  await assert.rejects(start(t, { tls: { certFile, keyFile: missing } }), {
    code: 'usage',
    message: /^--tls_key: cannot read .*missing\.pem: /,
  })
  await assert.rejects(start(t, { tls: { certFile: keyFile, keyFile } }), {
    code: 'usage',
    message: /^--tls_cert, --tls_key: /,
  })
})
