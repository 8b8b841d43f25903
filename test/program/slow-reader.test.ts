import assert from 'node:assert/strict'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { startCentral } from '../helpers/central.js'
import { leaksIn } from '../helpers/keys.js'
import { sized } from '../helpers/settings.js'
import { entryOf, type Printed, startStream } from '../helpers/stream.js'

const TOPICS = ['audit', 'apprf', 'location', 'presence'] as const
const FRAMES = sized(20_000, 200_000)
const FRAME_BYTES = 4_000
/** The buffers of four connections in the kernel; the program itself holds little. */
const MOST_HELD_BYTES = 60_000_000
/** The reader stands still so many times. */
const STOPS = 4
const STILL_MS = 200

/** Frames that carry their number in place of the time. */
function* numbered(count: number): Generator<Uint8Array> {
  for (let number = 1; number <= count; number += 1) {
    const fields = { timestamp: String(number), customer_id: 'x'.repeat(FRAME_BYTES - 30) }
    yield encodeFrame('audit', {}, fields)
  }
}

const taken = (sockets: readonly CentralSocket[]) =>
  sockets.reduce((sum, { flushed }) => sum + flushed, 0)

/** Waits until no more frames are taken from the server; returns how many have been. */
async function standstill(sockets: readonly CentralSocket[]): Promise<number> {
  for (let before = -1; before !== taken(sockets); await sleep(STILL_MS)) before = taken(sockets)
  return taken(sockets)
}

test('a reader that stands still holds up the server, and costs not one frame', async (t) => {
  const central = await startCentral(t)
  const input = Object.fromEntries(TOPICS.map((topic) => [topic, entryOf(topic)]))
  const args = ['--decode_data', '--no_reconnect', '--log_level', 'warn']
  const program = await startStream(t, central, args, { input, collectStdout: false })
  const sockets = await Promise.all(TOPICS.map((topic) => central.waitForSocket({ topic })))
  const each = FRAMES / TOPICS.length
  const sending = sockets.map(async (socket) => {
    assert.equal(await socket.sendAll(numbered(each)), each)
  })

  const { stdout } = program.child
  assert.ok(stdout)
  const last = new Map<string, number>()
  let lines = 0
  for await (const line of createInterface({ input: stdout })) {
    const { customer, timestamp } = JSON.parse(line) as Printed
    // In order, none missing, none twice.
    assert.equal(Number(timestamp), (last.get(customer) ?? 0) + 1)
    last.set(customer, Number(timestamp))
    if (lines === 0) assert.deepEqual(leaksIn(line), [])
    if (lines % Math.floor(FRAMES / STOPS) === 0) {
      const held = (await standstill(sockets)) - lines
      assert.ok(held * FRAME_BYTES < MOST_HELD_BYTES, `${held} frames are held`)
    }
    lines += 1
    if (lines === FRAMES) for (const socket of sockets) socket.close(1000)
  }
  await Promise.all(sending)
  assert.equal(lines, FRAMES)
  assert.equal((await program.result).code, 0)
})
