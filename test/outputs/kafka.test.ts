import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { TOPICS } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import { openKafka, parseKafkaTarget, readKafkaLogin } from '../../src/outputs/kafka.js'
import { loadPackages } from '../../src/packages.js'
import { startSilentServer } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import {
  type FakeContext,
  fakeContext,
  fakeMessage,
  firstArrivals,
  numbers,
} from '../helpers/export-fakes.js'
import { replayTo } from '../helpers/here.js'
import {
  type KafkaBroker,
  LOGIN,
  noKafkaBroker,
  prepareKafkaBroker,
} from '../helpers/kafka-broker.js'
import { exportUnderKills } from '../helpers/mortal.js'
import { sendOne } from '../helpers/send-one.js'
import { NOWHERE, sized } from '../helpers/settings.js'
import { certificates } from '../helpers/tls.js'

const live = { skip: noKafkaBroker }
const MESSAGES = sized(4_000, 50_000)
const KILLS = sized(1, 10)
const ENTRIES = 20
/** What is sent while the login is refused. */
const REFUSED = sized(50, 5_000)

let prepared: Promise<KafkaBroker> | undefined
const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends.reverse()) await end()
})

/** The broker of all tests, which makes no topics by itself. One takes seconds to prepare and to start. */
function preparedBroker(): Promise<KafkaBroker> {
  prepared ??= prepareKafkaBroker({ after: (end) => ends.push(end) })
  return prepared
}

async function runningBroker(): Promise<KafkaBroker> {
  const broker = await preparedBroker()
  await broker.start()
  return broker
}

const unusable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StreamError)
  assert.equal(error.code, 'exporter-unusable')
  assert.match(error.message, pattern)
  assert.doesNotMatch(error.message, /hunter2/)
  return true
}

async function open(
  port: number,
  prefix: string,
  given = {},
): Promise<[Awaited<ReturnType<typeof openKafka>>, FakeContext]> {
  const context = fakeContext(given)
  return [await openKafka(`kafka://127.0.0.1:${port}/${prefix}`, context), context]
}

/** The numbers of each entry in the order of their first arrival. */
async function arrived(broker: KafkaBroker, topic: string): Promise<Map<string, number[]>> {
  return firstArrivals((await broker.read(topic)).map(({ payload }) => payload))
}

const logged = ({ logged }: FakeContext) => logged.map(({ message }) => message).join('\n')

test('kafka reads several hosts, with and without port', () => {
  assert.deepEqual(parseKafkaTarget('kafkas://a,b:9093,[::1]:1/aruba.prod'), {
    servers: [
      { host: 'a', port: 9092 },
      { host: 'b', port: 9093 },
      { host: '::1', port: 1 },
    ],
    prefix: 'aruba.prod',
    tls: true,
    brokers: 'a:9092,b:9093,[::1]:1',
    name: 'kafkas://a,b:9093,[::1]:1/aruba.prod',
  })
})

