import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/clock.js'
import { createLogger } from '../../src/log.js'
import { breakSockets } from '../../src/simulator/faults.js'
import { feedRecording, feedTraffic, pace, START_MS } from '../../src/simulator/feed.js'
import { classicTraffic } from '../../src/simulator/traffic.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { goldenFrames, goldenRecording } from '../helpers/golden.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { openSocket, refusal, standsStill } from './client.js'
import { eventFrame, subscribe as subscribeTo, tokenOf } from './newcentral-client.js'

/** A client of a topic, and what it receives, in hex. */
function subscribe(central: { url: string }, topic: string, key = 'key') {
  const client = openSocket(central, { Authorization: key, Topic: topic })
  const frames: string[] = []
  client.on('message', (data: Buffer) => frames.push(data.toString('hex')))
  return {
    client,
    frames,
    async take(count: number): Promise<string[]> {
      while (frames.length < count) await once(client, 'message')
      return frames.slice(0, count)
    },
  }
}

/** A signal that ends traffic with the test. */
function signalOf(t: TestContext): AbortSignal {
  const stop = new AbortController()
  t.after(() => stop.abort())
  return stop.signal
}

function traffic() {
  return classicTraffic(systemClock)
}

/** A Central that sends a recording, and the log of that. */
async function startRecording(
  t: TestContext,
  content: string,
  options: { readonly loop?: boolean; readonly count?: number } = {},
) {
  const path = join(tempFolder(t), 'frames.jsonl')
  await writeFile(path, content)
  const central = await startCentral(t)
  const logged: string[] = []
  const log = createLogger({ write: (line) => logged.push(line) })
  const given = { loop: false, rate: 0, signal: signalOf(t), clock: systemClock, log, ...options }
  feedRecording(central, path, given)
  return { central, logged, path }
}

function recordedLine(topic: string, text: string): string {
  const frame = Buffer.from(text).toString('base64')
  return `${JSON.stringify({ received: '2026-01-01T00:00:00Z', customer: 'A', topic, frame })}\n`
}

test('each new socket gets the recorded frames of its topic, from the first one on', async (t) => {
  const { central, logged } = await startRecording(t, goldenRecording(120))
  for (const topic of ['monitoring', 'audit', 'monitoring']) {
    const { frames, client, take } = subscribe(central, topic)
    await take(20)
    client.close()
    await once(client, 'close')
    const expected = goldenFrames(topic).map((frame) => frame.toString('hex'))
    assert.deepEqual(frames, expected)
  }
  assert.deepEqual(logged, [])
})

test('a recording is sent again and again, up to the count of each socket', async (t) => {
  const recording = recordedLine('audit', 'a') + recordedLine('audit', 'b')
  const { central } = await startRecording(t, recording, { loop: true, count: 5 })
  for (const _ of [1, 2]) {
    const { frames, take } = subscribe(central, 'audit')
    const socket = await central.nextSocket()
    await take(5)
    assert.equal(Buffer.from(frames.join(''), 'hex').toString(), 'ababa')
    await socket.send(Buffer.from('.'))
    assert.equal((await take(6)).at(-1), '2e')
  }
})

test('a socket whose topic has no recorded frame gets none, however often it is sent', async (t) => {
  const { central } = await startRecording(t, recordedLine('audit', 'a'), { loop: true })
  const other = subscribe(central, 'apprf')
  await once(other.client, 'open')
  await subscribe(central, 'audit').take(100)
  assert.deepEqual(other.frames, [])
})

test('a recording without a pace stands still while no socket can be sent to', async (t) => {
  const { central } = await startRecording(t, recordedLine('wids', String(eventFrame('a'))), {
    loop: true,
  })
  await subscribeTo(central, 'wids', { token: await tokenOf(central) })
  const [socket] = central.sockets
  await until(() => (socket?.flushed ?? 0) > 20)
  socket?.freeze()
  // Time enough for thousands of frames.
  for (let turn = 0; turn < 2000; turn += 1) await new Promise(setImmediate)
  // At most what was under way.
  const { queued } = central.newCentral.account.counts()
  assert.ok(queued <= 1, `${queued} wait`)
})

test('a wrong line of a recording is skipped, and logged once for all sockets', async (t) => {
  const recording = `${recordedLine('audit', 'a')}\n{"topic":"audit"}\n${recordedLine('audit', 'b')}`
  const { central, logged, path } = await startRecording(t, recording)
  for (const _ of [1, 2]) {
    const { frames, take } = subscribe(central, 'audit')
    await take(2)
    assert.equal(Buffer.from(frames.join(''), 'hex').toString(), 'ab')
  }
  assert.equal(logged.length, 1)
  assert.ok(logged[0]?.includes(`${path}, line 3: `))
})

test('frames are due at a steady pace that ends with its signal', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const due = pace({ rate: 100, signal: stop.signal, clock })
  const dueAtMs: number[] = []
  const running = (async () => {
    while (await due()) dueAtMs.push(clock.elapsed())
  })()
  for (const already of [1, 2, 3]) {
    await until(() => dueAtMs.length === already && clock.timers === 1)
    clock.advance(10)
  }
  await until(() => dueAtMs.length === 4 && clock.timers === 1)
  stop.abort()
  await running
  assert.deepEqual(dueAtMs, [0, 10, 20, 30])
  assert.equal(clock.timers, 0)
})

