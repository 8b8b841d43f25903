import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TOPICS } from '../../src/newcentral/topics.js'
import type { NewCentralOptions } from '../../src/simulator/newcentral/service.js'
import { type NewCentralSettings, withDefaults } from '../../src/simulator/settings.js'
import { newCentralTraffic } from '../../src/simulator/traffic.js'
import { until } from '../helpers/clock.js'
import { runHere, streamHere } from '../helpers/here.js'
import { type NewCentralInput, writeInput } from '../helpers/input.js'
import { newCentralEntry as entry, makeSecret, startNewCentral } from '../helpers/new-central.js'
import { runProgram } from '../helpers/program.js'
import { commandLine, printed } from '../helpers/stream.js'
import { publish } from '../simulator/newcentral-client.js'

// What nobody has written down about New Central, tried both ways over the whole program.

const NOW = Date.UTC(2026, 0, 2)
const CUSTOMER = 'c'.repeat(32)
/** Makes each kind of event of each topic. */
const EVENTS = 40

/** Ways of writing the same events, and of keeping the connection. */
const WAYS: Readonly<Record<string, Partial<NewCentralSettings>>> = {
  'as by default': {},
  ...Object.fromEntries(
    (['colon_upper', 'dash', 'dash_upper', 'dot', 'plain', 'plain_upper'] as const).map((mac) => [
      `MAC ${mac}`,
      { mac },
    ]),
  ),
  ...Object.fromEntries(
    (['long', 'bare', 'empty'] as const).map((type_url) => [`type_url ${type_url}`, { type_url }]),
  ),
  binary_data: { payload: 'binary_data' },
  'no pong, and pings of the server': { pong: 'no', ping: 1 },
  'text frames': { text_frames: 1 },
  'token by Basic alone': { token_auth: 'basic' },
  'token by the form alone': { token_auth: 'form' },
}

test('events of every topic come out the same, however New Central writes them and keeps the connection', async (t) => {
  const servers = await Promise.all(
    Object.entries(WAYS).map(async ([way, settings]) => {
      const central = await startNewCentral(t, settings)
      const next = newCentralTraffic({ now: () => NOW }, () => withDefaults(settings))
      return { way, central, next }
    }),
  )
  const [first] = servers
  assert.ok(first)
  const input = Object.fromEntries(
    servers.flatMap(({ way, central }) =>
      TOPICS.map((topic) => [`${way}, ${topic}`, entry(central, topic, { hostname: central.url })]),
    ),
  )
  const args = ['--decode_data', '--readable']
  const program = await streamHere(t, first.central, args, { input })
  await until(() => servers.every(({ central }) => central.sockets.length === TOPICS.length))
  for (const topic of TOPICS) {
    for (let count = 0; count < EVENTS; count++) {
      const sent = servers.map(({ central, next }) => {
        return central.broadcast(topic, next(topic, CUSTOMER))
      })
      await Promise.all(sent)
    }
  }
  const total = servers.length * TOPICS.length * EVENTS
  await until(
    () => program.lines >= total,
    () => `${total} lines; ${program.lines} came`,
  )
  program.kill()
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0)
  assert.match(stderr, / undecodable=0 /)
  const records = new Map<string, object[]>()
  for (const { customer, ...rest } of printed(stdout)) {
    records.set(customer, [...(records.get(customer) ?? []), rest])
  }
  for (const { way } of servers) {
    for (const topic of TOPICS) {
      const name = `${way}, ${topic}`
      assert.equal(records.get(name)?.length, EVENTS, name)
      assert.deepEqual(records.get(name), records.get(`as by default, ${topic}`), name)
    }
  }
})

test('the timestamps of ap-events are passed on in either form, and a time may be missing', async (t) => {
  const forms = { rfc3339: /^2026-01-02T00:00:00/, ms: /^\d{13}$/ }
  for (const [ap_time, form] of Object.entries(forms)) {
    const settings = withDefaults({ ap_time: ap_time as 'ms', time: 'no' })
    const central = await startNewCentral(t, settings)
    const input = { A: entry(central, 'ap-events') }
    const program = await streamHere(t, central, ['--decode_data', '--readable'], { input })
    await central.waitForSocket()
    const next = newCentralTraffic({ now: () => NOW }, () => settings)
    await central.broadcast('ap-events', next('ap-events', CUSTOMER))
    const record = JSON.parse(await program.waitForLine('{', 'stdout'))
    assert.match(record.data.timestamp, form)
    assert.deepEqual([record.timestamp, record.time], [null, null])
  }
})

type Refusal = {
  readonly settings: NewCentralOptions
  readonly unsubscribed?: readonly string[]
  readonly more?: Partial<NewCentralInput>
  /** The line of the log; undefined: the stream opens. */
  readonly line: RegExp | undefined
}

