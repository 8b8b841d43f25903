import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { CentralOptions } from '../../src/simulator/central.js'
import type { NewCentralOptions } from '../../src/simulator/newcentral/service.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import {
  eventFrame,
  idsOf,
  publish,
  type SubscribeOptions,
  type Subscription,
  subscribe,
  tokenOf,
} from './newcentral-client.js'

const TOPIC = 'rssi-events'
const RAW = 'network-services.v1alpha1.rssi.raw-rssi'
const PROXIMITY = 'network-services.v1alpha1.rssi.proximity-rssi'

/** A server whose chance takes these numbers in turn, with a token. */
async function start(
  t: TestContext,
  newCentral: NewCentralOptions = {},
  chances: readonly number[] = [0, 0.99],
  options: CentralOptions = {},
) {
  let draws = 0
  const random = () => {
    draws += 1
    return chances[(draws - 1) % chances.length] ?? 0
  }
  const clock = new FakeClock()
  const central = await startCentral(t, { newCentral, clock, random, ...options })
  const token = await tokenOf(central)
  const join = (given: Partial<SubscribeOptions> = {}) =>
    subscribe(central, TOPIC, { token, ...given })
  return { central, clock, join, account: central.newCentral.account }
}

type Started = Awaited<ReturnType<typeof start>>

/** Waits until so many events have arrived, and gives their ids. */
async function got({ ids }: Subscription, count: number): Promise<readonly string[]> {
  await until(() => ids.length >= count)
  return ids
}

/** Waits until both sides know that a connection is gone. */
async function gone({ central }: Started, { closed }: Subscription, left = 0): Promise<void> {
  await closed
  await until(() => central.sockets.length === left)
}

test('connections with one id share: each event goes to one of them, by chance', async (t) => {
  const { central, join, account } = await start(t, {}, [0, 0.99, 0.4])
  const [first, second] = [await join({ id: 'same' }), await join({ id: 'same' })]
  await publish(central, TOPIC, idsOf('e', 6))
  assert.deepEqual(await got(first, 4), ['e0', 'e2', 'e3', 'e5'])
  assert.deepEqual(await got(second, 2), ['e1', 'e4'])
  assert.deepEqual(account.ids('sent'), idsOf('e', 6))
  const [one] = central.sockets
  const lines = account.lines.filter(({ socket }) => socket === one)
  assert.deepEqual(
    lines.map(({ id }) => id),
    first.ids,
  )
})

test('connections with different ids get everything each', async (t) => {
  const { central, join, account } = await start(t)
  const [first, second] = [await join({ id: 'one' }), await join({ id: 'two' })]
  await publish(central, TOPIC, idsOf('e', 5))
  assert.deepEqual(await got(first, 5), idsOf('e', 5))
  assert.deepEqual(await got(second, 5), idsOf('e', 5))
  assert.equal(account.counts().sent, 10)
  assert.equal(account.counts({ subscriberId: 'one' }).sent, 5)
})

test('connections without an id share the default one, whatever their API client', async (t) => {
  const { central, join, account } = await start(t, { customers: 'one' })
  const mine = await join()
  const others = await join({ token: await tokenOf(central, 'other') })
  await publish(central, TOPIC, idsOf('e', 4))
  assert.deepEqual(await got(mine, 2), ['e0', 'e2'])
  assert.deepEqual(await got(others, 2), ['e1', 'e3'])
  assert.equal(account.counts({ subscriberId: 'default' }).sent, 4)
})

test('customers and topics share nothing, though the id is the same', async (t) => {
  const { central, join } = await start(t)
  const mine = await join({ id: 'same' })
  const theirs = await join({ id: 'same', token: await tokenOf(central, 'other') })
  const token = await tokenOf(central)
  const wids = await subscribe(central, 'wids', { id: 'same', token })
  await publish(central, TOPIC, ['a'])
  await publish(central, 'wids', ['b'])
  const customer = await central.waitForSocket({ username: 'other' })
  await central.broadcast(TOPIC, eventFrame('c'), customer.customerId)
  assert.deepEqual(await got(mine, 1), ['a'])
  assert.deepEqual(await got(theirs, 2), ['a', 'c'])
  assert.deepEqual(await got(wids, 1), ['b'])
})

test('two connections share without loss although one of them is killed', async (t) => {
  const started = await start(t)
  const { central, join, account } = started
  const [first, second] = [await join({ id: 'same' }), await join({ id: 'same' })]
  await publish(central, TOPIC, idsOf('before', 10))
  await got(second, 5)
  second.ws.terminate()
  await publish(central, TOPIC, idsOf('during', 10))
  await gone(started, second, 1)
  await publish(central, TOPIC, idsOf('after', 10))
  const during = account.lines.filter(({ id, socket }) => id.startsWith('during') && socket?.open)
  await got(first, 5 + during.length + 10)
  // What had left for the killed connection is all that is missing.
  const dead = account.lines.filter(({ socket }) => socket !== undefined && !socket.open)
  const all = [...first.ids, ...dead.map(({ id }) => id)]
  const published = ['before', 'during', 'after'].flatMap((prefix) => idsOf(prefix, 10))
  assert.deepEqual(all.sort(), published.sort())
  assert.equal(account.counts().lost, 0)
})