test('a short delay is caught up with, a long one is not', async (t) => {
  const clock = new FakeClock()
  const due = pace({ rate: 100, signal: signalOf(t), clock })
  /** Frames that are due without a wait. */
  const atOnce = async () => {
    for (let count = 0; ; count += 1) {
      const next = due()
      await new Promise(setImmediate)
      if (clock.timers === 0) continue
      clock.advance(10)
      await next
      return count
    }
  }
  assert.equal(await atOnce(), 1)
  clock.advance(500)
  assert.equal(await atOnce(), 50)
  clock.advance(60_000)
  assert.equal(await atOnce(), 1)
})

test('all subscribers of a customer get the same traffic, other customers get other traffic', async (t) => {
  const central = await startCentral(t)
  feedTraffic(central, traffic(), { rate: 500, signal: signalOf(t), clock: systemClock })
  const first = subscribe(central, 'presence', 'ann')
  const other = subscribe(central, 'presence', 'bob')
  await first.take(3)
  const second = subscribe(central, 'presence', 'ann')
  const shared = await second.take(5)
  while (!first.frames.includes(shared[4] ?? '')) await once(first.client, 'message')
  const begin = first.frames.indexOf(shared[0] ?? '')
  assert.ok(begin >= 3)
  assert.deepEqual(first.frames.slice(begin, begin + 5), shared)
  for (const frame of await other.take(5)) assert.ok(!first.frames.includes(frame))
})

test('a subscriber that leaves at once, as check does, does not take the first message', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  let made = 0
  const nextFrame = () => Buffer.from([++made])
  feedTraffic(central, nextFrame, { rate: 1, signal: signalOf(t), clock })
  const opened = central.nextSocket()
  const { client } = subscribe(central, 'monitoring')
  const left = await opened
  client.close()
  await left.ended
  clock.advance(START_MS)
  await until(() => clock.timers === 0)
  const { take } = subscribe(central, 'monitoring')
  await until(() => clock.timers === 1)
  clock.advance(START_MS)
  assert.deepEqual(await take(1), ['01'])
  assert.equal(left.sent, 0)
})

test('each socket gets its count of messages, then no more', async (t) => {
  const central = await startCentral(t)
  const options = { rate: 1_000, signal: signalOf(t), count: 3, clock: systemClock }
  feedTraffic(central, traffic(), options)
  const first = subscribe(central, 'audit')
  await first.take(3)
  const later = subscribe(central, 'audit')
  await later.take(3)
  assert.deepEqual([first.frames.length, later.frames.length], [3, 3])
})

test('a slow reader delays traffic instead of filling the memory', async (t) => {
  const central = await startCentral(t)
  const { client } = subscribe(central, 'monitoring')
  const socket = await central.nextSocket()
  await once(client, 'open')
  client.pause()
  // Fills what the kernel holds for this reader.
  let filling = true
  let fillers = 0
  const filled = socket.sendAll(
    (function* () {
      for (; filling; fillers += 1) yield Buffer.alloc(64 * 1024)
    })(),
  )
  await standsStill(() => fillers)
  filling = false
  let made = 0
  const clock = new FakeClock()
  const nextFrame = () => {
    made += 1
    return Buffer.alloc(1024)
  }
  feedTraffic(central, nextFrame, { rate: 1_000, signal: signalOf(t), clock })
  central.emit('opened', socket)
  clock.advance(START_MS)
  await until(() => made === 1)
  for (let turn = 0; turn < 100; turn += 1) {
    clock.advance(10)
    await new Promise(setImmediate)
  }
  assert.equal(made, 1)
  client.resume()
  await until(() => made > 100)
  socket.reset()
  await filled
})

test('sockets break in every way', async (t) => {
  const central = await startCentral(t)
  const chances = [0, 1, 2, 3, 4, 5].flatMap((way) => [0, 0.9, (way + 0.5) / 6])
  breakSockets(central, {
    meanSeconds: 30,
    signal: signalOf(t),
    clock: systemClock,
    random: () => chances.shift() ?? 0.5,
  })
  const codes: number[] = []
  for (const _ of [1, 2, 3, 4, 5, 6]) {
    const client = openSocket(central, { Authorization: 'key', Topic: 'audit' })
    const socket = await central.nextSocket()
    // Also where its handshake, which is not over yet on its side, fails.
    const closed = new Promise<number>((resolve) => client.on('close', resolve))
    await until(() => !socket.open)
    if (socket.frozen) client.terminate()
    codes.push(await closed)
  }
  assert.deepEqual(codes, [1006, 1006, 1006, 1001, 1012, 4000])
})

test('some breaks make the next handshake fail, and a frozen socket is reset in the end', async (t) => {
  const central = await startCentral(t)
  const clock = new FakeClock()
  const chances = [0.5, 0.1, 2.5 / 6]
  const random = () => chances.shift() ?? 0.5
  breakSockets(central, { meanSeconds: 30, signal: signalOf(t), clock, random })
  const headers = { Authorization: 'key', Topic: 'audit' }
  openSocket(central, headers)
  const socket = await central.nextSocket()
  assert.equal(clock.timers, 1)
  clock.advance(30_000)
  await until(() => socket.frozen && clock.timers === 1)
  const { status } = await refusal(central, headers)
  assert.equal(status, 503)
  clock.advance(120_000)
  await socket.ended
})