const FALSE_TYPE = { event_types: ['network-services.v1alpha1.no-such-type'] }

const REFUSALS: Readonly<Record<string, Refusal>> = {
  ...Object.fromEntries(
    (['json', 'text', 'empty'] as const).map((error_body): [string, Refusal] => [
      `a stream that is missing, body ${error_body}`,
      {
        settings: { missing: ['wids'], error_body },
        line: /answered 404.*this cluster may not have the stream "wids"/,
      },
    ]),
  ),
  'an API client of the old kind': {
    settings: { old_client: ['client'] },
    line: /answered 403.*may be of the old kind/,
  },
  'no subscription, told by 403': {
    settings: { no_subscription: '403' },
    unsubscribed: ['wids'],
    line: /answered 403.*the Advanced subscription/,
  },
  'no subscription, told by silence': {
    settings: { no_subscription: 'silent' },
    unsubscribed: ['wids'],
    line: undefined,
  },
  'an event type that does not exist, told by 400': {
    settings: { wrong_type: '400' },
    more: FALSE_TYPE,
    line: /answered 400.*no-such-type/,
  },
  'an event type that does not exist, told by silence': {
    settings: { wrong_type: 'silent' },
    more: FALSE_TYPE,
    line: undefined,
  },
}

for (const [what, { settings, unsubscribed = [], more = {}, line }] of Object.entries(REFUSALS)) {
  test(`what the log says of ${what}`, async (t) => {
    const central = await startNewCentral(t, settings, { unsubscribed })
    const input = { A: entry(central, 'wids', more) }
    const program = await streamHere(t, central, ['--no_reconnect'], { input })
    if (line === undefined) {
      await program.waitForLine('A: connected')
      program.kill()
      assert.equal((await program.result).code, 0)
      return
    }
    const { code, stderr } = await program.result
    assert.equal(code, 3, stderr)
    assert.match(stderr, line)
    assert.equal(stderr.match(/ ERROR A: /g)?.length, 1, stderr)
  })
}

test('a 429 is waited for, with Retry-After and without, of streams and of tokens', async (t) => {
  for (const retry_after of [0, 2]) {
    const central = await startNewCentral(t, { limit: 1, token_limit: 1, retry_after })
    const input = {
      A: entry(central, 'wids'),
      B: entry(central, 'wids', { client_secret: makeSecret('another') }),
    }
    const program = await streamHere(t, central, ['--decode_data'], { input })
    const line = await program.waitForLine(/answered 429.*trying again/)
    const [, seconds = ''] = /trying again in ([\d.]+) s/.exec(line) ?? []
    assert.ok(retry_after === 0 || Number(seconds) >= retry_after, line)
    // What is refused for now is not given up.
    central.newCentral.settings = withDefaults({})
    await until(() => central.sockets.length === 2)
  }
})

const RESTARTS = {
  'a clean close keeps the queue': { settings: { clean_close: 'kept' }, signal: 'SIGTERM' },
  'a clean close gives the queue up': { settings: { clean_close: 'lost' }, signal: 'SIGTERM' },
  'a crash keeps the queue': { settings: { clean_close: 'lost' }, signal: 'SIGKILL' },
  'a crash keeps the queue for any id': { settings: { queue: 'any' }, signal: 'SIGKILL' },
  'there is no queue': { settings: { queue: 'none' }, signal: 'SIGKILL' },
} as const satisfies Readonly<
  Record<string, { settings: NewCentralOptions; signal: NodeJS.Signals }>
>

for (const [what, { settings, signal }] of Object.entries(RESTARTS)) {
  test(`the next run gets what the server has kept for it: ${what}`, async (t) => {
    const central = await startNewCentral(t, settings)
    const path = await writeInput(t, { A: entry(central, 'wids') })
    const ids: string[] = []
    const run = async (last: string, end: NodeJS.Signals) => {
      const start = end === 'SIGKILL' ? runProgram : runHere
      const program = start(t, commandLine(central, path))
      await central.waitForSocket()
      await publish(central, 'wids', [last])
      await program.waitForLine(`"id":"${last}"`, 'stdout')
      program.kill(end)
      const { stdout } = await program.result
      for (const record of printed(stdout)) ids.push('id' in record ? String(record.id) : '')
      await until(() => central.sockets.length === 0)
    }
    await run('before', signal)
    await publish(central, 'wids', ['meanwhile 1', 'meanwhile 2'])
    await run('after', 'SIGTERM')
    const { account } = central.newCentral
    const lost = account.ids('lost')
    const kept = ['meanwhile 1', 'meanwhile 2'].filter((id) => !lost.includes(id))
    assert.equal(kept.length, what.includes('keeps') ? 2 : 0)
    assert.deepEqual(ids, ['before', ...kept, 'after'])
  })
}
