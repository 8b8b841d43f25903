import { setMaxListeners } from 'node:events'
import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import type { StreamRecord } from '../../src/classic/record.js'
import type { Topic } from '../../src/classic/topics.js'
import { systemClock } from '../../src/clock.js'
import type { StreamError } from '../../src/errors.js'
import { OpenFiles } from '../../src/files/distinct-files.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import type { OutputContext } from '../../src/outputs/output.js'
import type { Program } from '../../src/program.js'
import type { StreamMessage } from '../../src/service.js'
import { Shutdown } from '../../src/shutdown.js'

/** A message as the decoder makes it, whose line holds the entry and a number. */
export function fakeMessage(
  customer: string,
  n: number,
  { topic = 'monitoring' as Topic, pad = 200 } = {},
): StreamMessage<StreamRecord> {
  const record = {
    customer,
    topic,
    timestamp: String(n),
    customer_id: 'c',
    data: { n, pad: 'x'.repeat(pad) },
    msp_ip: '',
  }
  return {
    customer,
    label: customer,
    topic,
    receivedAt: 0,
    frame: Buffer.from(`frame ${n}`),
    timestamp: BigInt(n),
    identity: undefined,
    part: 1,
    record,
    line: Buffer.from(`${JSON.stringify(record)}\n`),
  }
}

export type FakeContext = OutputContext & {
  readonly logged: { level: LogLevel; message: string }[]
  readonly givenUp: { message: StreamMessage; error: StreamError }[]
  /** Aborts `stopping`. */
  stop(): void
  /** Aborts `stopping` and `holdOver`. */
  endHold(): void
  /** Aborts these two and `graceOver`. */
  endGrace(): void
  /** Aborts these three and `overdue`. */
  expire(): void
  /** Aborts `forced`. */
  cut(): void
}

/** What an output gets from the program, with everything that it reports in lists. */
export function fakeContext(
  given: Partial<
    Pick<
      OutputContext,
      'env' | 'cwd' | 'clock' | 'topics' | 'topicsUncertain' | 'protoDir' | 'readable'
    >
  > = {},
): FakeContext {
  const stopping = new AbortController()
  const holdOver = new AbortController()
  const graceOver = new AbortController()
  const overdue = new AbortController()
  const forced = new AbortController()
  // As those of the program: each file of a folder listens.
  for (const { signal } of [stopping, holdOver, graceOver, overdue, forced])
    setMaxListeners(0, signal)
  const logged: FakeContext['logged'] = []
  const givenUp: FakeContext['givenUp'] = []
  const counters = { delivered: 0, retried: 0, givenUp: 0, kept: 0, waiting: 0 }
  return {
    log: loggerTo((level, message) => logged.push({ level, message })),
    counters,
    state: { up: true, since: 0, lastError: undefined },
    topics: given.topics ?? ['monitoring'],
    topicsUncertain: given.topicsUncertain ?? false,
    protoDir: given.protoDir,
    readable: given.readable ?? false,
    env: given.env ?? {},
    cwd: given.cwd ?? process.cwd(),
    clock: given.clock ?? systemClock,
    // Retries come after 2 ms, 4 ms, and so on, so that a test need not wait.
    random: () => 0.002,
    openFiles: new OpenFiles(),
    stopping: stopping.signal,
    holdOver: holdOver.signal,
    graceOver: graceOver.signal,
    overdue: overdue.signal,
    forced: forced.signal,
    giveUp(message, error) {
      counters.givenUp += 1
      givenUp.push({ message, error })
    },
    logged,
    givenUp,
    stop: () => stopping.abort(),
    endHold() {
      this.stop()
      holdOver.abort()
    },
    endGrace() {
      this.endHold()
      graceOver.abort()
    },
    expire() {
      this.endGrace()
      overdue.abort()
    },
    cut: () => forced.abort(),
  }
}

/** A program as outputs see it, whose log lines go into a list. */
export function fakeProgram(cwd: string): Program & { readonly logged: string[] } {
  const logged: string[] = []
  const program = {
    log: loggerTo((_, message) => logged.push(message)),
    stdout: { stream: new PassThrough(), file: undefined, terminal: false, colour: false },
    env: {},
    cwd,
    shutdown: new Shutdown(() => {}),
  }
  return { ...program, logged } as unknown as Program & { readonly logged: string[] }
}

/** Whether a promise has not settled by the next turn of the event loop. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const later = new Promise((resolve) => setImmediate(resolve, 'later'))
  return (await Promise.race([promise, later])) === 'later'
}

/** So many numbers with a step between them. */
export function numbers(count: number, step = 1, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => i * step + from)
}

/** The whole lines of fake messages in a receiver's file; what a kill tore is left out. */
export async function linesOf(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  // Within a line ends its data, with a bracket of its own.
  return lines.filter((line) => line.startsWith('{') && line.endsWith('"msp_ip":""}'))
}

/** What a receiver has: a customer's numbers in the order of their first arrival. */
export function firstArrivals(lines: readonly string[]): Map<string, number[]> {
  const seen = new Map<string, Set<number>>()
  for (const line of lines) {
    const { customer, data } = JSON.parse(line)
    const numbers = seen.get(customer) ?? new Set()
    seen.set(customer, numbers.add(data.n))
  }
  return new Map(Array.from(seen, ([customer, numbers]) => [customer, Array.from(numbers)]))
}
