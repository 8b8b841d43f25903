/**
 * What each output carries, with a real other side in a process of its own: messages a second, and the CPU
 * time that this process takes for a million. The messages are the realistic golden frames, decoded before.
 * NATS is measured with one entry and 1 ms of delay, too: one message at a time, and many on their way.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once, setMaxListeners } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDecoders } from '../src/classic/record.js'
import { TOPICS, type Topic } from '../src/classic/topics.js'
import { systemClock } from '../src/clock.js'
import { OpenFiles } from '../src/files/distinct-files.js'
import { loggerTo } from '../src/log.js'
import { openNats } from '../src/outputs/nats.js'
import { openOutput } from '../src/outputs/open-output.js'
import type { Output, OutputContext } from '../src/outputs/output.js'
import type { StreamMessage } from '../src/service.js'
import { noKafkaBroker, prepareKafkaBroker } from '../test/helpers/kafka-broker.js'
import { noNatsServer, startNatsServer } from '../test/helpers/nats-server.js'
import { noPostgres, startPostgres } from '../test/helpers/postgres-server.js'
import { print, rate } from './figures.js'

const ENTRIES = 20
const MESSAGES = 40_000
/** With one message a round trip, more would take minutes. */
const DELAYED_MESSAGES = 3_000
const DELAY_MS = 1
/** What comes in one turn of an entry. */
const TURN = 10

const GOLDEN = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
type Opening = (context: OutputContext) => Promise<Output>

/** Measures and prints two tables. */
export async function benchOutputs(): Promise<void> {
  const cleanups: (() => unknown)[] = []
  const t = { after: (work: () => unknown) => void cleanups.push(work) } as unknown as TestContext
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const receiver = async (script: string) => {
    const path = fileURLToPath(new URL(`../test/helpers/${script}`, import.meta.url))
    return startProcess(t, path, '0', join(folder, script))
  }
  try {
    const rows: string[][] = []
    const measureAll = async (name: string, open: Opening) => {
      rows.push([name, ...(await measure(open, messagesOf(ENTRIES, MESSAGES)))])
    }
    const type =
      (text: string): Opening =>
      (context) =>
        openOutput(text, context)
    await measureAll('json', type(`json:${folder}/out.ndjson`))
    await measureAll('csv', type(`csv:${folder}/csv`))
    await measureAll('tcp', type(`tcp://127.0.0.1:${await receiver('tcp-receiver.mjs')}`))
    await measureAll('http', type(`http://127.0.0.1:${await receiver('http-receiver.mjs')}/`))
    const delayed: string[][] = []
    if (!noNatsServer) {
      const { port } = await startNatsServer(t)
      await measureAll('nats', type(`nats://127.0.0.1:${port}/bench?stream=S`))
      const path = fileURLToPath(new URL('delay-proxy.mjs', import.meta.url))
      const slow = await startProcess(t, path, String(port), String(DELAY_MS))
      for (const [name, pipeline] of [
        ['one message at a time', 1],
        ['many on their way', undefined],
      ] as const) {
        const target = `nats://127.0.0.1:${slow}/slow${pipeline ?? ''}?stream=SLOW${pipeline ?? ''}`
        const open: Opening = (context) => openNats(target, context, pipeline)
        delayed.push([name, ...(await measure(open, messagesOf(1, DELAYED_MESSAGES)))])
      }
    }
    if (!noKafkaBroker) {
      const broker = await prepareKafkaBroker(t)
      await broker.start()
      for (const topic of TOPICS) await broker.createTopic(`bench.${topic}`)
      await measureAll('kafka', type(`kafka://127.0.0.1:${broker.port}/bench`))
    }
    if (!noPostgres) {
      const server = await startPostgres(t)
      await server.createDatabase('bench')
      await measureAll('postgres', type(`postgres://postgres@127.0.0.1:${server.port}/bench`))
    }
    const headings = ['messages/s', 'CPU s a million']
    print(`outputs, ${ENTRIES} entries, ${MESSAGES} messages`, ['output', ...headings], rows)
    print(`nats, 1 entry, ${DELAY_MS} ms of delay`, ['', ...headings], delayed)
  } finally {
    for (const cleanup of cleanups) await cleanup()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(open: Opening, messages: StreamMessage[][]): Promise<string[]> {
  const context = contextOf()
  const output = await open(context)
  const cpuBefore = process.cpuUsage()
  const startMs = performance.now()
  await Promise.all(
    messages.map(async (own) => {
      for (let at = 0; at < own.length; at += TURN) await output.write(own.slice(at, at + TURN))
    }),
  )
  while (context.counters.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  const seconds = (performance.now() - startMs) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  await output.close()
  const total = messages.flat().length
  const { delivered } = context.counters
  if (delivered !== total) throw new Error(`${delivered} of ${total} messages were delivered`)
  return [rate(total / seconds), ((user + system) / total).toFixed(1)]
}

/** For each entry its messages, each with a frame and a timestamp of its own. */
function messagesOf(entries: number, total: number): StreamMessage[][] {
  const golden = readFileSync(GOLDEN, 'utf8').trimEnd().split('\n')
  const frames = golden.map((line): { topic: Topic; frame: string } => JSON.parse(line))
  const log = loggerTo(() => {})
  const decoders = createDecoders({ protoDir: undefined, readable: true, log })
  decoders.load(TOPICS)
  return Array.from({ length: entries }, (_, entry) => {
    const topic = TOPICS[entry % TOPICS.length] ?? 'presence'
    const name = `Customer${entry}_${topic}`
    const decoder = decoders.of({ name, topic })
    const decoded = frames
      .filter((each) => each.topic === topic)
      .map(({ frame }) => {
        const bytes = Buffer.from(frame, 'base64')
        const { record, line } = decoder.decode({ bytes, text: false, receivedAt: 0 }, 'line')
        return { bytes, record, line }
      })
    return Array.from({ length: total / entries }, (_, n): StreamMessage => {
      const { bytes, record, line } = decoded[n % decoded.length] ?? decoded[0] ?? fail()
      const number = Buffer.alloc(8)
      number.writeDoubleBE(n + 1)
      const frame = Buffer.concat([bytes, number])
      const at = { receivedAt: Date.now(), timestamp: BigInt(n) * 1_000_000n }
      const message = { customer: name, label: name, topic, frame, record, line, ...at }
      return { ...message, identity: undefined, part: 1 }
    })
  })
}

function fail(): never {
  throw new Error('there are no golden frames of a topic')
}

function contextOf(): OutputContext {
  const never = new AbortController().signal
  setMaxListeners(0, never)
  return {
    log: loggerTo(() => {}),
    counters: { delivered: 0, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
    state: { up: true, since: 0, lastError: undefined },
    topics: TOPICS,
    topicsUncertain: false,
    protoDir: undefined,
    readable: true,
    env: {},
    cwd: process.cwd(),
    clock: systemClock,
    random: Math.random,
    openFiles: new OpenFiles(),
    stopping: never,
    holdOver: never,
    graceOver: never,
    overdue: never,
    forced: never,
    giveUp(_, error) {
      throw error
    },
  }
}

/** Starts a script that prints its port. */
async function startProcess(t: TestContext, script: string, ...args: string[]): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [port] = await once(child.stdout ?? fail(), 'data')
  return String(port).trim()
}
