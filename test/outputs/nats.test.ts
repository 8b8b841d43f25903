import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
} from '@nats-io/jetstream'
import { StreamError } from '../../src/errors.js'
import { openNats } from '../../src/outputs/nats.js'
import { loadNats, parseNatsTarget } from '../../src/outputs/nats-client.js'
import { messageId, type Output } from '../../src/outputs/output.js'
import { closedPort } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import {
  type FakeContext,
  fakeContext,
  fakeMessage,
  isPending,
  numbers,
} from '../helpers/export-fakes.js'
import { exportUnderKills } from '../helpers/mortal.js'
import { type NatsServer, noNatsServer, startNatsServer } from '../helpers/nats-server.js'
import { startQuotingNats } from '../helpers/quoting-servers.js'
import { sendOne } from '../helpers/send-one.js'
import { NOWHERE, sized } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'

/** What the killed receiver gets. */
const MESSAGES = sized(12_000, 120_000)
/** More than a small account holds, and less than twice as many. */
const FILLING = sized(500, 5_000)

const live = { skip: noNatsServer }

const unusable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StreamError)
  assert.equal(error.code, 'exporter-unusable')
  assert.match(error.message, pattern)
  assert.doesNotMatch(error.message, /hunter2/)
  return true
}

/** Each subject's numbers in the order of the stream. */
async function stored(manager: JetStreamManager, stream: string): Promise<Map<string, number[]>> {
  const name = (await manager.consumers.add(stream, { ack_policy: AckPolicy.None })).name
  const consumer = await manager.jetstream().consumers.get(stream, name)
  const { messages } = (await manager.streams.info(stream)).state
  const bySubject = new Map<string, number[]>()
  if (messages === 0) return bySubject
  let seen = 0
  for await (const message of await consumer.consume({ max_messages: 5000 })) {
    const numbers = bySubject.get(message.subject) ?? []
    numbers.push(message.json<{ data: { n: number } }>().data.n)
    bySubject.set(message.subject, numbers)
    seen += 1
    if (seen === messages) break
  }
  return bySubject
}

async function open(
  server: NatsServer,
  target: string,
  given = {},
): Promise<[Output, FakeContext]> {
  const context = fakeContext(given)
  return [await openNats(`nats://127.0.0.1:${server.port}/${target}`, context), context]
}

/** That the start goes on, and the log says what is waited for. */
async function waitsFor(opening: Promise<[Output, FakeContext]>, pattern: RegExp) {
  const [output, context] = await opening
  await output.close()
  const [first] = context.logged
  assert.match(first?.message ?? '', pattern)
  assert.match(first?.message ?? '', /; trying again until it works, messages wait$/)
  assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
  return first?.level
}

test('nats reads several hosts, with and without port', () => {
  assert.deepEqual(parseNatsTarget('nats://a,b:4333,[::1]:1/aruba.prod?stream=S&tls'), {
    servers: ['a:4222', 'b:4333', '[::1]:1'],
    prefix: 'aruba.prod',
    stream: 'S',
    tls: true,
    name: 'nats://a,b:4333,[::1]:1/aruba.prod',
  })
})

