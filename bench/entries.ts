/**
 * Many entries in one process: how long until all are open, what they cost while idle, how fast one
 * of them can be, and how long until all are shut down.
 *
 *     node --import tsx bench/entries.ts [ENTRIES] [IDLE_SECONDS]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { createGate } from '../src/connection/gate.js'
import { subscribe } from '../src/connection/subscribe.js'
import { parseHost } from '../src/host.js'
import { Secret } from '../src/secret.js'
import type { Command } from './central.js'

const [entries = 1000, idleSeconds = 60] = process.argv.slice(2).map(Number)
const FRAMES = 500_000
const FRAME_BYTES = 300

const central = fork(new URL('./central.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
const [{ url }] = (await once(central, 'message')) as [{ url: string }]

const secret = new Secret('bench')
const key = { current: () => secret, afterUnauthorized: async () => secret }
const print = (line: string) => process.stdout.write(`${line}\n`)
const megabytes = () => Math.round(process.memoryUsage().rss / 1e6)

/** Subscribes so many times; resolves when all are open. */
async function open(count: number) {
  const gate = createGate()
  const stop = new AbortController()
  let opened = 0
  let frames = 0
  let onFrames = (_: number) => {}
  let onOpen = () => {}
  const allOpen = new Promise<void>((resolve) => {
    onOpen = () => {
      if (++opened === count) resolve()
    }
  })
  const reading = Array.from({ length: count }, async () => {
    const subscription = subscribe({
      entry: { topic: 'monitoring', username: 'bench', host: parseHost(url) },
      key,
      userAgent: 'aruba-stream/bench',
      gate,
      signal: stop.signal,
      onStatus: ({ type }) => {
        if (type === 'open') onOpen()
      },
    })
    for await (const _ of subscription) onFrames(++frames)
  })
  await allOpen
  return {
    stop: async () => {
      stop.abort()
      await Promise.all(reading)
    },
    received: (target: number) =>
      new Promise<void>((resolve) => {
        frames = 0
        onFrames = (count) => {
          if (count === target) resolve()
        }
      }),
  }
}
const before = performance.now()
const many = await open(entries)
print(`${entries} entries open after ${((performance.now() - before) / 1000).toFixed(1)} s`)

const cpuBefore = process.cpuUsage()
await wait(idleSeconds * 1000)
const cpu = process.cpuUsage(cpuBefore)
const percent = (cpu.user + cpu.system) / 1e4 / idleSeconds
print(`idle for ${idleSeconds} s: ${percent.toFixed(2)} % of a core, ${megabytes()} MB resident`)

const stopping = performance.now()
await many.stop()
print(`all shut down after ${((performance.now() - stopping) / 1000).toFixed(2)} s`)

const one = await open(1)
const received = one.received(FRAMES)
const cpuStart = process.cpuUsage()
const start = performance.now()
central.send({ frames: FRAMES, bytes: FRAME_BYTES } satisfies Command)
await received
const seconds = (performance.now() - start) / 1000
const used = process.cpuUsage(cpuStart)
const perFrame = (used.user + used.system) / FRAMES
print(
  `one entry: ${Math.round(FRAMES / seconds)} frames/s of ${FRAME_BYTES} bytes, ${perFrame.toFixed(1)} µs of CPU each`,
)
await one.stop()
central.disconnect()
