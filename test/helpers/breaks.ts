import { existsSync } from 'node:fs'
import { readdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Topic } from '../../src/classic/topics.js'
import { TOPICS } from '../../src/classic/topics.js'
import type { Central } from '../../src/simulator/central.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { until } from './clock.js'
import { goldenFrames } from './golden.js'
import type { RoughReceiver } from './rough-receiver.js'
import { int } from './wire.js'

type BreaksOptions = {
  readonly central: Central
  /** The key of each entry. */
  readonly keys: readonly string[]
  readonly random: () => number
  readonly seconds: number
  /** Of all entries together. */
  readonly messagesPerSecond: number
  /** Each connection breaks once in this time, at a moment of its own. */
  readonly breakMs: number
  /** Called about every so many milliseconds. */
  readonly every: { readonly ms: number; readonly work: () => Promise<void> }
}

/** What was sent. */
type Sent = {
  /** How many numbers were given to messages. */
  count: number
  /** Those that must arrive. */
  readonly whole: Counts
}

const TICK_MS = 20
/** Of the envelope. The last value of a field counts, so a frame gets its number behind its end. */
const TIMESTAMP_FIELD = 4
/** The timestamp of message 0. Numbers have 19 digits, as nanoseconds do. */
const BASE = 1_700_000_000_000_000_000n
const FIND_NUMBER = /"timestamp":"(17000\d{14})"/g

/** How connections end: nothing that the kernel has taken is lost. */
export const BREAKS: readonly ((socket: CentralSocket) => void)[] = [
  (socket) => socket.close(1000),
  (socket) => socket.close(1001),
  (socket) => socket.close(1011),
  (socket) => socket.close(4000),
  (socket) => socket.terminate(),
  (socket) => socket.sendOversized(),
]

/** The topic of an entry of such a run. */
export function topicOf(entry: number): Topic {
  return TOPICS[entry % TOPICS.length] as Topic
}

/**
 * Sends numbered messages on the connections of all entries, and breaks these. A message counts as whole
 * when the kernel had taken it before the connection was broken.
 */
export async function sendAndBreak(options: BreaksOptions): Promise<Sent & { breaks: number }> {
  const { central, keys, random, seconds, messagesPerSecond, breakMs, every } = options
  const sent = { count: 0, whole: new Counts(), breaks: 0 }
  const frames = keys.map((_, entry) => goldenFrames(topicOf(entry)))
  const breakAt = keys.map(() => random() * breakMs)
  const due = keys.map(() => 0)
  const broken = new WeakSet<CentralSocket>()
  const startMs = performance.now()
  let everyAt = every.ms
  for (let nowMs = 0; nowMs < seconds * 1000; nowMs = performance.now() - startMs) {
    for (const socket of central.sockets) {
      const entry = keys.indexOf(socket.key)
      if (!socket.open || broken.has(socket) || entry === -1) continue
      const target = (nowMs / 1000) * (messagesPerSecond / keys.length)
      // After a break it goes on from now; a slow reader gets less.
      due[entry] = Math.max(due[entry] ?? 0, target - 100)
      while ((due[entry] ?? 0) < target && socket.bufferedBytes === 0) {
        due[entry] = (due[entry] ?? 0) + 1
        const mine = sent.count++
        const some = frames[entry] ?? []
        const frame = Buffer.concat([some[mine % some.length] ?? Buffer.alloc(0), numberOf(mine)])
        void socket.send(frame).then((flushed) => {
          if (flushed) sent.whole.add(mine)
        })
      }
      if (nowMs < (breakAt[entry] ?? 0)) continue
      breakAt[entry] = nowMs + breakMs * (0.5 + random())
      sent.breaks++
      broken.add(socket)
      if (random() < 0.2) {
        const headers = { 'Retry-After': '1' }
        central.failHandshake({ type: 'answer', status: 503, headers }, { key: socket.key })
      }
      BREAKS[Math.floor(random() * BREAKS.length)]?.(socket)
    }
    if (nowMs >= everyAt) {
      everyAt += every.ms
      await every.work()
    }
    // Long runs would keep each of them.
    central.handshakes.length = 0
    await sleep(TICK_MS)
  }
  return sent
}

