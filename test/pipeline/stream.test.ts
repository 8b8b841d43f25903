import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  decode,
  type FailureCode,
  StreamError,
  type StreamOptions,
  stream,
} from '../../src/index.js'
import type { Central } from '../../src/simulator/central.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { encodeEvent } from '../../src/simulator/newcentral/cloud-event.js'
import { withDefaults } from '../../src/simulator/settings.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { makeKey } from '../helpers/keys.js'
import { makeSecret, SUBSCRIBER_ID } from '../helpers/new-central.js'

function presence(central: Central, key = makeKey('key')): StreamOptions<'presence'> {
  return { hostname: central.url, wsskey: key, topic: 'presence' }
}

function sighting(n: number, pad = 0): Uint8Array {
  const proximity = [{ rssi_val: -n }]
  const envelope = { timestamp: String(n), customer_id: 'c' }
  return encodeFrame(
    'presence',
    { event: 'x'.repeat(pad), pa_proximity_event: { proximity } },
    envelope,
  )
}

const strengthOf = (record: {
  data: { pa_proximity_event?: { proximity?: { rssi_val?: number }[] } }
}) => record.data.pa_proximity_event?.proximity?.[0]?.rssi_val

function isRefusal(code: FailureCode) {
  return (error: unknown) => error instanceof StreamError && error.code === code
}

function failAtEnd({ type }: { readonly type: string }): void {
  if (type === 'ended') throw new Error('at the end')
}

test('a loop gets typed records in order, over a connection that is lost, and break closes the next one', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const states: string[] = []
  const options = {
    ...presence(central),
    onStatus: ({ type }: { type: string }) => states.push(type),
  }
  const feeding = (async () => {
    const first = await central.waitForSocket()
    await first.send(sighting(1))
    await first.send(sighting(2))
    first.close(1012)
    const second = await central.waitForSocket()
    await second.send(sighting(3))
    return second
  })()
  const seen: (number | undefined)[] = []
  for await (const record of stream(options)) {
    assert.deepEqual([record.customer, record.topic], ['presence', 'presence'])
    seen.push(strengthOf(record))
    if (seen.length === 3) break
  }
  assert.deepEqual(seen, [-1, -2, -3])
  const { code, byServer } = await (await feeding).ended
  assert.deepEqual([code, byServer], [1000, false])
  assert.deepEqual(states.slice(0, 4), ['connecting', 'open', 'retrying', 'connecting'])
})

test('return ends a stream at once, also while next waits for a record', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const records = stream(presence(central))
  t.after(() => records.return())
  const first = records.next()
  const socket = await central.waitForSocket()
  await socket.send(sighting(1))
  assert.equal(strengthOf((await first).value as never), -1)
  const second = records.next()
  assert.deepEqual(await records.return(), { value: undefined, done: true })
  assert.deepEqual(await second, { value: undefined, done: true })
  const { code, byServer } = await socket.ended
  assert.deepEqual([code, byServer], [1000, false])
})

test('a stream of Node.js that is destroyed with an error ends the records at once', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const records = stream(presence(central))
  t.after(() => records.return())
  const readable = Readable.from(records)
  const seen = once(readable, 'data')
  const socket = await central.waitForSocket()
  await socket.send(sighting(1))
  assert.equal(strengthOf((await seen)[0]), -1)
  readable.destroy(new Error('the disk is full'))
  await assert.rejects(finished(readable), /^Error: the disk is full$/)
  const { code, byServer } = await socket.ended
  assert.deepEqual([code, byServer], [1000, false])
})

test('throw ends a stream at once, also while next waits for a record', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const records = stream({ ...presence(central), onStatus: failAtEnd })
  t.after(() => records.return())
  const first = records.next()
  const socket = await central.waitForSocket()
  await socket.send(sighting(1))
  await first
  const second = records.next()
  const own = /^Error: mine$/
  const thrown = assert.rejects(records.throw(new Error('mine')), own)
  await assert.rejects(second, /^Error: at the end$/)
  await thrown
  assert.equal((await socket.ended).code, 1000)
})

