import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Status, stream } from '../../src/index.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { makeKey } from '../helpers/keys.js'

class Own extends Error {}

const STRENGTH = { pa_rssi_event: { rssi: [{ rssi_val: -61 }] } }
const GOOD = encodeFrame('presence', STRENGTH, { timestamp: '1', customer_id: 'c' })

/** A stream whose key is renewed, and which gets a wrong frame, a good one and the loss of its connection. */
async function eventful(t: TestContext, given: object) {
  const central = await startCentral(t)
  const [old, renewed] = [makeKey('old'), makeKey('new')]
  central.keys.renew(old, renewed)
  const options = { hostname: central.url, topic: 'presence', wsskey: old } as const
  const records = stream({ ...options, ...given })
  t.after(() => records.return())
  const feeding = (async () => {
    const socket = await central.waitForSocket()
    await socket.send(Uint8Array.of(0xff))
    await socket.send(GOOD)
    socket.close(1012)
  })()
  feeding.catch(() => {})
  return records
}

async function readAll(records: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of records);
}

const STATES = ['connecting', 'open', 'retrying'] as const

for (const state of STATES) {
  test(`what onStatus throws at ${state} ends the stream, and comes out of the loop`, async (t) => {
    const thrown = new Own(state)
    const seen: string[] = []
    const onStatus = ({ type }: Status, ...rest: unknown[]) => {
      assert.deepEqual(rest, [])
      seen.push(type)
      if (type === state) throw thrown
    }
    await assert.rejects(readAll(await eventful(t, { onStatus })), (error) => error === thrown)
    assert.equal(seen.at(-1), state, 'none is called after it')
  })
}

for (const name of ['onUndecodable', 'onRenewedKey', 'onLog'] as const) {
  test(`what ${name} throws ends the stream, and comes out of the loop`, async (t) => {
    const thrown = new Own(name)
    let calls = 0
    const callback = () => {
      calls++
      throw thrown
    }
    await assert.rejects(
      readAll(await eventful(t, { [name]: callback })),
      (error) => error === thrown,
    )
    assert.equal(calls, 1)
  })
}

test('what onStatus throws at the end comes out of the loop: of a signal, of break and of return', async (t) => {
  const failsAtEnd = ({ type }: Status) => {
    if (type === 'ended') throw new Own('end')
  }
  const isOwn = (error: unknown) => error instanceof Own

  const stopping = new AbortController()
  const options = { onStatus: failsAtEnd, signal: stopping.signal }
  const bySignal = await eventful(t, options)
  const reading = (async () => {
    for await (const _ of bySignal) stopping.abort()
  })()
  await assert.rejects(reading, isOwn)

  const left = await eventful(t, { onStatus: failsAtEnd })
  const leaving = (async () => {
    for await (const _ of left) break
  })()
  await assert.rejects(leaving, isOwn)

  const returned = await eventful(t, { onStatus: failsAtEnd })
  await returned.next()
  await assert.rejects(returned.return(), isOwn)
  assert.deepEqual(await returned.next(), { value: undefined, done: true })
})

test('a promise of a callback that rejects ends the stream, too, whatever it rejects with', async (t) => {
  const onStatus = async ({ type }: Status) => {
    if (type === 'open') throw undefined
  }
  const records = await eventful(t, { onStatus })
  assert.equal(await readAll(records).then(() => 'ended', String), 'undefined')
})

test('the error of the loop itself is not replaced by that of a callback', async (t) => {
  const onStatus = ({ type }: Status) => {
    if (type === 'ended') throw new Own('end')
  }
  const records = await eventful(t, { onStatus })
  const failing = (async () => {
    for await (const _ of records) throw new Error('of the loop')
  })()
  await assert.rejects(failing, /of the loop/)
})
