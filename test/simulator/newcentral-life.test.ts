import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { NewCentralOptions } from '../../src/simulator/newcentral/service.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { idsOf, publish, subscribe, tokenOf } from './newcentral-client.js'

const WAYS = ['1008', '4000', '1001', '1000', '1011', 'cut'] as const

/** A stream with a token of 100 s. */
async function start(t: TestContext, newCentral: NewCentralOptions = {}) {
  const clock = new FakeClock()
  const central = await startCentral(t, { newCentral: { expires_in: 100, ...newCentral }, clock })
  const token = await tokenOf(central)
  return { clock, central, join: () => subscribe(central, 'wids', { token, id: 'mine' }) }
}

for (const expiry_close of WAYS) {
  test(`a connection ends with its token by ${expiry_close}, and not before`, async (t) => {
    const { clock, central, join } = await start(t, { expiry_close })
    clock.advance(40_000)
    const { closed } = await join()
    clock.advance(59_999)
    assert.equal(central.sockets[0]?.open, true)
    clock.advance(1)
    assert.equal(await closed, expiry_close === 'cut' ? 1006 : Number(expiry_close))
  })

  test(`a connection may end at half of expires_in by ${expiry_close}`, async (t) => {
    const { clock, central, join } = await start(t, { expiry_close, expiry_at: 'half' })
    clock.advance(10_000)
    const first = await join()
    clock.advance(49_999)
    const second = await join()
    const { sockets } = central
    const open = () => sockets.map((socket) => socket.open)
    assert.deepEqual(open(), [true, true])
    clock.advance(1)
    assert.deepEqual(open(), [false, true])
    assert.equal(await first.closed, expiry_close === 'cut' ? 1006 : Number(expiry_close))
    // The token ends before half of expires_in is over.
    clock.advance(40_000)
    await second.closed
  })

  for (const queue of ['by_id', 'none'] as const) {
    test(`the account knows what an end by ${expiry_close} costs, with the queue ${queue}`, async (t) => {
      const { clock, central, join } = await start(t, { expiry_close, queue })
      const { account } = central.newCentral
      const first = await join()
      await publish(central, 'wids', idsOf('before', 20))
      clock.advance(100_000)
      await publish(central, 'wids', idsOf('between', 20))
      await first.closed
      const token = await tokenOf(central)
      const second = await subscribe(central, 'wids', { token, id: 'mine' })
      await publish(central, 'wids', idsOf('after', 20))
      await until(() => first.ids.length + second.ids.length + account.counts().lost === 60)
      const lost = queue === 'none' ? idsOf('between', 20) : []
      assert.deepEqual(account.ids('lost'), lost)
      const received = new Set([...first.ids, ...second.ids])
      assert.equal(received.size, 60 - lost.length)
      for (const id of lost) assert.ok(!received.has(id))
    })
  }
}

test('pings are answered, or not', async (t) => {
  for (const pong of ['yes', 'no'] as const) {
    const { central, join } = await start(t, { pong })
    const { ws, closed } = await join()
    let pongs = 0
    ws.on('pong', () => {
      pongs += 1
    })
    ws.ping()
    await until(() => central.sockets[0]?.pings === 1)
    central.sockets[0]?.close()
    await closed
    assert.equal(pongs, pong === 'yes' ? 1 : 0)
  }
})

test('the server sends pings and text frames, or neither', async (t) => {
  for (const seconds of [0, 20]) {
    const { clock, central, join } = await start(t, { ping: seconds, text_frames: seconds })
    const { ws, texts, closed } = await join()
    let pings = 0
    ws.on('ping', () => {
      pings += 1
    })
    clock.advance(60_000)
    central.sockets[0]?.close()
    await closed
    assert.deepEqual([pings, texts.length], seconds === 0 ? [0, 0] : [3, 3])
    await until(() => central.sockets.length === 0)
    assert.equal(clock.timers, 0)
  }
})

test('settings that are replaced hold for what comes after', async (t) => {
  const { clock, central, join } = await start(t)
  central.newCentral.settings = { ...central.newCentral.settings, expiry_close: '4000' }
  const { closed } = await join()
  clock.advance(100_000)
  assert.equal(await closed, 4000)
})