test('a renewed key is used, and handed to the caller', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('new')]
  const central = await startCentral(t)
  central.keys.renew(old, renewed)
  const keys: string[] = []
  const options = { ...presence(central, old), onRenewedKey: (key: string) => keys.push(key) }
  const records = stream(options)
  t.after(() => records.return())
  const first = records.next()
  const socket = await central.waitForSocket()
  assert.equal(socket.key, renewed)
  await socket.send(sighting(1))
  assert.equal(strengthOf((await first).value as never), -1)
  await records.return()
  assert.deepEqual(keys, [renewed])
})

test('a key that Central refuses rejects the loop with its code, and no text of it shows the key', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('refused')
  central.keys.refuse(key)
  await assert.rejects(stream(presence(central, key)).next(), (error: unknown) => {
    assert.ok(isRefusal('key-refused')(error))
    assert.doesNotMatch(inspect(error, { depth: 9 }), new RegExp(key.slice(0, 20)))
    return true
  })
})

test('a topic that is not ticked rejects the loop', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept', unsubscribed: ['presence'] })
  await assert.rejects(stream(presence(central)).next(), isRefusal('topic-unsubscribed'))
})

const GOOD = { hostname: 'localhost:1', topic: 'presence', wsskey: makeKey('a') }

test('wrong options reject with what is wrong with each, without a connection', async () => {
  const wrong = [
    [{ topic: 'presence', wsskey: makeKey('a') }, /^options\.hostname: is missing/],
    [{ hostname: 'localhost:1', topic: 'presence' }, /^options\.wsskey: is missing/],
    [{ hostname: 'localhost:1', topic: 'presense', wsskey: makeKey('a') }, /"presence"/],
    [
      { hostname: 'localhost:1', topic: 'wids', client_id: 'x' },
      /options\.client_secret: is missing/,
    ],
    [
      { hostname: 'ws://example.com', topic: 'presence', wsskey: makeKey('a') },
      /options\.hostname/,
    ],
    [undefined, /^options: expected an object; got nothing$/],
    [
      { ...GOOD, wsskeyy: 'x' },
      /^options\.wsskeyy: there is no such option; did you mean "wsskey"\?$/,
    ],
    [{ ...GOOD, proto_dir: 'x' }, /^options\.proto_dir: .*did you mean "protoDir"\?$/],
    [{ ...GOOD, topics: ['audit'] }, /^options\.topics: .*did you mean "topic"\?$/],
    [
      { ...GOOD, colour: 'red' },
      /^options\.colour: there is no such option; expected wsskey, .*onLog/,
    ],
    [
      { ...GOOD, hostname: '', wsskey: '' },
      /options\.hostname: expected .*; got "" \(it is empty\)$/,
    ],
    [{ ...GOOD, wsskey: 5n }, /^options\.wsskey: expected a string; got a bigint$/],
    [{ ...GOOD, customer: 5 }, /^options\.customer: expected a string; got a number$/],
    [{ ...GOOD, readable: 'yes' }, /^options\.readable: expected true or false; got a string$/],
    [{ ...GOOD, verifyCertificates: 0 }, /^options\.verifyCertificates: expected true or false;/],
    [{ ...GOOD, signal: 5 }, /^options\.signal: expected an AbortSignal; got a number$/],
    [{ ...GOOD, onStatus: {} }, /^options\.onStatus: expected a function; got an object$/],
    [
      { ...GOOD, signal: null, onLog: [] },
      /^options\.signal: .*; got null; options\.onLog: expected a function; got a list$/,
    ],
  ] as const
  for (const [options, text] of wrong) {
    await assert.rejects(stream(options as never).next(), (error: unknown) => {
      assert.ok(isRefusal('input-invalid')(error), String(error))
      assert.match((error as Error).message, text)
      return true
    })
  }
})

test('a folder without schemas rejects the loop, and the error names the option', async () => {
  for (const start of [
    () => stream({ ...GOOD, topic: 'presence', protoDir: '/nonexistent' }).next(),
    async () => decode(new Uint8Array(), { topic: 'audit', protoDir: '/nonexistent' }),
  ]) {
    await assert.rejects(start, {
      code: 'schema-invalid',
      message:
        'options.protoDir: /nonexistent: expected a folder with .proto files from Central; it does not exist',
    })
  }
})

