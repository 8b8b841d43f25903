import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { ROOT_MESSAGES, TOPICS, type Topic } from '../../src/classic/topics.js'
import { FLOOR } from '../../src/simulator/site.js'
import { ClassicTraffic } from '../../src/simulator/traffic.js'

const CUSTOMER = '0123456789abcdef0123456789abcdef'
const START = 1_700_000_000_000

function type(file: string, name: string): protobuf.Type {
  const path = fileURLToPath(new URL(`../../proto/classic/${file}.proto`, import.meta.url))
  return new protobuf.Root().loadSync(path, { keepCase: true }).lookupType(name)
}

const ENVELOPE = type('streaming', 'MsgProto')
const PAYLOADS = Object.fromEntries(
  TOPICS.map((topic) => [topic, type(topic, ROOT_MESSAGES[topic])]),
) as Record<Topic, protobuf.Type>

type Tree = { readonly [name: string]: unknown }

function decode(topic: Topic, frame: Uint8Array): { envelope: Tree; payload: Tree } {
  const envelope = ENVELOPE.toObject(ENVELOPE.decode(frame), { longs: String })
  const payload = PAYLOADS[topic].decode(envelope.data)
  return {
    envelope,
    payload: PAYLOADS[topic].toObject(payload, { longs: String, enums: String }),
  }
}

/** Traffic whose clock advances by a second for each message. */
function startTraffic(seed?: number) {
  let now = START
  const traffic = new ClassicTraffic({
    customerId: CUSTOMER,
    clock: { now: () => now },
    ...(seed !== undefined && { seed }),
  })
  return {
    next(topic: Topic) {
      now += 1_000
      return traffic.next(topic)
    },
    take: (topic: Topic, count: number) =>
      Array.from({ length: count }, () => {
        now += 1_000
        return decode(topic, traffic.next(topic))
      }),
  }
}

/** All values under a name, however deep. */
function valuesOf(tree: unknown, name: string): unknown[] {
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return []
  return Object.entries(tree).flatMap(([key, value]) =>
    key === name ? [value, ...valuesOf(value, name)] : valuesOf(value, name),
  )
}

test('every frame has an envelope with topic, time and customer', () => {
  for (const topic of TOPICS) {
    const [first, second] = startTraffic(1).take(topic, 2)
    assert.ok(first && second)
    assert.equal(first.envelope.subject, topic)
    assert.equal(first.envelope.timestamp, String(BigInt(START + 1_000) * 1_000_000n))
    assert.equal(second.envelope.timestamp, String(BigInt(START + 2_000) * 1_000_000n))
    assert.equal(first.envelope.customer_id, CUSTOMER)
  }
})

test('timestamps differ even while the clock stands still', () => {
  const traffic = new ClassicTraffic({ customerId: CUSTOMER, clock: { now: () => START } })
  const stamps = [1, 2, 3].map(() => decode('audit', traffic.next('audit')).envelope.timestamp)
  assert.deepEqual(stamps, ['1700000000000000000', '1700000000000000001', '1700000000000000002'])
})

test('the same seed gives the same bytes, another seed others', () => {
  const bytes = (seed?: number) => {
    const traffic = startTraffic(seed)
    const frames = TOPICS.flatMap((topic) => [1, 2, 3, 4].map(() => traffic.next(topic)))
    return Buffer.concat(frames).toString('hex')
  }
  assert.equal(bytes(7), bytes(7))
  assert.equal(bytes(), bytes())
  assert.notEqual(bytes(7), bytes(8))
})

test('a topic never repeats a message', () => {
  for (const topic of TOPICS) {
    const payloads = startTraffic()
      .take(topic, 40)
      .map(({ payload }) => JSON.stringify(payload))
    assert.equal(new Set(payloads).size, 40, topic)
  }
})

test('MAC addresses are six raw bytes, in presence twelve upper-case digits as text', () => {
  for (const topic of TOPICS.filter((each) => each !== 'audit')) {
    const messages = startTraffic().take(topic, 40)
    const names = [
      'sta_eth_mac',
      'radio_mac',
      'ap_eth_mac',
      'macaddr',
      'client_mac',
      'rogue_id',
      'mac_addr',
      'bssid',
    ]
    const macs = names.flatMap((name) => messages.flatMap(({ payload }) => valuesOf(payload, name)))
    assert.ok(macs.length > 0, `${topic}: no field of these names; name those that it has`)
    for (const { addr } of macs as { addr: Buffer }[]) {
      if (topic === 'presence') assert.match(addr.toString('latin1'), /^[0-9A-F]{12}$/)
      else assert.equal(addr.length, 6)
    }
  }
})

