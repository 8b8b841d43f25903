import assert from 'node:assert/strict'
import { test } from 'node:test'
import type protobuf from 'protobufjs'
import { EVENT_TYPE_PREFIX, TOPIC_FACTS, TOPICS, type Topic } from '../../src/newcentral/topics.js'
import { type NewCentralSettings, withDefaults } from '../../src/simulator/settings.js'
import { NewCentralTraffic, newCentralTraffic } from '../../src/simulator/traffic.js'
import { CLOUD_EVENT, messageType } from './newcentral-client.js'

const CUSTOMER = '0123456789abcdef0123456789abcdef'
const START = Date.UTC(2026, 0, 2)
const TYPE_NAMES = ['state', 'stats'] as const

type Tree = { readonly [name: string]: unknown }
type Event = {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly envelope: protobuf.Message & Tree
  readonly message: string
  readonly payload: Tree
}

const types = new Map<string, protobuf.Type>()

function typeOf(topic: Topic, message: string): protobuf.Type {
  const found = types.get(`${topic} ${message}`) ?? messageType(topic, message)
  types.set(`${topic} ${message}`, found)
  return found
}

function decode(topic: Topic, frame: Uint8Array): Event {
  const envelope = CLOUD_EVENT.decode(frame) as protobuf.Message & Tree
  const { id, source, type, proto_data, binary_data } = envelope as never as Record<string, string>
  const any = proto_data as never as { type_url: string; value: Uint8Array } | null
  const url = any?.type_url ?? ''
  const message = TOPIC_FACTS[topic].message ?? url.slice(url.lastIndexOf('.') + 1)
  const schema = typeOf(topic, message)
  const bytes = any?.value ?? (binary_data as never as Uint8Array)
  const payload = schema.toObject(schema.decode(bytes), { longs: Number, enums: String })
  return { id: id ?? '', source: source ?? '', type: type ?? '', envelope, message, payload }
}

/** Traffic whose clock advances by some seconds for each event. */
function start(settings: Partial<NewCentralSettings> = {}, seconds = 1, seed = 1) {
  let now = START
  const traffic = new NewCentralTraffic({
    customerId: CUSTOMER,
    clock: { now: () => now },
    settings: () => withDefaults(settings),
    seed,
  })
  const next = (topic: Topic) => {
    now += seconds * 1000
    return traffic.next(topic)
  }
  return {
    next,
    take: (topic: Topic, count: number) =>
      Array.from({ length: count }, () => decode(topic, next(topic))),
  }
}

/** All values under a name, however deep. */
function valuesOf(tree: unknown, name: string | RegExp): unknown[] {
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return []
  const isMeant = (key: string) => (typeof name === 'string' ? key === name : name.test(key))
  return Object.entries(tree).flatMap(([key, value]) => [
    ...(isMeant(key) ? [value] : []),
    ...valuesOf(value, name),
  ])
}

test('every event has an id of its own, source, type, time and customer', () => {
  const ids = new Set<string>()
  const traffic = start()
  for (const topic of TOPICS) {
    for (const { id, source, type, envelope } of traffic.take(topic, 40)) {
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      ids.add(id)
      assert.match(source, /^https:\/\/central\.example\/network-\w+$/)
      assert.ok(type.startsWith(EVENT_TYPE_PREFIX))
      const { events } = TOPIC_FACTS[topic]
      const name = type.slice(EVENT_TYPE_PREFIX.length)
      // Where no types are known, the name says that it is made up.
      if (Object.keys(events).length > 0) assert.ok(Object.hasOwn(events, name), type)
      else assert.match(name, /\.example$/)
      const plain = CLOUD_EVENT.toObject(envelope, { longs: Number })
      assert.deepEqual(plain.attributes, { subject: { ce_string: CUSTOMER } })
      assert.equal(plain.specversion, '1.0')
      assert.ok(plain.time.seconds > START / 1000)
    }
  }
  assert.equal(ids.size, 40 * TOPICS.length)
})

test('ids differ while the clock stands still, and from those of an earlier run', () => {
  const idsAt = (now: number) => {
    const traffic = new NewCentralTraffic({ customerId: CUSTOMER, clock: { now: () => now } })
    return [1, 2, 3].map(() => decode('wids', traffic.next('wids')).id)
  }
  assert.equal(new Set([...idsAt(START), ...idsAt(START + 1)]).size, 6)
})

test('the same seed gives the same bytes, another seed others', () => {
  for (const topic of TOPICS) {
    const bytes = (seed: number) => Buffer.from(start({}, 1, seed).next(topic)).toString('base64')
    assert.equal(bytes(1), bytes(1))
    assert.notEqual(bytes(1), bytes(2))
  }
})

test('every message and member of every stream comes', () => {
  for (const topic of TOPICS) {
    const events = start().take(topic, 200)
    const { message: root } = TOPIC_FACTS[topic]
    if (root === undefined) {
      assert.equal(new Set(events.map(({ message }) => message)).size, 16)
      continue
    }
    const schema = typeOf(topic, root)
    const members = schema.oneofsArray
      .filter(({ isProto3Optional }) => !isProto3Optional)
      .flatMap(({ oneof }) => oneof)
    const seen = new Set(events.flatMap(({ payload }) => Object.keys(payload)))
    for (const member of members) assert.ok(seen.has(member), `${topic}: ${member}`)
    assert.ok(events.every(({ payload }) => Object.keys(payload).length > 0))
  }
})