test('an option that is undefined is as if it were not there, and one that is odd is logged', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const lines: string[] = []
  const records = stream({
    ...presence(central, 'odd-key'),
    ...{ customer: undefined, username: undefined, signal: undefined, readable: undefined },
    onStatus: undefined,
    onLog: (level, message) => lines.push(`${level}: ${message}`),
  })
  t.after(() => records.return())
  const first = records.next()
  await (await central.waitForSocket()).send(sighting(1))
  assert.equal((await first).value?.customer, 'presence')
  assert.match(lines[0] ?? '', /^warn: options\.wsskey: does not have the form of a key/)
})

test('a signal ends the loop after what was received, also before anything came', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const stopping = new AbortController()
  const records = stream({ ...presence(central), signal: stopping.signal })
  t.after(() => records.return())
  const first = records.next()
  const socket = await central.waitForSocket()
  await socket.send(sighting(1))
  await first
  const next = records.next()
  stopping.abort()
  assert.deepEqual(await next, { value: undefined, done: true })
  assert.equal((await socket.ended).code, 1000)
  const late = stream({ ...presence(central), signal: AbortSignal.abort() })
  t.after(() => late.return())
  assert.deepEqual(await late.next(), { value: undefined, done: true })
})

test('a frame that cannot be decoded is reported, and the next one comes', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const reported: [string, number][] = []
  const onUndecodable = ({ code }: StreamError, frame: Uint8Array) =>
    reported.push([code, frame.length])
  const records = stream({ ...presence(central), onUndecodable })
  t.after(() => records.return())
  const first = records.next()
  const socket = await central.waitForSocket()
  await socket.send(Uint8Array.of(0xff))
  await socket.send(sighting(7))
  assert.equal(strengthOf((await first).value as never), -7)
  assert.deepEqual(reported, [['frame-undecodable', 1]])
  await records.return()
})

test('a loop that stands still holds the sender up, and loses nothing', async (t) => {
  const central = await startCentral(t, { unknownKeys: 'accept' })
  const records = stream(presence(central))
  t.after(() => records.return())
  const first = records.next()
  const socket = await central.waitForSocket()
  const count = 20_000
  const sending = socket.sendAll(Array.from({ length: count }, (_, n) => sighting(n, 1000)))
  await first
  await until(() => socket.isHeldUp)
  let seen = 1
  for await (const record of records) {
    assert.equal(strengthOf(record), -seen)
    seen++
    if (seen === count) break
  }
  assert.equal(await sending, count)
})

test('New Central gives typed records to an API client, and two loops share its token', async (t) => {
  const client_secret = makeSecret('library')
  const central = await startCentral(t, {
    newCentral: { clients: [{ id: 'library', secret: client_secret, customerId: 'c1' }] },
  })
  const options = {
    hostname: central.url,
    client_id: 'library',
    client_secret,
    token_url: `${central.url}/as/token.oauth2`,
    topic: 'rssi-events',
  } as const
  const [one, two] = [stream(options), stream({ ...options, subscriber_id: SUBSCRIBER_ID })]
  t.after(() => Promise.all([one.return(), two.return()]))
  const both = Promise.all([one.next(), two.next()])
  const event = encodeEvent(
    {
      type: 'network-services.v1alpha1.rssi.raw-rssi',
      payload: { raw_rssi: { client_mac: 'aa', rssi_val: -61 } },
    },
    { topic: 'rssi-events', customerId: 'c1', now: 1, count: 0, settings: withDefaults({}) },
  )
  await until(() => central.sockets.length === 2)
  for (const socket of central.sockets) await socket.send(event)
  for (const { value } of await both) {
    assert.ok(value)
    assert.equal(value.data.raw_rssi?.rssi_val, -61)
    assert.match(value.type, /^com\.hpe\.greenlake\./)
  }
  assert.equal(central.tokenRequests.length, 1)
  await Promise.all([one.return(), two.return()])
})

test('an API client that is refused rejects the loop', async (t) => {
  const central = await startCentral(t, { newCentral: { unknownClients: 'refuse' } })
  const records = stream({
    hostname: central.url,
    client_id: 'nobody',
    client_secret: makeSecret('nobody'),
    token_url: `${central.url}/as/token.oauth2`,
    topic: 'wids',
  })
  await assert.rejects(records.next(), isRefusal('client-refused'))
})