test('kafka refuses an address that is none, and never shows a login', () => {
  for (const target of [
    'kafka://h',
    'kafka:///p',
    'kafka://h,/p',
    'kafka://h:x/p',
    'kafka://h:0/p',
    'kafka://h/a..b',
    'kafka://h/a/b',
    'kafka://h/p#x',
    `kafka://h/${'p'.repeat(201)}`,
    'kafka://me:hunter2@h/p',
  ]) {
    assert.throws(() => parseKafkaTarget(target), unusable(/expected kafka:\/\//), target)
  }
})

test('kafka refuses a login that is incomplete, or a mechanism that it does not speak', () => {
  const KAFKA_PASSWORD = 'hunter2'
  const KAFKA_USERNAME = 'me'
  assert.equal(readKafkaLogin({}), undefined)
  assert.equal(readKafkaLogin({ KAFKA_USERNAME, KAFKA_PASSWORD })?.mechanism, 'PLAIN')
  for (const [env, pattern] of [
    [{ KAFKA_PASSWORD }, /KAFKA_USERNAME is not set/],
    [{ KAFKA_USERNAME }, /KAFKA_PASSWORD is not set/],
    [{ KAFKA_SASL_MECHANISM: 'PLAIN' }, /KAFKA_USERNAME is not set/],
    [
      { KAFKA_USERNAME, KAFKA_PASSWORD, KAFKA_SASL_MECHANISM: 'hunter2' },
      /expected one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512/,
    ],
  ] as const) {
    assert.throws(() => readKafkaLogin(env), unusable(pattern))
  }
})

test('an output names the package to install where it is not installed', async (_t) => {
  const needed = { type: 'kafka://', names: ['@platformatic/kafka'] }
  await assert.rejects(
    loadPackages(needed, [NOWHERE]),
    unusable(/kafka:\/\/ needs a package.* npm install @platformatic\/kafka$/),
  )
  const found = await loadPackages(needed, [NOWHERE, import.meta.url])
  assert.equal(found.length, 1)
})

test('kafka waits for a broker that refuses connections, and says so once', async () => {
  const [output, context] = await open(1, 'aruba')
  const written = output.write([fakeMessage('a', 0)])
  await until(() => context.counters.retried >= 3)
  context.expire()
  await written
  await output.close()
  assert.equal(context.counters.givenUp, 1)
  assert.equal(context.logged.filter(({ level }) => level === 'warn').length, 1)
  assert.match(
    logged(context),
    /kafka:\/\/127\.0\.0\.1:1\/aruba: it refuses connections.*messages wait/,
  )
})

test('kafka warns of a password that would travel in plain text', async () => {
  const env = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'hunter2' }
  const warned = async (host: string, more = {}) => {
    const context = fakeContext({ env: { ...env, ...more } })
    const output = await openKafka(`kafka://${host}:1/aruba`, context)
    await output.close()
    return /KAFKA_PASSWORD is sent in plain text/.test(logged(context))
  }
  // This machine, by an address that is not known to be.
  assert.equal(await warned('0.0.0.0'), true)
  assert.equal(await warned('0.0.0.0', { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' }), false)
  assert.equal(await warned('127.0.0.1'), false)
})

test('kafka waits for a broker that says nothing', async (t) => {
  const { port } = await startSilentServer(t)
  const [output, context] = await open(port, 'aruba')
  assert.match(logged(context), /no answer within 5 s; trying again/)
  context.expire()
  await output.close()
})

// The first: it leaves the broker running for the others.
test(
  'kafka loses no message and no order while the broker starts late and is killed again and again',
  live,
  async () => {
    const broker = await preparedBroker()
    await broker.kill()
    const [output, context] = await open(broker.port, 'aruba')
    assert.match(logged(context), /it refuses connections/)
    const topicOf = (entry: number) => TOPICS[entry % TOPICS.length] ?? 'monitoring'
    const messages = numbers(MESSAGES).map((n) => {
      const entry = n % ENTRIES
      return fakeMessage(`c${entry}`, n, { topic: topicOf(entry) })
    })
    const late = messages.slice(0, 100)
    for (const message of late) output.write([message])
    await until(() => context.counters.retried > 0)
    await broker.start()
    for (const topic of TOPICS) await broker.createTopic(`aruba.${topic}`)
    await exportUnderKills(output, messages.slice(100), broker, { kills: KILLS, paceMs: 1 })
    assert.deepEqual(
      { ...context.counters, retried: 0 },
      { delivered: MESSAGES, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
    )
    const byTopic = new Map<string, Map<string, number[]>>()
    for (const topic of TOPICS) byTopic.set(topic, await arrived(broker, `aruba.${topic}`))
    for (let entry = 0; entry < ENTRIES; entry++) {
      const all = byTopic.get(topicOf(entry))
      assert.deepEqual(all?.get(`c${entry}`), numbers(MESSAGES / ENTRIES, ENTRIES, entry))
    }
  },
)

test(
  'kafka makes a message of each record, and keeps the entry in one partition',
  live,
  async () => {
    const broker = await runningBroker()
    await broker.createTopic('plain.monitoring')
    await broker.createTopic('plain.audit')
    const [output, context] = await open(broker.port, 'plain', { topics: ['monitoring', 'audit'] })
    for (const n of numbers(300)) {
      await output.write([fakeMessage(`Kunde ü${n % 3}`, n)])
      await output.write([fakeMessage('b', n, { topic: 'audit' })])
    }
    await output.close()
    assert.deepEqual(context.logged, [])
    assert.equal(context.counters.delivered, 600)
    const messages = await broker.read('plain.monitoring')
    for (const name of ['Kunde ü0', 'Kunde ü1', 'Kunde ü2']) {
      const own = messages.filter(({ key }) => key === name)
      assert.equal(new Set(own.map(({ partition }) => partition)).size, 1)
      assert.equal(own.length, 100)
    }
    const [first] = messages.filter(({ key }) => key === 'Kunde ü0')
    const { line } = fakeMessage('Kunde ü0', 0)
    assert.equal(first?.payload, Buffer.from(line).toString().trimEnd())
    assert.deepEqual(first.headers.slice(0, 4), ['customer', 'Kunde ü0', 'topic', 'monitoring'])
    assert.match(first.headers.slice(4).join(), /^id,[\w-]{43}$/)
    assert.deepEqual((await arrived(broker, 'plain.audit')).get('b'), numbers(300))
  },
)

test(
  'kafka gives up the message that is too large, and delivers the others in order',
  live,
  async () => {
    const broker = await runningBroker()
    await broker.createTopic('large.monitoring', { 'max.message.bytes': '20000' })
    const [output, context] = await open(broker.port, 'large')
    // Many to a batch; the large ones cannot be packed.
    for (const n of numbers(200)) {
      const message = fakeMessage(`c${n % 4}`, n)
      const line = Buffer.from(
        JSON.stringify({ customer: `c${n % 4}`, data: { n, pad: noise(n) } }),
      )
      const large = n === 60 || n === 199
      output.write([
        large ? { ...message, line: Buffer.concat([line, Buffer.from('\n')]) } : message,
      ])
    }
    await until(() => context.counters.delivered >= 198)
    // Nothing was taken since the last message was refused, so the broker may be wrong itself.
    assert.equal(context.counters.givenUp, 1)
    assert.equal(context.counters.waiting, 1)
    await output.write([fakeMessage('c0', 200)])
    await until(() => context.counters.givenUp >= 2)
    await output.close()
    assert.deepEqual(
      context.givenUp.map(({ message }) => Number(message.timestamp)),
      [60, 199],
    )
    assert.match(context.givenUp[0]?.error.message ?? '', /large\.monitoring.*MESSAGE_TOO_LARGE/)
    const all = await arrived(broker, 'large.monitoring')
    assert.deepEqual(all.get('c0'), [...numbers(50, 4).filter((n) => n !== 60), 200])
    for (const c of [1, 2]) assert.deepEqual(all.get(`c${c}`), numbers(50, 4, c))
    assert.deepEqual(all.get('c3'), numbers(49, 4, 3))
  },
)

test(
  'kafka finds the one message of 1,000 that is too large, and delivers the others in order',
  live,
  async () => {
    const broker = await runningBroker()
    await broker.createTopic('one.monitoring', { 'max.message.bytes': '20000' })
    const [output, context] = await open(broker.port, 'one')
    const messages = numbers(1000).map((n) => fakeMessage(`c${n % 4}`, n))
    const record = { customer: 'c1', data: { n: 617, pad: noise(617) } }
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    messages[617] = { ...fakeMessage('c1', 617), line }
    for (const message of messages) output.write([message])
    await until(() => context.counters.waiting === 0)
    await output.close()
    assert.deepEqual(
      context.givenUp.map(({ message }) => message),
      [messages[617]],
    )
    assert.equal(context.counters.delivered, 999)
    const all = await arrived(broker, 'one.monitoring')
    for (const c of numbers(4)) {
      const expected = numbers(250, 4, c).filter((n) => n !== 617)
      assert.deepEqual(all.get(`c${c}`), expected)
    }
  },
)

test('kafka waits where a broker refuses everything for its size', live, async () => {
  const broker = await runningBroker()
  await broker.createTopic('tiny.monitoring', { 'max.message.bytes': '100' })
  const [output, context] = await open(broker.port, 'tiny')
  for (const n of numbers(40)) output.write([fakeMessage('a', n)])
  const refused = /MESSAGE_TOO_LARGE.*nothing after that was accepted; trying again/
  await until(() => refused.test(logged(context)))
  assert.equal(context.counters.givenUp, 0)
  context.expire()
  await output.close()
  assert.deepEqual(
    { ...context.counters, retried: 0 },
    { delivered: 0, retried: 0, givenUp: 40, kept: 0, waiting: 0 },
  )
})

test('kafka waits for a topic that the broker does not make, and names it once', live, async () => {
  const broker = await runningBroker()
  const [output, context] = await open(broker.port, 'missing')
  for (const n of numbers(50)) output.write([fakeMessage('a', n)])
  await until(() => context.counters.retried >= 100)
  const errors = context.logged.filter(({ level }) => level === 'error')
  assert.equal(errors.length, 1)
  assert.match(
    errors[0]?.message ?? '',
    /the topic missing\.monitoring is not there.*--create --topic missing\.monitoring; trying again/,
  )
  await broker.createTopic('missing.monitoring')
  await output.close()
  assert.equal(context.counters.delivered, 50)
  assert.match(context.logged.at(-1)?.message ?? '', /works again/)
  assert.deepEqual((await arrived(broker, 'missing.monitoring')).get('a'), numbers(50))
})

test('kafka loses nothing while its topic is gone, says so once, and goes on', live, async () => {
  const broker = await runningBroker()
  await broker.createTopic('gone.monitoring')
  const [output, context] = await open(broker.port, 'gone')
  for (const n of numbers(10)) await output.write([fakeMessage('a', n)])
  await until(() => context.counters.delivered === 10)
  await broker.deleteTopic('gone.monitoring')
  for (const n of numbers(REFUSED, 1, 10)) output.write([fakeMessage('a', n)])
  await until(() => context.logged.some(({ level }) => level === 'error'))
  const { retried } = context.counters
  await until(() => context.counters.retried > retried + REFUSED)
  const errors = context.logged.filter(({ level }) => level === 'error')
  assert.equal(errors.length, 1, logged(context))
  assert.match(logged(context), /the topic gone\.monitoring is not there.*trying again/)
  await broker.createTopic('gone.monitoring')
  await output.close()
  assert.equal(context.counters.delivered, REFUSED + 10)
  assert.equal(context.counters.givenUp, 0)
  assert.deepEqual((await arrived(broker, 'gone.monitoring')).get('a'), numbers(REFUSED, 1, 10))
})

test('kafka takes its login from the environment, and never shows it', live, async (t) => {
  const broker = await runningBroker()
  await broker.createTopic('login.monitoring')
  for (const KAFKA_SASL_MECHANISM of ['', 'PLAIN', 'scram-sha-256']) {
    const env = { ...LOGIN, KAFKA_SASL_MECHANISM }
    const [output, context] = await open(broker.saslPort, 'login', { env })
    await output.write([fakeMessage('a', 0)])
    await output.close()
    assert.equal(context.counters.delivered, 1)
    assert.deepEqual(context.logged, [])
    await assert.rejects(
      open(broker.saslPort, 'login', { env: { ...env, KAFKA_PASSWORD: 'hunter2-is-wrong' } }),
      unusable(/refused the login: .*; check KAFKA_SASL_MECHANISM, KAFKA_USERNAME and/),
    )
  }
  await assert.rejects(
    open(broker.saslPort, 'login', { env: { ...LOGIN, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' } }),
    unusable(/refused the login \(UNSUPPORTED_SASL_MECHANISM\)/),
  )
  const wrong = { ...LOGIN, KAFKA_PASSWORD: 'hunter2-is-wrong' }
  const target = `kafka://127.0.0.1:${broker.saslPort}/login`
  const { code, stderr } = await replayTo(t, target, wrong)
  assert.equal(code, 2)
  assert.match(stderr, /refused the login: /)
  assert.doesNotMatch(stderr, /hunter2/)
  const [output, context] = await open(broker.saslPort, 'login')
  context.expire()
  await output.close()
  assert.match(logged(context), /check whether it wants TLS \(kafkas:\/\/\) or a login/)
})

test(
  'kafka waits while a login is refused that was taken before, says so once, and loses nothing',
  live,
  async () => {
    const broker = await runningBroker()
    await broker.createTopic('changed.monitoring')
    const env = { ...LOGIN, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' }
    const [output, context] = await open(broker.saslPort, 'changed', { env })
    await output.write([fakeMessage('a', 0)])
    await until(() => context.counters.delivered === 1)
    await broker.setPassword('hunter3')
    // The connection that has logged in would stay.
    broker.endLogins()
    for (const n of numbers(REFUSED, 1, 1)) output.write([fakeMessage('a', n)])
    const refused = () => context.logged.filter(({ message }) => /refused the login/.test(message))
    await until(() => refused().length > 0)
    const { retried } = context.counters
    await until(() => context.counters.retried > retried + 5 * REFUSED)
    assert.equal(refused().length, 1)
    assert.equal(refused()[0]?.level, 'error')
    assert.match(logged(context), /check KAFKA_SASL_MECHANISM, KAFKA_USERNAME and KAFKA_PASSWORD/)
    await broker.setPassword(LOGIN.KAFKA_PASSWORD)
    await output.close()
    assert.deepEqual(
      { ...context.counters, retried: 0 },
      { delivered: REFUSED + 1, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
    )
    assert.match(context.logged.at(-1)?.message ?? '', /works again/)
    assert.doesNotMatch(JSON.stringify(context.logged), /hunter/)
    assert.deepEqual((await arrived(broker, 'changed.monitoring')).get('a'), numbers(REFUSED + 1))
  },
)

test('kafkas trusts a certificate that is known alone', live, async () => {
  const broker = await runningBroker()
  await broker.createTopic('tls.monitoring')
  const target = `kafkas://127.0.0.1:${broker.tlsPort}/tls`
  const context = fakeContext()
  const output = await openKafka(target, context)
  assert.match(logged(context), /DEPTH_ZERO_SELF_SIGNED_CERT.*trying again/)
  context.expire()
  await output.close()
  const { caFile } = await certificates()
  const { delivered } = JSON.parse(await sendOne(target, { NODE_EXTRA_CA_CERTS: caFile }))
  assert.equal(delivered, 1)
})

/** Text of 30 kB that does not get smaller when it is packed. */
function noise(seed: number): string {
  return Buffer.from(
    Array.from({ length: 22_500 }, (_, i) => ((i + seed) ** 3 * 2_654_435_761) % 251),
  ).toString('base64')
}
