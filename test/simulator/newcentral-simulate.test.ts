import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/clock.js'
import type { LogFields, Logger } from '../../src/log.js'
import { TOPICS } from '../../src/newcentral/topics.js'
import { demoInput } from '../../src/simulator/classic/demo-input.js'
import { customerIdOf } from '../../src/simulator/classic/keys.js'
import { DEMO_CLIENTS, demoEntries } from '../../src/simulator/newcentral/demo-input.js'
import { describeSettings } from '../../src/simulator/newcentral/settings.js'
import { DEFAULT_SIMULATION, type SimulateSettings } from '../../src/simulator/settings.js'
import { runSimulate } from '../../src/simulator/simulate.js'
import { until } from '../helpers/clock.js'
import { leaksIn, registerKey } from '../helpers/keys.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'
import { dial, form, send, tokenOf, tokenUrl } from './newcentral-client.js'

const NOW = Date.UTC(2026, 0, 2, 12)

/** Runs a simulation until it is stopped, or until the test ends. */
async function start(t: TestContext, settings: Partial<SimulateSettings> = {}) {
  const stopping = new AbortController()
  const [printed, logged]: string[][] = [[], []]
  const note = (message: string, fields: LogFields = {}) => {
    logged?.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log: Logger = { debug: note, info: note, warn: note, error: note, child: () => log }
  const clock = { ...systemClock, now: () => NOW }
  const print = (line: string) => {
    printed?.push(line)
  }
  const all = { ...DEFAULT_SIMULATION, port: 0, rate: 100, ...settings }
  const ended = runSimulate(all, { log, signal: stopping.signal, print, clock })
  t.after(() => stopping.abort())
  await Promise.race([until(() => printed?.length !== 0), ended])
  const url = /https?:\/\/[\d.:]+\d/.exec(printed?.[0] ?? '')?.[0] ?? ''
  const stop = () => {
    stopping.abort()
    return ended
  }
  return { url, printed: printed ?? [], logged: logged ?? [], stop }
}

test('the simulation streams every topic of New Central, and says at its end what became of it', async (t) => {
  const { url, printed, logged, stop } = await start(t)
  for (const { secret } of DEMO_CLIENTS) registerKey(secret)
  for (const { client_id, client_secret, topic } of Object.values(demoEntries(''))) {
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
  const entries = demoEntries(`${both.url}/as/token.oauth2`)
  assert.deepEqual(both.customers, { ...demoInput(NOW).customers, ...entries })
  assert.deepEqual(new Set(Object.values(entries).map(({ topic }) => topic)), new Set(TOPICS))
  const one = await written(['newcentral'])
  assert.deepEqual(Object.keys(one.customers), Object.keys(entries))
})

test('a customer has the same site in both services', () => {
  const { wsskey = '' } = demoInput(NOW).customers.CustomerA_monitoring ?? {}
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

test('the documents list every setting with its values', async () => {
  const page = await readFile(new URL('../../docs/simulator.md', import.meta.url), 'utf8')
  for (const { name, values } of describeSettings()) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))
    assert.ok(row, name)
    if (name === 'missing') continue
    for (const value of values.split(/\||, default /)) {
      assert.ok(row.includes(value), `${name}: ${value}`)
    }
  }
})
