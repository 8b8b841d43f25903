import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { CustomerEntry } from '../../src/input/entries.js'
import { loggerTo } from '../../src/log.js'
import { parseHost } from '../../src/net/host.js'
import { createNewCentral } from '../../src/newcentral/newcentral.js'
import { type Subscriber, SubscriberIds, subscriberId } from '../../src/newcentral/subscriber-id.js'
import type { Topic } from '../../src/newcentral/topics.js'
import { Secret } from '../../src/secret.js'

const SUBSCRIBER: Subscriber = {
  host: 'de1.api.central.arubanetworks.com',
  clientId: 'client',
  entry: 'A',
  topic: 'wids',
  instance: 'machine',
}

test('a subscriber id has the form of a UUID of version 4, and stays the same', () => {
  const id = subscriberId(SUBSCRIBER)
  assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  assert.equal(subscriberId({ ...SUBSCRIBER }), id)
})

test('another host, client, entry, topic, machine or use has another id', () => {
  const others: Partial<Subscriber>[] = [
    { host: 'us1.api.central.arubanetworks.com' },
    { clientId: 'another' },
    { entry: 'B' },
    { topic: 'alert-events' },
    { instance: 'another' },
    { use: 'check' },
  ]
  const ids = others.map((other) => subscriberId({ ...SUBSCRIBER, ...other }))
  assert.equal(new Set([...ids, subscriberId(SUBSCRIBER)]).size, others.length + 1)
})

test('an id that another process holds is replaced by a fresh one, until it is released', async (t) => {
  const id = randomUUID()
  // Each object knows only its own, as each process does.
  const [first, second] = [new SubscriberIds(), new SubscriberIds()]
  const held = await first.hold(id)
  const fresh = await second.hold(id)
  t.after(() => fresh.release())
  assert.deepEqual([held.id, held.isFresh], [id, false])
  assert.notEqual(fresh.id, id)
  assert.equal(fresh.isFresh, true)
  held.release()
  const later = await second.hold(id)
  assert.equal(later.id, id)
  later.release()
})

test('an entry that has changed keeps its id before the old one has ended', async () => {
  const id = randomUUID()
  const [own, other] = [new SubscriberIds(), new SubscriberIds()]
  const before = await own.hold(id)
  const after = await own.hold(id)
  assert.equal(after.id, id)
  before.release()
  assert.equal((await other.hold(id)).isFresh, true)
  after.release()
  const free = await other.hold(id)
  assert.equal(free.isFresh, false)
  free.release()
})

test('a start that is given up holds no ids', async () => {
  const logged: string[] = []
  const env = { ARUBA_STREAM_INSTANCE: randomUUID() }
  // Each knows only its own ids, as each process does.
  const create = () =>
    createNewCentral({
      userAgent: 'aruba-stream/test',
      verifyCertificates: true,
      protoDir: undefined,
      readable: false,
      env,
      asksReplay: false,
      log: loggerTo((_, message) => logged.push(message)),
    })
  const entry: CustomerEntry<Topic> = {
    name: 'A',
    topic: 'wids',
    label: 'A',
    username: undefined,
    key: new Secret('secret'),
    hostname: undefined,
    host: parseHost('de1.api.central.arubanetworks.com'),
    client: {
      id: 'client',
      tokenUrl: undefined,
      eventTypes: [],
      subscriberId: undefined,
      path: undefined,
    },
  }
  await assert.rejects(create().endpoints([entry], AbortSignal.abort(new Error('ended'))), /ended/)
  const [endpoint] = await create().endpoints([entry], new AbortController().signal)
  endpoint?.close()
  assert.deepEqual(logged, [])
})
