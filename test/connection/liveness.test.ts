import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { NewCentralOptions } from '../../src/simulator/newcentral/service.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { idsIn, startEventSubscriber } from '../helpers/new-central.js'
import { publish } from '../simulator/newcentral-client.js'

const TOPIC = 'alert-events'

/** A silent stream; the time is the clients' alone, the server has that of the system. */
async function start(t: TestContext, newCentral: NewCentralOptions = {}) {
  const clock = new FakeClock(Date.now())
  const central = await startCentral(t, { newCentral })
  const subscriber = startEventSubscriber(t, central, { clock, topic: TOPIC })
  await subscriber.reach('open')
  const [socket] = central.sockets
  assert.ok(socket)
  /** Lets time pass in steps, so that pings and pongs arrive in between. */
  const pass = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 10) {
      clock.advance(10_000)
      await turn()
      await turn()
    }
  }
  return { clock, central, subscriber, socket, pass }
}

test('a stream that is silent for an hour stays connected where the server answers no ping', async (t) => {
  const { central, subscriber, socket, pass } = await start(t, { pong: 'no' })
  await pass(3600)
  assert.equal(subscriber.status.type, 'open')
  assert.equal(subscriber.status.reconnects, 0)
  assert.deepEqual([central.handshakes.length, central.sockets.length], [1, 1])
  await until(() => socket.pings === 3)
  await publish(central, TOPIC, ['late'])
  await subscriber.receive(1)
  assert.deepEqual(idsIn(subscriber.frames, TOPIC), ['late'])
})

test('a stream that is silent for an hour stays connected where the server answers pings', async (t) => {
  const { clock, central, subscriber, socket } = await start(t)
  for (let ping = 1; ping <= 120; ping++) {
    clock.advance(30_000)
    await until(() => socket.pings === ping)
    // The pong is back as soon as a frame that follows it is.
    await publish(central, TOPIC, [`${ping}`])
    await subscriber.receive(ping)
  }
  assert.equal(subscriber.status.reconnects, 0)
  assert.equal(central.handshakes.length, 1)
})

test('a server that has answered pings and stops is left after a minute', async (t) => {
  const { clock, central, subscriber, socket } = await start(t)
  clock.advance(30_000)
  await until(() => socket.pings === 1)
  await publish(central, TOPIC, ['1'])
  await subscriber.receive(1)
  socket.freeze()
  clock.advance(60_000)
  const { cause } = await subscriber.reach('retrying')
  assert.equal(cause.code, 'connection-silent')
  await subscriber.reconnect()
  assert.equal(central.handshakes.length, 2)
})
