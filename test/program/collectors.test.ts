import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AckPolicy, type JetStreamManager } from '@nats-io/jetstream'
import type { Central } from '../../src/simulator/central.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { noNatsServer, startNatsServer } from '../helpers/nats-server.js'
import { noPostgres, startPostgres } from '../helpers/postgres-server.js'
import { type Program, runProgram } from '../helpers/program.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'

const TOPICS = ['monitoring', 'presence', 'location'] as const
/** Of each collector. */
const KILLS = sized(2, 50)
/** The pace at which frames are sent, of each topic. */
const FRAMES_A_TURN = 4
const TURN_MS = 15
/** Frames before a kill, and before the start after it: at most. */
const FRAMES_BEFORE_KILL = 240
const FRAMES_BEFORE_START = 80
const CUSTOMER = 'c'.repeat(32)

/** One of the two collectors: runs, is killed, and runs again. */
class Collector {
  readonly #t: TestContext
  readonly #central: Central
  readonly #args: readonly string[]
  #program: Program | undefined
  #sockets: readonly CentralSocket[] = []

  constructor(t: TestContext, central: Central, args: readonly string[]) {
    this.#t = t
    this.#central = central
    this.#args = args
  }

  /** Resolves when a socket of each topic is open; one collector starts at a time. */
  async start(): Promise<void> {
    const opened = TOPICS.map((topic) => this.#central.nextSocket({ topic }))
    const program = runProgram(this.#t, this.#args)
    const gone = program.result.then(({ stderr }) => assert.fail(stderr))
    this.#program = program
    this.#sockets = await Promise.race([Promise.all(opened), gone])
  }

  /** Resolves when the server, too, knows that it is gone. */
  async kill(): Promise<void> {
    this.#program?.kill('SIGKILL')
    await Promise.all([this.#program?.result, ...this.#sockets.map(({ ended }) => ended)])
  }

  async end(): Promise<{ readonly code: number | null; readonly stderr: string }> {
    this.#program?.kill()
    return this.#program?.result ?? assert.fail('it never ran')
  }
}

/** What two collectors deliver into. */
type Store = {
  /** The TYPE of `--export_data`. */
  readonly target: string
  /** How many frames it holds. */
  count(): Promise<number>
  /** The timestamps that it holds, of each entry, by a name that tells topic and entry. */
  stored(): Promise<Map<string, string[]>>
}

async function openNats(t: TestContext): Promise<Store> {
  const server = await startNatsServer(t)
  const manager = await server.manager()
  return {
    target: `nats://127.0.0.1:${server.port}/aruba?stream=ARUBA`,
    count: async () => (await manager.streams.info('ARUBA')).state.messages,
    stored: async () => storedInStream(manager, 'ARUBA'),
  }
}

/** The timestamps that the stream holds, by subject without its prefix. */
async function storedInStream(
  manager: JetStreamManager,
  stream: string,
): Promise<Map<string, string[]>> {
  const { name } = await manager.consumers.add(stream, { ack_policy: AckPolicy.None })
  const consumer = await manager.jetstream().consumers.get(stream, name)
  let left = (await manager.streams.info(stream)).state.messages
  const bySubject = new Map<string, string[]>()
  for await (const message of await consumer.consume({ max_messages: 5000 })) {
    const subject = message.subject.replace(/^aruba\./, '')
    const timestamps = bySubject.get(subject) ?? []
    timestamps.push(message.json<{ timestamp: string }>().timestamp)
    bySubject.set(subject, timestamps)
    left -= 1
    if (left === 0) break
  }
  return bySubject
}

async function openPostgres(t: TestContext): Promise<Store> {
  const server = await startPostgres(t)
  await server.createDatabase('net')
  const rows = (text: string) => server.query('net', text)
  return {
    target: `postgres://postgres@127.0.0.1:${server.port}/net`,
    count: async () => Number((await rows('select count(*) from aruba_stream'))[0]?.count),
    stored: async () => {
      const byEntry = new Map<string, string[]>()
      for (const row of await rows('select topic, customer, "timestamp" from aruba_stream')) {
        const name = `${row.topic}.${row.customer}`
        byEntry.set(name, [...(byEntry.get(name) ?? []), String(row.timestamp)])
      }
      return byEntry
    },
  }
}

const STORES = [
  ['NATS', noNatsServer, openNats],
  ['PostgreSQL', noPostgres, openPostgres],
] as const

const installed = STORES.filter(([, skip]) => !skip)
const names = installed.map(([name]) => name).join(' and in ')
const skip = installed.length === 0 && STORES.map(([, skip]) => skip).join('; ')

test(`two collectors that are killed in turn keep every frame once in ${names}`, {
  skip,
}, async (t) => {
  const random = seededRandom()
  const stores = await Promise.all(installed.map(([, , open]) => open(t)))
  const central = await startCentral(t)
  const key = makeKey('key', { customerId: CUSTOMER })
  const entries = TOPICS.map((topic) => [`A_${topic}`, { wsskey: key, topic }])
  const input = await writeInput(t, Object.fromEntries(entries))
  const args = ['--hostname', central.url, '--jsoninput', input]
  for (const { target } of stores) args.push('--export_data', target)
  const collectors = [new Collector(t, central, args), new Collector(t, central, args)]
  for (const collector of collectors) await collector.start()

  let sent = 0
  let pausing = false
  /** Resolves when all stores hold all that was sent; no more is sent meanwhile. */
  const caughtUp = async () => {
    pausing = true
    for (const store of stores) {
      let held = 0
      const isComplete = async () => {
        held = await store.count()
        return held >= sent
      }
      await until(isComplete, () => `${sent} frames in ${store.target}; ${held} came`)
    }
    pausing = false
  }
  /** Resolves when up to so many more frames have been sent. */
  const moreSent = async (most: number) => {
    const target = sent + random() * most
    await until(() => sent >= target)
  }
  let killing = true
  const feeding = (async () => {
    while (killing) {
      const frames = pausing ? 0 : FRAMES_A_TURN
      for (const topic of Array<typeof TOPICS>(frames).fill(TOPICS).flat()) {
        sent += 1
        const fields = { timestamp: String(sent), customer_id: CUSTOMER }
        central.broadcast(topic, encodeFrame(topic, {}, fields))
      }
      await sleep(TURN_MS)
    }
  })()

  const turns = [0, 1].flatMap((who) => Array<number>(KILLS).fill(who))
  for (let left = turns.length; left > 0; left--) {
    const [who = 0] = turns.splice(Math.floor(random() * left), 1)
    await moreSent(FRAMES_BEFORE_KILL)
    await collectors[who]?.kill()
    await moreSent(FRAMES_BEFORE_START)
    await collectors[who]?.start()
    // What came before the sockets opened is with the other one alone, until the stores have it.
    await caughtUp()
  }
  killing = false
  await feeding
  await caughtUp()

  for (const { code, stderr } of await Promise.all(collectors.map((each) => each.end()))) {
    assert.equal(code, 0, stderr)
    assert.match(stderr, /given_up=0 waiting=0/)
    assert.doesNotMatch(stderr, /given_up=[1-9]/)
  }
  assert.ok(sent > 100 * KILLS, `only ${sent} frames`)
  for (const store of stores) {
    const found = await store.stored()
    const timestamps = [...found.values()].flat().map(Number)
    assert.deepEqual(
      timestamps.sort((a, b) => a - b),
      Array.from({ length: sent }, (_, n) => n + 1),
    )
    assert.deepEqual([...found.keys()].sort(), TOPICS.map((topic) => `${topic}.A_${topic}`).sort())
  }
})