test('nats refuses an address that is none, and never shows a login', () => {
  for (const target of [
    'nats://h',
    'nats:///p',
    'nats://h,/p',
    'nats://h:x/p',
    'nats://h/a..b',
    'nats://h/a.>',
    'nats://h/$JS',
    'nats://me:hunter2@h/p',
  ]) {
    assert.throws(() => parseNatsTarget(target), unusable(/expected nats:\/\//), target)
  }
})

test('a frame has one id wherever it is received, and another in another entry', () => {
  const id = messageId(fakeMessage('a', 1))
  assert.equal(messageId({ ...fakeMessage('a', 1), receivedAt: 5 }), id)
  assert.notEqual(messageId(fakeMessage('b', 1)), id)
  assert.notEqual(messageId(fakeMessage('a', 2)), id)
  assert.notEqual(messageId(fakeMessage('a', 1, { topic: 'audit' })), id)
})

test('nats names the packages to install where they are not installed', async (_t) => {
  await assert.rejects(
    loadNats([NOWHERE]),
    unusable(/npm install @nats-io\/transport-node @nats-io\/jetstream/),
  )
  const { transport } = await loadNats([NOWHERE, import.meta.url])
  assert.equal(typeof transport.connect, 'function')
})

test('nats waits for a server that is not there at the start', live, async (t) => {
  const server = await startNatsServer(t)
  await server.kill()
  const [output, context] = await open(server, 'aruba?stream=S')
  assert.match(context.logged[0]?.message ?? '', /refuses connections.*messages wait$/)
  for (const n of numbers(1000)) output.write([fakeMessage(`c${n % 2}`, n)])
  await server.start()
  await until(() => context.counters.waiting === 0)
  // The link looks for its streams while messages are taken already.
  await until(() => context.logged.some(({ message }) => message.startsWith('works again')))
  await output.close()
  assert.equal(context.counters.delivered, 1000)
  const bySubject = await stored(await server.manager(), 'S')
  for (const c of [0, 1]) {
    assert.deepEqual(bySubject.get(`aruba.monitoring.c${c}`), numbers(500, 2, c))
  }
})

test('nats whose server is away holds up no end that has nothing to deliver', async () => {
  const context = fakeContext()
  const output = await openNats(`nats://127.0.0.1:${await closedPort()}/p`, context)
  await output.close()
  assert.equal(context.counters.givenUp, 0)
})

test('nats whose server is away gives up early at the end where it has no room for more', async (t) => {
  const context = fakeContext()
  const output = await openNats(`nats://127.0.0.1:${await closedPort()}/p`, context)
  t.after(async () => {
    context.expire()
    await output.close()
  })
  let written = 0
  let last: Promise<void>
  do last = output.write([fakeMessage(`c${written % 3}`, written++, { pad: 500_000 })])
  while (!(await isPending(last)))
  context.endHold()
  await until(() => context.counters.givenUp === written)
  await last
  await output.write([fakeMessage('c0', written)])
  assert.equal(context.counters.givenUp, written + 1)
  // What the log says of it is that there is no server, once.
  assert.equal(context.logged.length, 1)
})

test('nats waits for a stream that is not there, and says how to make it', live, async (t) => {
  const server = await startNatsServer(t)
  const manager = await server.manager()
  const level = await waitsFor(
    open(server, 'aruba.prod'),
    /nats stream add ARUBA_PROD --subjects "aruba.prod.>"/,
  )
  assert.equal(level, 'error')
  await manager.streams.add({ name: 'HALF', subjects: ['aruba.prod.audit.>'] })
  await waitsFor(
    open(server, 'aruba.prod', { topics: ['audit', 'presence'] }),
    /no JetStream stream takes aruba.prod.presence/,
  )
  await waitsFor(open(server, 'aruba.other?stream=HALF'), /HALF is there but does not take/)
  await waitsFor(
    open(server, 'aruba.prod?stream=NEW'),
    /NEW cannot be made: its subjects aruba\.prod\.> overlap with those of HALF; use \?stream=HALF/,
  )
  const [output] = await open(server, 'aruba.prod', { topics: ['audit'] })
  await output.close()

  const [late, context] = await open(server, 'late')
  await late.write([fakeMessage('a', 1)])
  await manager.streams.add({ name: 'LATE', subjects: ['late.>'] })
  await until(() => context.counters.delivered === 1)
  await late.close()
})

test('nats names at the start what is wrong with a stream', live, async (t) => {
  const server = await startNatsServer(t)
  const { streams } = await server.manager()
  await streams.add({ name: 'N', subjects: ['n.>'], no_ack: true })
  await streams.add({ name: 'I', subjects: ['i.>'], retention: RetentionPolicy.Interest })
  await streams.add({ name: 'P', subjects: ['p.monitoring.a', 'p.monitoring.b'] })
  await waitsFor(open(server, 'n'), /the JetStream stream N has no_ack/)
  for (const [prefix, says] of [
    ['i', /the stream I keeps messages only for its consumers .*, and has none/],
    ['p', /no JetStream stream takes all of p\.monitoring\.\*: P takes a part/],
  ] as const) {
    const [output, context] = await open(server, prefix)
    await output.close()
    assert.match(context.logged.find(({ level }) => level === 'warn')?.message ?? '', says)
  }
})

test(
  'nats accepts a replay where a stream takes some topic, and names the others',
  live,
  async (t) => {
    const server = await startNatsServer(t)
    const given = { topics: ['audit', 'presence'] as const, topicsUncertain: true }
    await waitsFor(open(server, 'aruba', given), /no JetStream stream takes aruba/)
    await (await server.manager()).streams.add({ name: 'HALF', subjects: ['aruba.audit.>'] })
    const [output, context] = await open(server, 'aruba', given)
    await output.close()
    assert.match(context.logged.at(-1)?.message ?? '', /takes aruba\.presence\.\*; such messages/)
  },
)

test('nats says that JetStream is off', live, async (t) => {
  const server = await startNatsServer(t, { jetstream: false })
  await waitsFor(open(server, 'aruba?stream=S'), /no JetStream/)
})

test('nats takes its login from the environment', live, async (t) => {
  const config = 'authorization { user: me, password: hunter2 }'
  const server = await startNatsServer(t, { config, user: 'me', pass: 'hunter2' })
  await assert.rejects(
    open(server, 'aruba?stream=S'),
    unusable(/refused the login; set NATS_CREDS/),
  )
  const env = { NATS_USER: 'me', NATS_PASSWORD: 'hunter2' }
  const [output, context] = await open(server, 'aruba?stream=S', { env })
  await output.close()
  assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
})

test('nats refuses a credentials file that is none, without quoting it', async (t) => {
  const cwd = tempFolder(t)
  const openWith = (NATS_CREDS: string) =>
    openNats('nats://127.0.0.1:1/p', fakeContext({ cwd, env: { NATS_CREDS } }))
  await assert.rejects(
    openWith('nowhere'),
    unusable(/NATS_CREDS: cannot read nowhere: it does not exist \(ENOENT\)/),
  )
  await writeFile(join(cwd, 'bad'), 'hunter2')
  await assert.rejects(openWith('bad'), unusable(/NATS_CREDS: bad holds no NATS credentials/))
})

test('nats warns of a credentials file that others can read', async (t) => {
  const cwd = tempFolder(t)
  for (const [mode, warns] of [
    [0o640, true],
    [0o600, false],
  ] as const) {
    await writeFile(join(cwd, 'creds'), 'hunter2')
    await chmod(join(cwd, 'creds'), mode)
    const context = fakeContext({ cwd, env: { NATS_CREDS: 'creds' } })
    await assert.rejects(openNats('nats://127.0.0.1:1/p', context))
    const said = context.logged.map(({ message }) => message)
    assert.equal(
      said.includes('NATS_CREDS: other users may read creds; run: chmod 600 creds'),
      warns,
    )
  }
})

test(
  'nats speaks TLS where the server asks for it, and trusts its certificate alone',
  live,
  async (t) => {
    const { good, caFile } = await certificates()
    const folder = tempFolder(t)
    await writeFile(join(folder, 'cert.pem'), good.cert)
    await writeFile(join(folder, 'key.pem'), good.key)
    const config = `tls { cert_file: "${folder}/cert.pem", key_file: "${folder}/key.pem" }`
    const server = await startNatsServer(t, { config })
    await waitsFor(open(server, 'aruba?stream=S'), /DEPTH_ZERO_SELF_SIGNED_CERT/)
    const target = `nats://127.0.0.1:${server.port}/aruba?stream=S&tls`
    const { delivered } = JSON.parse(await sendOne(target, { NODE_EXTRA_CA_CERTS: caFile }))
    assert.equal(delivered, 1)
  },
)

test(
  'nats makes the stream, publishes by topic and entry, and keeps a repeat out',
  live,
  async (t) => {
    const server = await startNatsServer(t)
    const both = await Promise.all([open(server, 'aruba?stream=S'), open(server, 'aruba?stream=S')])
    const { config } = await (await server.manager()).streams.info('S')
    assert.deepEqual(config.subjects, ['aruba.>'])
    assert.equal(config.duplicate_window, 600e9)
    assert.equal(config.max_age, 7 * 86_400e9)
    assert.equal(config.storage, 'file')
    for (const n of numbers(500)) {
      await Promise.all(
        both.flatMap(([output]) => [
          output.write([fakeMessage('Customer A', n)]),
          output.write([fakeMessage('b', n)]),
        ]),
      )
    }
    for (const [output, { counters }] of both) {
      await output.close()
      assert.deepEqual(counters, { delivered: 1000, retried: 0, givenUp: 0, kept: 0, waiting: 0 })
    }
    assert.deepEqual(
      await stored(await server.manager(), 'S'),
      new Map([
        ['aruba.monitoring.Customer%20A', numbers(500)],
        ['aruba.monitoring.b', numbers(500)],
      ]),
    )
  },
)

test('what a NATS server quotes of the login is masked', async (t) => {
  const port = await startQuotingNats(t)
  for (const env of [
    { NATS_TOKEN: 'hunter2-token-of-ours' },
    { NATS_USER: 'ann', NATS_PASSWORD: 'hunter2' },
  ]) {
    const context = fakeContext({ env })
    const output = await openNats(`nats://127.0.0.1:${port}/aruba`, context)
    await output.close()
    assert.match(context.logged[0]?.message ?? '', /not with \*\*\*\* .*\*\*\*\*/)
    assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
  }
})

test('nats warns of a login that was sent in plain text', async (t) => {
  const port = await startQuotingNats(t)
  const warned = async (host: string, env: Record<string, string>) => {
    const context = fakeContext({ env })
    await (await openNats(`nats://${host}:${port}/aruba`, context)).close()
    const lines = context.logged.map(({ message }) => message)
    return lines.find((line) => line.includes('plain text'))?.split(';')[0]
  }
  // This machine, by an address that is not known to be.
  const elsewhere = '0.0.0.0'
  const login = { NATS_USER: 'ann', NATS_PASSWORD: 'hunter2' }
  assert.equal(await warned(elsewhere, login), 'NATS_PASSWORD is sent in plain text')
  assert.equal(
    await warned(elsewhere, { NATS_TOKEN: 'hunter2' }),
    'NATS_TOKEN is sent in plain text',
  )
  assert.equal(await warned(elsewhere, {}), undefined)
  assert.equal(await warned('127.0.0.1', login), undefined)
})

test('nats with the option tls sends nothing to a server that offers no TLS', async (t) => {
  const logins: string[] = []
  let closed = 0
  const port = await startQuotingNats(
    t,
    (login) => logins.push(login),
    () => closed++,
  )
  const context = fakeContext({ env: { NATS_TOKEN: 'hunter2' } })
  const output = await openNats(`nats://127.0.0.1:${port}/aruba?tls`, context)
  await output.close()
  assert.match(context.logged[0]?.message ?? '', /server does not support 'tls'/)
  await until(() => closed > 0)
  assert.deepEqual(logins, [])
})

test('nats makes one stream, however many make it at once', live, async (t) => {
  const server = await startNatsServer(t)
  for (const n of numbers(20)) {
    const target = `aruba${n}?stream=S${n}`
    const all = await Promise.allSettled(numbers(8).map(() => open(server, target)))
    for (const opened of all) if (opened.status === 'fulfilled') await opened.value[0].close()
    assert.deepEqual(
      all.filter(({ status }) => status === 'rejected'),
      [],
    )
  }
})

test(
  'nats gives up a record that is larger than server or stream allow, and goes on',
  live,
  async (t) => {
    const server = await startNatsServer(t, { config: 'max_payload: 20000' })
    await (await server.manager()).streams.add({
      name: 'S',
      subjects: ['aruba.>'],
      max_msg_size: 10_000,
    })
    const [output, context] = await open(server, 'aruba')
    for (const [n, pad] of [10, 30_000, 15_000, 10].entries()) {
      await output.write([fakeMessage('a', n, { pad })])
    }
    await output.close()
    assert.deepEqual(context.counters, {
      delivered: 2,
      retried: 0,
      givenUp: 2,
      kept: 0,
      waiting: 0,
    })
    assert.match(context.givenUp[0]?.error.message ?? '', /max_payload/)
    assert.match(context.givenUp[1]?.error.message ?? '', /size/)
    assert.deepEqual((await stored(await server.manager(), 'S')).get('aruba.monitoring.a'), [0, 3])
  },
)

test(
  'nats finds the one record of 1,000 that is too large, and stores the others in order',
  live,
  async (t) => {
    const server = await startNatsServer(t)
    const { streams } = await server.manager()
    await streams.add({ name: 'S', subjects: ['aruba.>'], max_msg_size: 10_000 })
    const [output, context] = await open(server, 'aruba')
    const messages = numbers(1000).map((n) => fakeMessage('a', n, { pad: n === 617 ? 15_000 : 9 }))
    for (const message of messages) await output.write([message])
    await until(() => context.counters.waiting === 0)
    assert.deepEqual(
      context.givenUp.map(({ message }) => Number(message.timestamp)),
      [617],
    )
    await output.write([fakeMessage('a', 1000, { pad: 15_000 })])
    await until(() => context.logged.some(({ level }) => level === 'error'))
    assert.equal(context.counters.waiting, 1, 'nothing was accepted after it')
    await output.write([fakeMessage('a', 1001)])
    await until(() => context.counters.waiting === 0)
    await output.close()
    assert.deepEqual(
      (await stored(await server.manager(), 'S')).get('aruba.monitoring.a'),
      numbers(1002).filter((n) => n !== 617 && n !== 1000),
    )
    assert.equal(context.counters.givenUp, 2)
  },
)

test('nats keeps the order while a full stream refuses and takes by turns', live, async (t) => {
  const server = await startNatsServer(t)
  const manager = await server.manager()
  await manager.streams.add({
    name: 'S',
    subjects: ['aruba.>'],
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    max_msgs: 5,
  })
  await manager.consumers.add('S', { durable_name: 'D', ack_policy: AckPolicy.Explicit })
  const [output, context] = await open(server, 'aruba')
  for (const n of numbers(60)) output.write([fakeMessage('a', n)])
  await until(() => context.counters.retried > 0)
  const taken: number[] = []
  const consumer = await manager.jetstream().consumers.get('S', 'D')
  for await (const message of await consumer.consume({ max_messages: 3 })) {
    taken.push(message.json<{ data: { n: number } }>().data.n)
    message.ack()
    if (taken.length === 60) break
  }
  await output.close()
  assert.deepEqual(taken, numbers(60))
  assert.equal(context.counters.delivered, 60)
  assert.match(context.logged[1]?.message ?? '', /maximum messages exceeded/)
})

test('nats gives up what is left when the time for a shutdown is over', live, async (t) => {
  const server = await startNatsServer(t)
  const [output, context] = await open(server, 'aruba?stream=S')
  await server.kill()
  for (const n of numbers(10)) output.write([fakeMessage(`c${n % 2}`, n)])
  context.expire()
  output.write([fakeMessage('c0', 10)])
  await output.close()
  assert.deepEqual(context.counters, {
    delivered: 0,
    retried: context.counters.retried,
    givenUp: 11,
    kept: 0,
    waiting: 0,
  })
})

test('nats goes on when logins that were refused for a while are taken again', live, async (t) => {
  const login = (password: string) => `authorization { user: me, password: ${password} }`
  const server = await startNatsServer(t, {
    config: login('hunter2'),
    user: 'me',
    pass: 'hunter2',
  })
  const env = { NATS_USER: 'me', NATS_PASSWORD: 'hunter2' }
  const [output, context] = await open(server, 'aruba?stream=S', { env })
  await output.write([fakeMessage('a', 0)])
  await server.kill()
  await server.start(login('changed'))
  await until(() => context.logged.some(({ level }) => level === 'error'))
  await output.write([fakeMessage('a', 1)])
  const refusals = async () => (await server.log()).split('authentication error').length - 1
  await until(async () => (await refusals()) >= 6)
  const lines = context.logged.filter(({ level }) => level !== 'info').map(({ message }) => message)
  assert.equal(lines.length, 2, lines.join('\n'))
  assert.match(lines[0] ?? '', /connection lost/)
  assert.match(lines[1] ?? '', /refused the login; set NATS_CREDS.*trying again until it works/)
  assert.equal(context.state.lastError?.code, 'output-refused')
  assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
  await server.kill()
  await server.start(login('hunter2'))
  await output.close()
  assert.deepEqual(
    { ...context.counters, retried: 0 },
    { delivered: 2, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
  )
  assert.deepEqual((await stored(await server.manager(), 'S')).get('aruba.monitoring.a'), [0, 1])
})

test('nats loses nothing while its stream is gone, says so once, and goes on', live, async (t) => {
  const server = await startNatsServer(t)
  const { streams } = await server.manager()
  const stream = { name: 'S', subjects: ['aruba.>'] }
  await streams.add(stream)
  const [output, context] = await open(server, 'aruba')
  await output.write([fakeMessage('a', 0)])
  await until(() => context.counters.delivered === 1)
  await streams.delete('S')
  for (const n of numbers(FILLING, 1, 1)) output.write([fakeMessage('a', n)])
  await until(() => context.counters.retried > 5 * 256)
  const lines = context.logged.filter(({ level }) => level !== 'info').map(({ message }) => message)
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(
    lines[0] ?? '',
    /no JetStream stream takes it at present; trying again until it works/,
  )
  await streams.add(stream)
  await output.close()
  const all = await stored(await server.manager(), 'S')
  assert.deepEqual(all.get('aruba.monitoring.a'), numbers(FILLING, 1, 1))
  assert.equal(context.counters.delivered, FILLING + 1)
  assert.equal(context.counters.givenUp, 0)
})

test('nats loses nothing while its account is full, says so once, and goes on', live, async (t) => {
  const env = { NATS_USER: 'me', NATS_PASSWORD: 'hunter2' }
  const config = `accounts { A {
    jetstream { max_file: ${FILLING * 300} }, users: [{ user: me, password: hunter2 }]
  } }`
  const server = await startNatsServer(t, { config, user: 'me', pass: 'hunter2' })
  const { streams } = await server.manager()
  await streams.add({ name: 'S', subjects: ['aruba.>'] })
  const [output, context] = await open(server, 'aruba', { env })
  for (const n of numbers(FILLING)) output.write([fakeMessage('a', n)])
  await until(() => context.counters.retried > 50 && context.counters.delivered > 0)
  const lines = context.logged.filter(({ level }) => level !== 'info').map(({ message }) => message)
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', /resource limits exceeded for account.*trying again until it works/)
  const before = (await stored(await server.manager(), 'S')).get('aruba.monitoring.a') ?? []
  await streams.purge('S')
  await output.close()
  const behind = (await stored(await server.manager(), 'S')).get('aruba.monitoring.a') ?? []
  assert.deepEqual([...before, ...behind], numbers(FILLING))
  assert.deepEqual(
    { ...context.counters, retried: 0 },
    { delivered: FILLING, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
  )
  assert.match(context.logged.at(-1)?.message ?? '', /works again/)
})

test(
  'nats brings every message of 20 entries into the stream once and in order while the server starts late and is killed ten times',
  live,
  async (t: TestContext) => {
    const server = await startNatsServer(t)
    await server.kill()
    const [output, context] = await open(server, 'aruba?stream=S')
    const messages = numbers(MESSAGES).map((n) => fakeMessage(`c${n % 20}`, n))
    await exportUnderKills(output, messages, server)
    assert.ok(context.counters.retried > 0)
    assert.equal((await (await server.manager()).streams.info('S')).state.messages, MESSAGES)
    const bySubject = await stored(await server.manager(), 'S')
    for (let c = 0; c < 20; c++) {
      assert.deepEqual(bySubject.get(`aruba.monitoring.c${c}`), numbers(MESSAGES / 20, 20, c))
    }
    assert.deepEqual(
      { ...context.counters, retried: 0 },
      { delivered: MESSAGES, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
    )
  },
)
