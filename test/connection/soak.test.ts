import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { type Subscription, subscribe } from '../../src/connection/subscribe.js'
import { createLimiter } from '../../src/net/limiter.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { sized } from '../helpers/settings.js'
import { endpointAt } from '../helpers/subscription.js'

const ENTRIES = 3
const RECONNECTS = sized(240, 5000)
/** After so many rounds everything happens again: a frame or none, and three ways to break. */
const PERIOD = 6
/** When everything is warm, and whole periods before the last round. */
const FIRST_COUNT = RECONNECTS - 1 - PERIOD * Math.floor(RECONNECTS / 8)
/** A thousand of them are an hour. */
const ROUND_MS = 3600

/** What some other work has only just begun, or is about to end. */
const PASSING = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq', 'ConnectWrap', 'Immediate'])

/** What keeps the process alive, and does not pass by itself. */
function lastingResources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !PASSING.has(kind))
    .sort()
}

/**
 * How many objects are alive. Counting collects the garbage first; what was only held by something with a
 * finalizer goes when that has run, in a later turn.
 */
async function alive(): Promise<number> {
  for (let count = 0; count < 3; count += 1) {
    queryObjects(Object, { format: 'count' })
    await turn()
  }
  return queryObjects(Object, { format: 'count' })
}

test('a long time of flapping leaves no timer, listener, socket or object behind', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  const stop = new AbortController()
  const limiter = createLimiter()
  const resourcesBefore = lastingResources()
  const counts = new Array<number>(ENTRIES).fill(0)
  const subscriptions = counts.map(() =>
    subscribe({
      endpoint: endpointAt(central.url),
      limiter,
      stopping: stop,
      clock,
    }),
  )
  const reading = subscriptions.map(async (subscription, index) => {
    for await (const frames of subscription) counts[index] = (counts[index] ?? 0) + frames.length
  })
  const all = (type: Subscription['status']['type']) => () =>
    subscriptions.every(({ status }) => status.type === type)

  let [aliveAtFirst, aliveAtLast] = [0, 0]
  for (let round = 0; round < RECONNECTS; round += 1) {
    await until(all('open'))
    await until(() => central.sockets.length === ENTRIES)
    for (const [index, socket] of central.sockets.entries()) {
      if (round % 2 === 0) await socket.sendEmpty()
      if ((round + index) % 3 === 0) socket.reset()
      else if ((round + index) % 3 === 1) socket.close(1011)
      else socket.terminate()
    }
    await until(all('retrying'))
    await until(() => central.connections.open === 0)
    assert.equal(clock.timers, ENTRIES)
    central.handshakes.length = 0
    clock.advance(ROUND_MS)
    if (round === FIRST_COUNT) aliveAtFirst = await alive()
    if (round === RECONNECTS - 1) aliveAtLast = await alive()
  }
  const grown = aliveAtLast - aliveAtFirst
  assert.ok(grown < RECONNECTS / 10, `${grown} objects more`)
  assert.ok(getEventListeners(stop.signal, 'abort').length <= ENTRIES)

  await until(all('open'))
  for (const { status } of subscriptions) {
    assert.equal(status.reconnects, RECONNECTS)
    assert.ok(status.gapMs >= RECONNECTS * ROUND_MS)
  }
  stop.abort()
  await Promise.all(reading)
  assert.equal(clock.timers, 0)
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  await until(() => central.connections.open === 0)
  await until(() => lastingResources().length <= resourcesBefore.length)
  assert.deepEqual(lastingResources(), resourcesBefore)
})