test('an event that could not leave for a broken connection goes to another one', async (t) => {
  const started = await start(t)
  const { central, join, account } = started
  const [broken, whole] = [await join({ id: 'same' }), await join({ id: 'same' })]
  broken.ws.pause()
  const type = 'x'.repeat(20_000_000)
  const sent = central.broadcast(TOPIC, eventFrame('large', type))
  central.sockets[0]?.reset()
  assert.equal(await sent, 1)
  assert.deepEqual(await got(whole, 1), ['large'])
  assert.deepEqual(
    account.lines.map(({ outcome, socket }) => [outcome, socket === central.sockets[0]]),
    [['sent', true]],
  )
})

test('what came while an id had no connection waits for it, in order', async (t) => {
  const started = await start(t)
  const { central, join, account } = started
  const first = await join({ id: 'mine' })
  central.sockets[0]?.terminate()
  await gone(started, first)
  await publish(central, TOPIC, ['a', 'b'])
  assert.deepEqual([account.counts().queued, account.counts().lost], [2, 0])
  const other = await join({ id: 'another' })
  await publish(central, TOPIC, ['c'])
  assert.deepEqual(await got(other, 1), ['c'])
  const back = await join({ id: 'mine' })
  await publish(central, TOPIC, ['d'])
  assert.deepEqual(await got(back, 4), ['a', 'b', 'c', 'd'])
  const { sent, fromQueue, queued, lost } = account.counts({ subscriberId: 'mine' })
  assert.deepEqual({ sent, fromQueue, queued, lost }, { sent: 4, fromQueue: 3, queued: 0, lost: 0 })
})

test('an event waits for 15 minutes, and so does an id', async (t) => {
  const started = await start(t, { expires_in: 86_400 })
  const { central, clock, join, account } = started
  const MINUTE = 60_000
  const first = await join({ id: 'mine' })
  central.sockets[0]?.terminate()
  await gone(started, first)
  await publish(central, TOPIC, ['a'])
  clock.advance(15 * MINUTE)
  const back = await join({ id: 'mine' })
  assert.deepEqual(await got(back, 1), ['a'])
  central.sockets[0]?.terminate()
  await gone(started, back)
  await publish(central, TOPIC, ['b'])
  clock.advance(10 * MINUTE)
  await publish(central, TOPIC, ['c'])
  clock.advance(5 * MINUTE + 1)
  await publish(central, TOPIC, ['d'])
  const again = await join({ id: 'mine' })
  await publish(central, TOPIC, ['e'])
  assert.deepEqual(await got(again, 1), ['e'])
  assert.deepEqual(account.ids('lost'), ['b', 'c'])
  assert.equal(account.lines.find(({ id }) => id === 'b')?.reason, undefined)
  const reasons = account.lines.map(({ reason }) => reason).filter((reason) => reason)
  assert.deepEqual(reasons, ['over 15 minutes', 'over 15 minutes'])
})

test('an id that comes back after 15 minutes gets nothing of what waited', async (t) => {
  const started = await start(t, { expires_in: 86_400 })
  const { central, clock, join, account } = started
  const first = await join({ id: 'mine' })
  central.sockets[0]?.terminate()
  await gone(started, first)
  clock.advance(10 * 60_000)
  await publish(central, TOPIC, ['a'])
  clock.advance(5 * 60_000 + 1)
  const back = await join({ id: 'mine' })
  await publish(central, TOPIC, ['b'])
  assert.deepEqual(await got(back, 1), ['b'])
  const { queued, lost } = account.counts()
  assert.deepEqual([queued, lost], [0, 1])
})

test('the queue may go to any connection, or be none', async (t) => {
  const outcomes: string[][] = []
  for (const queue of ['by_id', 'any', 'none'] as const) {
    const started = await start(t, { queue })
    const { central, join, account } = started
    const first = await join({ id: 'mine' })
    central.sockets[0]?.terminate()
    await gone(started, first)
    await publish(central, TOPIC, ['a', 'b'])
    const other = await join({ id: 'another' })
    const back = await join({ id: 'mine' })
    await publish(central, TOPIC, ['c'])
    await got(other, queue === 'any' ? 3 : 1)
    await got(back, queue === 'by_id' ? 3 : 1)
    outcomes.push([...other.ids, '|', ...back.ids, '|', ...account.ids('lost')])
  }
  assert.deepEqual(
    outcomes.map((each) => each.join('')),
    ['c|abc|', 'abc|c|', 'c|c|ab'],
  )
})

