import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLimiter } from '../../src/net/limiter.js'
import type { Central } from '../../src/simulator/central.js'
import type { Fault } from '../../src/simulator/faults.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { startCentral } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import { makeKey } from '../helpers/keys.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'
import { fixedKey, type Subscriber, startSubscriber } from '../helpers/subscription.js'
import { listen } from '../helpers/tcp-server.js'

/** Each is another fate. */
const FATES = sized(1, 20)
const ENTRIES = 20
const STEP_MS = 50
const CHAOS_STEPS = 60_000 / STEP_MS
/** Then everything mends: silence is noticed after 60 s, and the longest wait is a minute. */
const MENDING_STEPS = 180_000 / STEP_MS

/** How a socket ends; after the first ones all that was flushed must arrive, after the others no hole. */
const BREAKS: Readonly<Record<string, (socket: CentralSocket) => void>> = {
  ...Object.fromEntries(
    [1000, 1001, 1011, 1012, 4000].map((code) => [
      `close ${code}`,
      (socket: CentralSocket) => socket.close(code),
    ]),
  ),
  terminate: (socket) => socket.terminate(),
  oversized: (socket) => socket.sendOversized(),
  garbage: (socket) => socket.sendRaw(Uint8Array.of(0xff, 0xff, 0xff, 0xff)),
  reset: (socket) => socket.reset(),
  freeze: (socket) => socket.freeze(),
}
const LOSSY = ['reset', 'freeze']
/** A frozen socket costs its entry a minute: rarely, so that there is time for the others. */
const CHOICES = Object.keys(BREAKS).flatMap((how) => (how === 'freeze' ? [how] : [how, how, how]))

const FAULTS: readonly Fault[] = [
  { type: 'answer', status: 401 },
  { type: 'answer', status: 408 },
  { type: 'answer', status: 429, headers: { 'Retry-After': '2' } },
  { type: 'answer', status: 503 },
  { type: 'stall' },
  { type: 'reset' },
  { type: 'hang-up' },
]

/** What was sent on one socket. */
type Sent = {
  readonly entry: number
  readonly numbers: number[]
  /** When the kernel had taken each of them, simulated time. */
  readonly flushedAt: Map<number, number>
  brokenAt: number
  how: string
}

for (let fate = 1; fate <= FATES; fate += 1) {
  test(`whatever breaks, each entry gets its frames in order, none twice, none missing (${fate})`, (t) =>
    breakEverything(t, fate))
}

