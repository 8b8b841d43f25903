// `node --import tsx scripts/soak.ts [SECONDS]` (default: 7200): the built program with 40 entries of both
// services, under breaks, ends of tokens, renewals of keys, restarts of a receiver, and reloads. It prints
// the account at the end: what is missing, and how memory and descriptors went. Exit code 1: not as it should be.
import { mkdirSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCentral } from '../src/simulator/central.js'
import { closedPort } from '../test/helpers/central.js'
import { until } from '../test/helpers/clock.js'
import { noNatsServer, startNatsServer } from '../test/helpers/nats-server.js'
import { seededRandom } from '../test/helpers/random.js'
import { startRoughReceiver } from '../test/helpers/rough-receiver.js'
import {
  inputOf,
  makeCustomers,
  makeEntries,
  makeGuest,
  type SoakEntry,
  secretsOf,
} from './soak/entries.js'
import { periodsOf } from './soak/periods.js'
import { copyProgram, SoakProgram } from './soak/program.js'
import { Records } from './soak/records.js'
import { Traffic } from './soak/traffic.js'
import { judgeByService } from './soak/verdict.js'
import { descriptorsOf, Metrics, memoryOf, Parts, processorOf, round } from './soak/watch.js'

const TROUBLE_SHARE = 0.02
const STREAM = { name: 'SOAK', subjects: ['soak.>'], max_bytes: 64 * 1024 * 1024 }
const SAMPLE_MS = 2000
const METRICS_MS = 10_000
const START_MS = 8000
/** The pages of metrics are up to a second old. */
const STALE_MS = 2000
/** The program ends within this time, or is killed. */
const END_MS = 60_000

const seconds = Number(process.argv[2] ?? 7200)
const periods = periodsOf(seconds)
const random = seededRandom(40)
const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort())
process.once('SIGTERM', () => stopping.abort())

const cleanups: (() => unknown)[] = []
const t: Pick<TestContext, 'after'> = {
  after: (work) => void cleanups.push(work as () => unknown),
}
const folder = await mkdtemp(join(tmpdir(), 'aruba-stream-soak-'))
mkdirSync(join(folder, 'records'))
const records = new Records(join(folder, 'records'))
const customers = makeCustomers()
const guest = makeGuest()
const central = await startCentral({
  keys: [guest.customer, ...customers].map(({ key }) => key),
  newCentral: { expires_in: Math.round(periods.token / 1000) },
  random,
})
const entries = makeEntries(central, customers)
const input = join(folder, 'input.json')
/** Replaces the input file at once: the program may read it at any time. */
async function writeInput(all: readonly SoakEntry[]): Promise<void> {
  await writeFile(`${input}.new`, inputOf(central, all), { mode: 0o600 })
  await rename(`${input}.new`, input)
}
await writeInput(entries)
/** How many customers have their newest key in the input file. */
async function savedKeys(): Promise<number> {
  const text = await readFile(input, 'utf8')
  return customers.filter(({ key }) => text.includes(key)).length
}
const receiver = await startRoughReceiver(random, TROUBLE_SHARE)
const nats = noNatsServer ? undefined : await startNatsServer(t)
if (nats) await (await nats.manager()).streams.add(STREAM)
const metricsPort = await closedPort()
const metrics = new Metrics(metricsPort)

const outputs = [
  `json:${records.rotation.path}`,
  receiver.url,
  ...(nats ? [`nats://127.0.0.1:${nats.port}/soak`] : []),
]
const program = new SoakProgram(
  copyProgram(join(folder, 'program')),
  [
    ...['--hostname', central.url, '--jsoninput', input, '--metrics', String(metricsPort)],
    ...outputs.flatMap((output) => ['--export_data', output]),
  ],
  () => secretsOf([guest.customer, ...customers]),
)
program.ended.then(() => stopping.abort())

const memory = { program: new Parts(), heap: new Parts(), script: new Parts() }
const moments: Record<string, unknown> = {}
const faults: string[] = []
const counts = { restarts: 0, reloads: 0 }
const startMs = performance.now()
const elapsed = () => (performance.now() - startMs) / 1000

/** What the program holds at a moment. */
async function look(name: string): Promise<void> {
  const figures = await metrics.read()
  moments[name] = {
    seconds: round(elapsed()),
    connections: central.connections.open,
    descriptors: await descriptorsOf(program.pid),
    resources: figures.resources,
    megabytes: round(await memoryOf(program.pid)),
    processorSeconds: round(await processorOf(program.pid)),
  }
}

async function sample(): Promise<void> {
  const done = elapsed() / seconds
  memory.program.add(done, await memoryOf(program.pid))
  memory.script.add(done, await memoryOf(process.pid))
}

async function sampleHeap(): Promise<void> {
  const figures = await metrics.read()
  memory.heap.add(elapsed() / seconds, figures.sum('nodejs_heap_size_used_bytes') / 2 ** 20)
}

type Job = { readonly everyMs: number; readonly work: () => Promise<void> | void; dueMs: number }

