import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { breakSockets, feedFrames, feedTraffic } from '../../src/simulator/feed.js'
import { loopFrames, paced, readFrames } from '../../src/simulator/replay-file.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { tempDir } from '../helpers/input.js'
import { openSocket } from './client.js'

const GOLDEN = fileURLToPath(new URL('../fixtures/golden/realistic.jsonl', import.meta.url))

/** Collects what a client of a topic gets, in hex. */
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

async function goldenFrames(topic: string): Promise<string[]> {
  const lines = (await readFile(GOLDEN, 'utf8')).trim().split('\n')
  return lines
    .map((line) => JSON.parse(line))
    .filter((line) => line.topic === topic)
    .map((line) => Buffer.from(line.frame, 'base64').toString('hex'))
}

test('a file of frames is read in order, one topic or all', async () => {
  const read = async (topic?: string) => {
    const frames: string[] = []
    for await (const frame of readFrames(GOLDEN, topic)) {
      frames.push(Buffer.from(frame).toString('hex'))
    }
    return frames
  }
  assert.deepEqual(await read('audit'), await goldenFrames('audit'))
  assert.equal((await read()).length, 120)
})

test('a wrong line is named by its number, a missing file by its path', async (t) => {
  const path = join(await tempDir(t), 'frames.jsonl')
  await writeFile(path, '{"topic":"audit","frame":""}\n\n{"topic":"audit"}\n')
  const drain = async (file: string) => {
    for await (const _ of readFrames(file));
  }
  await assert.rejects(drain(path), { code: 'usage', message: /frames\.jsonl:3: expected/ })
  await assert.rejects(drain(`${path}.gone`), { code: 'usage', message: /cannot be read: ENOENT/ })
})

test('a file is sent again and again, unless it has nothing of the topic', async (t) => {
  const path = join(await tempDir(t), 'frames.jsonl')
  await writeFile(path, '{"topic":"audit","frame":"YQ=="}\n{"topic":"audit","frame":"Yg=="}\n')
  const texts: string[] = []
  for await (const frame of paced(loopFrames(path, 'audit'), { count: 5 })) {
    texts.push(Buffer.from(frame).toString())
  }
  assert.equal(texts.join(''), 'ababa')
  for await (const _ of loopFrames(path, 'apprf')) assert.fail('there is no such frame')
})

test('a pace is kept, and ends with its signal', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const frames = [1, 2, 3, 4, 5].map((byte) => Uint8Array.of(byte))
  const takenAtMs: number[] = []
  const taking = (async () => {
    for await (const _ of paced(frames, { rate: 100, signal: stop.signal }, clock)) {
      takenAtMs.push(clock.elapsed())
    }
  })()
  for (const already of [1, 2, 3]) {
    await until(() => takenAtMs.length === already && clock.timers === 1)
    clock.advance(10)
  }
  await until(() => takenAtMs.length === 4 && clock.timers === 1)
  stop.abort()
  await taking
  assert.deepEqual(takenAtMs, [0, 10, 20, 30])
  assert.equal(clock.timers, 0)
})

test('each new socket gets the frames of its topic, from the first on', async (t) => {
  const central = await startCentral(t)
  feedFrames(central, GOLDEN, {}, assert.ifError)
  for (const topic of ['monitoring', 'audit', 'monitoring']) {
    const { frames, client, take } = subscribe(central, topic)
    await take(20)
    client.close()
    await once(client, 'close')
    assert.deepEqual(frames, await goldenFrames(topic))
  }
})

test('subscribers of one customer get the same traffic, those of another theirs', async (t) => {
  const central = await startCentral(t)
  const stop = new AbortController()
  t.after(() => stop.abort())
  feedTraffic(central, { rate: 500, signal: stop.signal })
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

test('traffic ends on each socket after the count', async (t) => {
  const central = await startCentral(t)
  const stop = new AbortController()
  t.after(() => stop.abort())
  feedTraffic(central, { rate: 1_000, signal: stop.signal, count: 3 })
  const first = subscribe(central, 'audit')
  await first.take(3)
  const later = subscribe(central, 'audit')
  await later.take(3)
  assert.deepEqual([first.frames.length, later.frames.length], [3, 3])
})

test('a slow reader holds traffic up instead of growing it', async (t) => {
  const central = await startCentral(t)
  const stop = new AbortController()
  t.after(() => stop.abort())
  const { client } = subscribe(central, 'monitoring')
  const socket = await central.nextSocket()
  await once(client, 'open')
  client.pause()
  // Fills what the kernel holds for this reader.
  const filled = socket.sendAll(
    (function* () {
      while (socket.bufferedBytes === 0) yield Buffer.alloc(64 * 1024)
    })(),
  )
  while (socket.bufferedBytes === 0) await new Promise(setImmediate)
  feedTraffic(central, { rate: 100_000, signal: stop.signal })
  central.opened.announce(socket)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.ok(socket.sent < 3_000 && socket.bufferedBytes < 16 * 1024 * 1024)
  socket.reset()
  await filled
})

test('sockets break in every way', async (t) => {
  const central = await startCentral(t)
  const stop = new AbortController()
  t.after(() => stop.abort())
  const chances = [0, 1, 2, 3, 4, 5].flatMap((way) => [0, 0.9, (way + 0.5) / 6])
  breakSockets(central, 30, stop.signal, () => chances.shift() ?? 0.5)
  const codes: number[] = []
  for (const _ of [1, 2, 3, 4, 5, 6]) {
    const client = openSocket(central, { Authorization: 'key', Topic: 'audit' })
    const socket = await central.nextSocket()
    const closed = once(client, 'close')
    while (socket.open) await new Promise(setImmediate)
    if (socket.frozen) client.terminate()
    codes.push((await closed)[0])
  }
  assert.deepEqual(codes, [1006, 1006, 1006, 1001, 1012, 4000])
})