test('IP addresses have four or sixteen bytes and the family of their topic', () => {
  const lengths = new Set<number>()
  for (const topic of ['monitoring', 'apprf', 'audit'] as const) {
    for (const { payload } of startTraffic().take(topic, 30)) {
      for (const name of ['client_ip', 'dest_ip', 'ip_address']) {
        for (const { af, addr } of valuesOf(payload, name) as { af: string; addr: Buffer }[]) {
          lengths.add(addr.length)
          assert.equal(af, addr.length === 4 ? 'ADDR_FAMILY_INET' : 'ADDR_FAMILY_INET6')
        }
      }
    }
  }
  assert.deepEqual([...lengths].sort(), [16, 4])
})

test('people walk about the floor and roam between access points', () => {
  const traffic = startTraffic()
  const tracks = new Map<string, [number, number][]>()
  for (const { payload } of traffic.take('location', 600)) {
    const x = Number(payload.sta_location_x)
    const y = Number(payload.sta_location_y)
    assert.ok(x >= 0 && x <= FLOOR.width && y >= 0 && y <= FLOOR.depth)
    const client = String(payload.hashed_sta_eth_mac)
    tracks.set(client, [...(tracks.get(client) ?? []), [x, y]])
  }
  assert.equal(tracks.size, 12)
  for (const track of tracks.values()) {
    assert.ok(new Set(track.map(String)).size > 5, 'somebody stands still')
    for (const [index, [x, y]] of track.slice(1).entries()) {
      const [fromX, fromY] = track[index] ?? [x, y]
      // Twelve people, a message a second: each has one every twelve seconds.
      assert.ok(Math.hypot(x - fromX, y - fromY) <= 1.2 * 12 + 0.1, 'somebody runs')
    }
  }
  const [inventory, ...later] = traffic.take('monitoring', 200)
  assert.equal(valuesOf(inventory, 'aps').flat().length, 4)
  const roams = later.flatMap(({ payload }) => (payload.wireless_clients ?? []) as unknown[])
  assert.ok(roams.length > 5, `${roams.length} roams`)
})

test('signals, counters and times are those of a real network', () => {
  for (const { payload } of startTraffic().take('presence', 50)) {
    assert.ok(Math.abs(Number(payload.timestamp) - START) < 120_000)
    for (const rssi of valuesOf(payload, 'rssi_val') as number[]) {
      assert.ok(rssi <= -30 && rssi >= -92, String(rssi))
    }
  }
  const monitoring = startTraffic().take('monitoring', 40)
  const seconds = monitoring.map(({ payload }) => payload.timestamp)
  assert.equal(seconds[0], START / 1000 + 1)
  const essids = monitoring.flatMap(({ payload }) => valuesOf(payload, 'essid')) as Buffer[]
  assert.deepEqual([...new Set(essids.map(String))].sort(), ['Café Gäste', 'Corp'])
  const kinds = new Set(monitoring.flatMap(({ payload }) => Object.keys(payload)))
  for (const kind of ['client_stats', 'radio_stats', 'device_stats', 'interface_stats']) {
    assert.ok(kinds.has(kind), kind)
  }
})

test('access points restart, and one that is down has neither clients nor statistics', () => {
  const down = new Set<unknown>()
  let restarts = 0
  for (const { payload } of startTraffic().take('monitoring', 3_000)) {
    for (const { serial, status } of (payload.aps ?? []) as Tree[]) {
      if (status === 'UP' && down.delete(serial)) restarts += 1
      if (status === 'DOWN') down.add(serial)
    }
    assert.ok(down.size <= 1)
    for (const kind of ['wireless_clients', 'radio_stats', 'device_stats']) {
      const named = (payload[kind] ?? []) as Tree[]
      const devices = named.map((each) => each.associated_device ?? each.device_id)
      assert.ok(!devices.some((device) => down.has(device)), kind)
    }
  }
  assert.ok(restarts > 3, `${restarts} restarts`)
})

test('security and audit have every kind of event', () => {
  const traffic = startTraffic()
  const security = traffic.take('security', 6)
  assert.equal(security.filter(({ payload }) => payload.rogue).length, 4)
  assert.equal(security.filter(({ payload }) => payload.idsEvent).length, 2)
  const services = new Set(traffic.take('audit', 14).map(({ payload }) => payload.service))
  assert.deepEqual([...services].sort(), ['CONFIGURATION', 'DEVICE_MGMT', 'FIRMWARE'])
})