test('the type of an event agrees with its member', () => {
  for (const { type, payload } of start().take('gw-events', 22)) {
    const [, kind = '', name = ''] = /gateways\.(\w+)\.(\w+)$/.exec(type) ?? []
    assert.ok((TYPE_NAMES as readonly string[]).includes(kind))
    const [member = ''] = Object.keys(payload)
    const device = kind === 'state' ? 'gateway_state' : 'device_stats'
    assert.equal(member, name === 'device' ? device : `${name}_${kind}`)
  }
})

test('people roam, and access points restart, in every topic that tells of them', () => {
  const traffic = start({}, 20)
  const clients = traffic.take('clients-events', 100).flatMap(({ payload }) => {
    return valuesOf(payload, 'client_details') as { client_name: string; device_name: string }[]
  })
  const devices = new Map<string, Set<string>>()
  for (const { client_name, device_name } of clients) {
    devices.set(client_name, (devices.get(client_name) ?? new Set()).add(device_name))
  }
  assert.ok([...devices.values()].some(({ size }) => size > 1))
  const states = traffic
    .take('ap-events', 300)
    .flatMap(({ payload }) => [...valuesOf(payload, 'down_reason')])
  assert.ok(states.includes('DEVICE_DOWN_REASON_AP_REBOOT'))
  const reasons = traffic
    .take('switch-events', 300)
    .flatMap(({ payload }) => [...valuesOf(payload, 'state_down_reason')])
  assert.ok(reasons.includes('STATE_DOWN_REASON_LINK_DOWN'))
  const alerts = traffic.take('alert-events', 300)
  const downs = alerts.filter(({ payload }) => payload.name === 'AP down')
  assert.deepEqual(
    new Set(downs.map(({ payload }) => payload.state)),
    new Set(['Active', 'Cleared']),
  )
})

test('an audit event holds what was before and after, as any JSON', () => {
  const [event] = start().take('audit-trail-events', 1)
  const [before, after] = ['before_transaction', 'after_transaction'].map(
    (name) => (valuesOf(event?.payload, 'changed_json')[0] as Tree)[name],
  )
  for (const struct of [before, after]) {
    const { name, channel, locked } = (struct as { fields: Record<string, Tree> }).fields
    assert.equal(typeof name?.stringValue, 'string')
    assert.equal(typeof channel?.numberValue, 'number')
    assert.equal(locked?.boolValue, false)
  }
})

test('the payload stands in proto_data or in binary_data', () => {
  for (const payload of ['proto_data', 'binary_data'] as const) {
    const [event] = start({ payload }).take('wids', 1)
    assert.equal(event?.envelope.data, payload)
    assert.ok(Object.keys(event?.payload ?? {}).length > 0)
  }
})

test('type_url has a short package, a long one, none, or is empty', () => {
  const urls = (['short', 'long', 'bare', 'empty'] as const).map((type_url) => {
    const frame = start({ type_url }).next('ap-events')
    return (CLOUD_EVENT.decode(frame) as never as { proto_data: Tree }).proto_data.type_url
  })
  assert.deepEqual(urls, [
    'type.googleapis.com/ap.APInfo',
    'type.googleapis.com/network_monitoring.ap.v1alpha1.APInfo',
    'APInfo',
    '',
  ])
})

test('MAC addresses have the spelling that is asked for', () => {
  const forms = {
    colon: /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/,
    colon_upper: /^([0-9A-F]{2}:){5}[0-9A-F]{2}$/,
    dash: /^([0-9a-f]{2}-){5}[0-9a-f]{2}$/,
    dash_upper: /^([0-9A-F]{2}-){5}[0-9A-F]{2}$/,
    dot: /^([0-9a-f]{4}\.){2}[0-9a-f]{4}$/,
    plain: /^[0-9a-f]{12}$/,
    plain_upper: /^[0-9A-F]{12}$/,
  } as const
  for (const mac of Object.keys(forms) as (keyof typeof forms)[]) {
    for (const topic of ['ap-events', 'rssi-events', 'switch-events'] as const) {
      const events = start({ mac }).take(topic, 5)
      const macs = events.flatMap(({ payload }) => valuesOf(payload, /(^|_)mac(_address)?$/))
      assert.ok(macs.length > 0)
      for (const text of macs) assert.match(String(text), forms[mac])
    }
  }
})

test('timestamps of access points are RFC 3339 or milliseconds', () => {
  const forms = { rfc3339: /^2026-01-02T00:00:0\d\.000Z$/, ms: /^17673120\d{5}$/ }
  for (const ap_time of ['rfc3339', 'ms'] as const) {
    for (const { payload } of start({ ap_time }).take('ap-events', 9)) {
      assert.match(String(payload.timestamp), forms[ap_time])
    }
  }
})

test('events come without a time where that is asked for', () => {
  const [event] = start({ time: 'no' }).take('alert-events', 1)
  assert.equal(Object.hasOwn(event?.envelope ?? {}, 'time'), false)
})

test('each customer has a site of its own', () => {
  const next = newCentralTraffic({ now: () => START }, () => withDefaults({}))
  const serial = (customer: string) =>
    decode('ap-events', next('ap-events', customer)).payload.serial_number
  assert.notEqual(serial(CUSTOMER), serial('f'.repeat(32)))
  assert.throws(() => next('monitoring', CUSTOMER), RangeError)
})