/** How often each number occurred, up to 255 times: a byte a number, so that long runs stay small. */
export class Counts {
  #bytes = new Uint8Array(1024)

  at(number: number): number {
    return this.#bytes[number] ?? 0
  }

  add(number: number): void {
    while (number >= this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[number] = this.at(number) + 1
  }
}

/** The field of an envelope that gives a frame of Classic its number. */
export function numberOf(number: number): Buffer {
  return int(TIMESTAMP_FIELD, BASE + BigInt(number))
}

/** How often each number occurs in lines of records, and whether a customer's numbers grow. */
export class Numbers {
  readonly counts = new Counts()
  /** By the start of a record, `{"customer":"NAME"`: how often one came after a later one. */
  readonly disorder = new Map<string, number>()
  #last = new Map<string, number>()

  get outOfOrder(): number {
    return [...this.disorder.values()].reduce((sum, each) => sum + each, 0)
  }

  /** @param text whole lines */
  add(text: string): readonly number[] {
    const found: number[] = []
    for (const line of text.split('\n')) {
      const [, digits] = new RegExp(FIND_NUMBER.source).exec(line) ?? []
      if (digits === undefined) continue
      const number = Number(BigInt(digits) - BASE)
      found.push(number)
      this.counts.add(number)
      // A repeat is counted as one.
      if (this.counts.at(number) > 1) continue
      const customer = line.slice(0, line.indexOf(','))
      if (number <= (this.#last.get(customer) ?? -1)) {
        this.disorder.set(customer, (this.disorder.get(customer) ?? 0) + 1)
      }
      this.#last.set(customer, number)
    }
    return found
  }
}

/** Renames a file as logrotate does; what follows goes to a new one after SIGHUP. */
export class Rotation {
  readonly #folder: string
  readonly path: string
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'out.ndjson')
  }

  async rotate(hangUp: () => void): Promise<void> {
    // The program may not have come to the last hangup yet.
    await until(() => existsSync(this.path))
    await rename(this.path, `${this.path}.${String(++this.#count).padStart(4, '0')}`)
    hangUp()
  }

  /** The numbers in all files, the oldest first. */
  async read(): Promise<Numbers & { files: number }> {
    const numbers = new Numbers()
    const names = (await readdir(this.#folder)).filter((name) => name.startsWith('out.ndjson'))
    const [current = '', ...old] = names.sort()
    for (const name of [...old, current]) {
      numbers.add(await readFile(join(this.#folder, name), 'utf8'))
    }
    return Object.assign(numbers, { files: names.length })
  }
}

/** What became of what was sent. */
export function judge({ count, whole }: Sent, json: Numbers, receiver: RoughReceiver) {
  const { numbers: http, unanswered } = receiver
  const sum = (is: (number: number) => boolean) => {
    let found = 0
    for (let number = 0; number < count; number++) if (is(number)) found += 1
    return found
  }
  const arrivedAt = ({ counts }: Numbers) => ({
    missing: sum((number) => whole.at(number) > 0 && counts.at(number) === 0),
    twice: sum((number) => counts.at(number) > 1),
  })
  return {
    sent: count,
    whole: sum((number) => whole.at(number) > 0),
    /** More than those that are whole: some of them came before their connection broke. */
    distinct: sum((number) => json.counts.at(number) > 0),
    json: { ...arrivedAt(json), outOfOrder: json.outOfOrder },
    http: {
      ...arrivedAt(http),
      /** Repeated although the batch was answered. */
      unexplained: sum((number) => http.counts.at(number) > 1 + unanswered.at(number)),
    },
  }
}