async function breakEverything(t: TestContext, fate: number): Promise<void> {
  const random = seededRandom(fate)
  const clock = new FakeClock()
  const central = await startCentral(t)
  const echo = await startEcho(t)
  const limiter = createLimiter()
  const keys = Array.from({ length: ENTRIES }, (_, entry) => makeKey(`chaos-${entry}`))
  const subscribers = keys.map((key) =>
    startSubscriber(t, central.url, { clock, limiter, random, key: fixedKey(key), collect: false }),
  )
  const delivered = keys.map((): number[] => [])
  const holds = new Set<() => void>()
  const reading = subscribers.map(async ({ subscription }, entry) => {
    for await (const frames of subscription) {
      for (const { bytes } of frames) {
        delivered[entry]?.push(Buffer.from(bytes).readUInt32BE())
        // Now and then a consumer takes its time.
        if (random() < 0.01) await new Promise<void>((resolve) => holds.add(resolve))
      }
    }
  })

  /** Dealt like cards, so that each has its turn however the numbers fall to those who draw them. */
  const deck: string[] = []
  const sent = new Map<CentralSocket, Sent>()
  const next = keys.map(() => 0)
  const tell = (socket: CentralSocket) => {
    const entry = keys.indexOf(socket.key)
    const record: Sent = sent.get(socket) ?? {
      entry,
      numbers: [],
      flushedAt: new Map(),
      brokenAt: Infinity,
      how: 'end',
    }
    sent.set(socket, record)
    for (let count = Math.floor(random() * 4); count > 0; count -= 1) {
      const number = next[entry] ?? 0
      next[entry] = number + 1
      const frame = Buffer.alloc(4 + Math.floor(random() * 2000))
      frame.writeUInt32BE(number)
      record.numbers.push(number)
      socket.send(frame).then((flushed) => {
        if (flushed) record.flushedAt.set(number, clock.now())
      })
    }
    return record
  }
  const step = async (chaos: boolean) => {
    for (const socket of central.sockets.filter(({ open }) => open)) {
      const record = tell(socket)
      if (!chaos || random() > 0.02 || record.how !== 'end') continue
      if (deck.length === 0) deck.push(...CHOICES)
      record.how = deck.splice(Math.floor(random() * deck.length), 1)[0] ?? ''
      record.brokenAt = clock.now()
      BREAKS[record.how]?.(socket)
      if (random() < 0.5) central.failHandshake(pick(FAULTS, random), { key: socket.key })
    }
    await echo()
    if (random() < 0.2) for (const resume of holds) if (holds.delete(resume)) resume()
    clock.advance(STEP_MS)
    await turn()
  }

  for (let index = 0; index < CHAOS_STEPS; index += 1) await step(true)
  for (let index = 0; index < MENDING_STEPS; index += 10) {
    await step(false)
    clock.advance(STEP_MS * 9)
  }
  await allOpen(subscribers, clock)
  await drain(central, delivered, sent, holds)
  for (const subscriber of subscribers) subscriber.stop()
  await until(() => {
    for (const resume of holds) if (holds.delete(resume)) resume()
    return subscribers.every(({ status }) => status.type === 'ended')
  })
  await Promise.all(reading)

  const breaks = new Set([...sent.values()].map(({ how }) => how))
  assert.equal(breaks.size, Object.keys(BREAKS).length + 1, 'every means was used')
  assert.ok(sent.size > 5 * ENTRIES, `${sent.size} connections`)
  for (const record of sent.values()) check(record, new Set(delivered[record.entry]))
  for (const numbers of delivered) {
    assert.ok(numbers.length > 100, 'many frames were delivered')
    assert.ok(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0)))
  }
  assert.equal(clock.timers, 0)
}

/** Sends a byte there and back: what was sent before it has arrived by then, however busy the machine is. */
async function startEcho(t: TestContext): Promise<() => Promise<unknown>> {
  const server = createServer({ noDelay: true }, (socket) => socket.pipe(socket))
  const client = connect(await listen(t, server), '127.0.0.1').setNoDelay()
  return () => {
    client.write('.')
    return once(client, 'data')
  }
}

/** One of several, by chance. */
function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)] as T
}

/** Whether the frames of one socket arrived as they must. */
function check({ numbers, flushedAt, brokenAt, how }: Sent, delivered: Set<number>): void {
  const arrived = numbers.filter((number) => delivered.has(number))
  assert.deepEqual(arrived, numbers.slice(0, arrived.length), `${how}: no holes`)
  if (LOSSY.includes(how)) return
  for (const [number, atMs] of flushedAt) {
    if (atMs <= brokenAt - 100) assert.ok(delivered.has(number), `${how}: frame ${number}`)
  }
}

async function allOpen(subscribers: Subscriber[], clock: FakeClock): Promise<void> {
  await until(() => {
    clock.advance(10)
    return subscribers.every(({ status }) => status.type === 'open')
  })
}

/** Lets every frame arrive that was sent on a socket that stands. */
async function drain(
  central: Central,
  delivered: number[][],
  sent: Map<CentralSocket, Sent>,
  holds: Set<() => void>,
): Promise<void> {
  for (const socket of central.sockets.filter(({ open }) => open)) {
    const record = sent.get(socket)
    const last = record?.numbers.at(-1)
    if (!record || last === undefined) continue
    await until(() => {
      for (const resume of holds) if (holds.delete(resume)) resume()
      return delivered[record.entry]?.at(-1) === last
    })
  }
}