/** Does what is due until the time is over; one job does not wait for another. */
async function work(jobs: readonly Job[], untilMs: number): Promise<void> {
  const busy = new Map<Job, Promise<void>>()
  while (performance.now() - startMs < untilMs && !stopping.signal.aborted) {
    for (const job of jobs) {
      if (busy.has(job) || performance.now() - startMs < job.dueMs) continue
      job.dueMs += job.everyMs
      const done = Promise.resolve(job.work())
        .catch((error) => void faults.push(String(error)))
        .finally(() => busy.delete(job))
      busy.set(job, done)
    }
    await sleep(100)
  }
  await Promise.all(busy.values())
}

const every = (everyMs: number, work: Job['work'], dueMs = everyMs): Job => ({
  ...{ everyMs, work, dueMs },
})
const once = (dueMs: number, work: Job['work']) => every(Number.POSITIVE_INFINITY, work, dueMs)

try {
  await until(() => central.sockets.length === entries.length || program.hasEnded)
  const traffic = new Traffic({ central, entries, customers, periods, random })
  const sent = new AbortController()
  const sending = traffic.run(sent.signal)
  const watching = [
    every(SAMPLE_MS, sample),
    every(METRICS_MS, sampleHeap),
    every((seconds / 16) * 1000, () => {
      const megabytes = memory.program.mean.filter((each) => each > 0)
      const line = { seconds: round(elapsed()), count: traffic.count, megabytes, faults }
      process.stderr.write(`${JSON.stringify(line)}\n`)
    }),
  ]
  const rough = [
    once(Math.min(START_MS, (seconds * 1000) / 16), () => look('start')),
    once((seconds * 1000) / 8, () => look('eighth')),
    every(periods.token, () => traffic.changeServer()),
    every(periods.renewal, () => traffic.renewKey()),
    every(periods.restart, () => {
      counts.restarts += 1
      return receiver.restart(periods.down * (0.2 + 0.8 * random()))
    }),
    every(periods.reload, async () => {
      counts.reloads += 1
      // An entry whose key is new to the program would begin again, and its counters with it.
      await until(async () => (await savedKeys()) === customers.length)
      await writeInput(counts.reloads % 2 === 1 ? [...entries, guest] : entries)
      await records.rotate(() => program.kill('SIGHUP'))
    }),
  ]
  await work([...watching, ...rough], seconds * 1000 - periods.calm)
  traffic.calm()
  receiver.calm()
  await work(watching, seconds * 1000)
  sent.abort()
  await sending
  await until(() => traffic.isWhole || program.hasEnded)
  traffic.settle()
  await until(
    async () => program.hasEnded || (await metrics.read()).sum('aruba_stream_export_waiting') === 0,
  )
  await sleep(STALE_MS)
  if (!program.hasEnded) await look('end')
  const last = program.hasEnded ? undefined : await metrics.read()
  const said = (name: string) => last?.sum(`aruba_stream_${name}`) ?? -1

  const stoppedMs = performance.now()
  program.kill('SIGTERM')
  const timer = setTimeout(() => program.kill('SIGKILL'), END_MS)
  const [code] = await program.ended
  clearTimeout(timer)
  const endSeconds = round((performance.now() - stoppedMs) / 1000)
  await records.finish()
  const verdict = judgeByService(traffic, records.numbers, receiver)
  const stream = nats && (await (await nats.manager()).streams.info(STREAM.name))
  const figures = {
    ...{ seconds, code, endSeconds },
    happened: {
      ...traffic.figures,
      gapSeconds: round(traffic.figures.gapSeconds),
      ...counts,
      batches: receiver.done,
      files: records.files,
    },
    ...verdict,
    ...(stream && { nats: { stored: stream.state.last_seq } }),
    program: {
      messages: said('messages_total'),
      undecodable: said('undecodable_total'),
      reconnects: said('reconnects_total'),
      gapSeconds: round(said('gap_seconds_total')),
      repeats: said('repeats_total'),
      retries: said('export_retries_total'),
      givenUp: said('export_given_up_total'),
      savedKeys: await savedKeys(),
      leaks: program.leaks,
      log: program.log,
    },
    moments,
    megabytes: { mean: memory.program.mean, most: memory.program.most },
    heapMegabytes: { least: memory.heap.least },
    scriptMegabytes: { mean: memory.script.mean },
    faults,
  }
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  const wrong = [
    ...[code, verdict.json.missing, verdict.json.twice, verdict.json.outOfOrder.classic],
    ...[verdict.http.missing, verdict.http.unexplained, verdict.http.outOfOrder.classic],
    ...[program.leaks, faults.length, said('messages_total') - verdict.distinct],
    ...[customers.length - figures.program.savedKeys],
    stream ? stream.state.last_seq - verdict.distinct : 0,
  ]
  if (wrong.some((each) => each !== 0)) {
    process.stderr.write(`${program.trouble.join('\n')}\n`)
    process.exitCode = 1
  }
} finally {
  program.kill('SIGKILL')
  await receiver.close()
  await central.close()
  for (const cleanup of cleanups) await cleanup()
  await rm(folder, { recursive: true })
}