test('a clean close of the client gives the queue up, or keeps it', async (t) => {
  for (const clean_close of ['lost', 'kept'] as const) {
    const started = await start(t, { clean_close })
    const { central, join, account } = started
    const first = await join({ id: 'mine' })
    first.ws.close(1000)
    await gone(started, first)
    await publish(central, TOPIC, ['a'])
    const back = await join({ id: 'mine' })
    await publish(central, TOPIC, ['b'])
    assert.deepEqual(
      await got(back, clean_close === 'kept' ? 2 : 1),
      clean_close === 'kept' ? ['a', 'b'] : ['b'],
    )
    assert.deepEqual(account.ids('lost'), clean_close === 'kept' ? [] : ['a'])
  }
})

test('a clean close keeps what another connection of the id can still get', async (t) => {
  const started = await start(t)
  const { central, join, account } = started
  const old = await join({ id: 'mine' })
  const fresh = await join({ id: 'mine' })
  await publish(central, TOPIC, idsOf('a', 4))
  old.ws.close(1000)
  await publish(central, TOPIC, idsOf('b', 4))
  await gone(started, old, 1)
  await publish(central, TOPIC, idsOf('c', 4))
  await until(() => old.ids.length + fresh.ids.length === 12)
  assert.equal(new Set([...old.ids, ...fresh.ids]).size, 12)
  assert.deepEqual([account.counts().lost, account.counts().queued], [0, 0])
})

test('events are repeated after an unexpected end where that is asked for', async (t) => {
  for (const duplicates of [0, 2]) {
    const started = await start(t, { duplicates })
    const { central, join, account } = started
    const first = await join({ id: 'mine' })
    await publish(central, TOPIC, ['a', 'b', 'c'])
    central.sockets[0]?.terminate()
    await gone(started, first)
    await publish(central, TOPIC, ['d'])
    const back = await join({ id: 'mine' })
    const repeated = duplicates === 0 ? [] : ['b', 'c']
    assert.deepEqual(await got(back, repeated.length + 1), [...repeated, 'd'])
    assert.deepEqual(account.ids('repeated'), repeated)
    central.sockets[0]?.terminate()
    await gone(started, back)
    const again = await join({ id: 'mine' })
    await got(again, duplicates)
    assert.deepEqual(again.ids, duplicates === 0 ? [] : ['c', 'd'])
    assert.equal(account.counts().queued, 0)
    again.ws.close(1000)
    await gone(started, again)
    const clean = await join({ id: 'mine' })
    await publish(central, TOPIC, ['e'])
    assert.deepEqual(await got(clean, 1), ['e'])
  }
})

test('a filter holds for events as they come and for those that waited', async (t) => {
  const started = await start(t)
  const { central, join, account } = started
  const filter = { id: 'mine', types: [PROXIMITY] }
  const all = await join({ id: 'all', types: [RAW, PROXIMITY] })
  const first = await join(filter)
  const send = async (prefix: string) => {
    await central.broadcast(TOPIC, eventFrame(`${prefix} raw`, RAW))
    await central.broadcast(TOPIC, eventFrame(`${prefix} proximity`, PROXIMITY))
  }
  await send('live')
  assert.deepEqual(await got(first, 1), ['live proximity'])
  central.sockets[1]?.terminate()
  await gone(started, first, 1)
  await send('late')
  const back = await join(filter)
  assert.deepEqual(await got(back, 1), ['late proximity'])
  assert.deepEqual(await got(all, 4), ['live raw', 'live proximity', 'late raw', 'late proximity'])
  assert.deepEqual(account.ids('filtered'), ['live raw', 'late raw'])
})

test('an event goes to one of those who share that asks for its type', async (t) => {
  const { central, join } = await start(t, {}, [0])
  const raw = await join({ id: 'same', types: [RAW] })
  const proximity = await join({ id: 'same', types: [PROXIMITY] })
  for (const type of [RAW, PROXIMITY]) {
    await central.broadcast(TOPIC, eventFrame(type, type))
  }
  assert.deepEqual(await got(raw, 1), [RAW])
  assert.deepEqual(await got(proximity, 1), [PROXIMITY])
})

test('a frame that is no event goes to everybody, too', async (t) => {
  const { central, join, account } = await start(t)
  const opened = await join({ id: 'mine' })
  const received: string[] = []
  opened.ws.removeAllListeners('message')
  opened.ws.on('message', (data) => received.push(String(data)))
  await central.broadcast(TOPIC, Buffer.from('\x0fbroken'))
  await until(() => received.length === 1)
  assert.deepEqual(received, ['\x0fbroken'])
  assert.deepEqual(account.ids('sent'), [''])
})

test('the account counts without keeping lines where none are wanted', async (t) => {
  const { central, join, account } = await start(t, { keepsLines: false })
  await join({ id: 'mine' })
  await publish(central, TOPIC, ['a'])
  assert.equal(account.lines.length, 0)
  const [subscriber] = account.subscribers
  assert.deepEqual(
    [subscriber?.topic, subscriber?.subscriberId, subscriber?.counts.sent],
    [TOPIC, 'mine', 1],
  )
})
