import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { leaksIn } from '../helpers/keys.js'
import { entryOf, type Printed, startStream } from '../helpers/stream.js'

/** 200000 take about ten times as long as the default. */
const FRAMES = Number(process.env.ARUBA_STREAM_FRAMES ?? 40_000)
const FRAME_BYTES = 400
const BYTES_PER_SECOND = 10_000_000
const MOST_KIB = 150 * 1024
const TOPICS = ['audit', 'apprf', 'location', 'presence'] as const

/** Frames that carry their number in place of the time. */
function* numbered(count: number): Generator<Uint8Array> {
  for (let number = 1; number <= count; number += 1) {
    const fields = { timestamp: String(number), customer_id: 'x'.repeat(FRAME_BYTES - 30) }
    yield encodeFrame('audit', {}, fields)
  }
}

/** Reads no faster than 10 MB/s. */
async function* slowly(stdout: Readable): AsyncGenerator<Buffer> {
  const startedAtMs = performance.now()
  let bytes = 0
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length
    yield chunk
    const aheadMs = (bytes / BYTES_PER_SECOND) * 1000 - (performance.now() - startedAtMs)
    if (aheadMs > 5) await sleep(aheadMs)
  }
}

/** The most memory that a process has had, KiB. */
function peakKiB(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1])
}

const onLinux = { skip: existsSync('/proc/self/status') ? false : 'there is no /proc here' }

test('a slow reader costs time, no memory and not one frame', onLinux, async (t) => {
  const central = await startCentral(t)
  const input = Object.fromEntries(TOPICS.map((topic) => [topic, entryOf(topic)]))
  const args = ['--decode_data', '--no_reconnect', '--log_level', 'warn']
  const program = await startStream(t, central, args, { input, collectStdout: false })
  const sockets = await Promise.all(TOPICS.map((topic) => central.waitForSocket({ topic })))
  const startedAtMs = performance.now()
  const each = FRAMES / TOPICS.length
  const sending = sockets.map(async (socket) => {
    assert.equal(await socket.sendAll(numbered(each)), each)
  })

  const { stdout, pid } = program.child
  assert.ok(stdout)
  const last = new Map<string, number>()
  let lines = 0
  let peak = 0
  for await (const line of createInterface({ input: Readable.from(slowly(stdout)) })) {
    const { customer, timestamp } = JSON.parse(line) as Printed
    // In order, none missing, none twice.
    assert.equal(Number(timestamp), (last.get(customer) ?? 0) + 1)
    last.set(customer, Number(timestamp))
    lines += 1
    if (lines === 1) assert.deepEqual(leaksIn(line), [])
    if (lines % 1000 === 0) peak = peakKiB(pid)
    if (lines === FRAMES) for (const socket of sockets) socket.close(1000)
  }
  const seconds = (performance.now() - startedAtMs) / 1000
  await Promise.all(sending)
  assert.equal(lines, FRAMES)
  assert.equal((await program.result).code, 0)
  t.diagnostic(`${lines} frames in ${seconds.toFixed(1)} s, ${Math.round(peak / 1024)} MiB at most`)
  assert.ok(peak > 0 && peak < MOST_KIB, `${peak} KiB`)
})
