import { type BackoffOptions, backoffDelay } from '../backoff.js'
import { sleep, systemClock } from '../clock.js'
import type { StreamMessage } from '../decode/message.js'
import { StreamError } from '../errors.js'
import { Bell } from './bell.js'
import type { Exporter, ExporterContext } from './exporter.js'
import { Outbox } from './outbox.js'
import { Tail } from './tail.js'
import { TcpConnection } from './tcp-connection.js'
import { parseTcpTarget } from './tcp-target.js'
import { Trouble } from './trouble.js'
import { Window } from './window.js'

/** Well below the tail, so that what a new connection is flooded with stays in the tail. */
const WINDOW_BYTES = 262_144
const TAIL_BYTES = 1_048_576
/** What is handed to the operating system in one go: few calls, and little to repeat. */
const WRITE = { maxCount: 1_000, maxBytes: 65_536 }
/** A connection that stood this long was no accident: the next loss starts with a short wait. */
const STEADY_MS = 10_000
/** A receiver that answers every end with a reset would be sent the last lines for ever. */
const MAX_BROKEN_ENDS = 3

/**
 * `tcp://HOST:PORT` and `tls://HOST:PORT`: NDJSON lines over one connection, which is opened again
 * by itself. TCP does not tell what a receiver that died had read, so the last 1 MiB is sent again
 * on the new connection, then what waited: whole lines, in order, some of them twice.
 * @throws StreamError `exporter-unusable` where the address is wrong or cannot be reached
 */
export async function openTcp(
  target: string,
  context: ExporterContext,
  timing: BackoffOptions = {},
): Promise<Exporter> {
  const address = parseTcpTarget(target)
  const bell = new Bell()
  const connect = () => TcpConnection.open(address, context.signal, () => bell.ring())
  const first = await connect().catch((error: StreamError) => {
    throw new StreamError('exporter-unusable', `${error.message} (needed at the start)`)
  })
  return new TcpExporter({ name: address.name, bell, connect, first, context, timing })
}

type Parts = {
  readonly name: string
  /** Rung when a connection is lost. */
  readonly bell: Bell
  readonly connect: () => Promise<TcpConnection>
  readonly first: TcpConnection
  readonly context: ExporterContext
  readonly timing: BackoffOptions
}

class TcpExporter implements Exporter {
  readonly name: string
  readonly needs = 'line'
  readonly #bell: Bell
  readonly #connect: () => Promise<TcpConnection>
  readonly #context: ExporterContext
  readonly #timing: BackoffOptions
  readonly #outbox: Outbox
  readonly #trouble: Trouble
  readonly #tail = new Tail(TAIL_BYTES)
  readonly #running: Promise<void>
  #connection: TcpConnection
  #closing = false
  #brokenEnds = 0

  constructor({ name, bell, connect, first, context, timing }: Parts) {
    this.name = name
    this.#bell = bell
    this.#connect = connect
    this.#connection = first
    this.#context = context
    this.#timing = timing
    this.#outbox = new Outbox(context, new Window(WINDOW_BYTES))
    this.#trouble = new Trouble(context.log)
    context.signal.addEventListener('abort', () => this.#giveUp(), { once: true })
    this.#running = this.#run()
  }

  export(message: StreamMessage): void | Promise<void> {
    const room = this.#outbox.push(message)
    if (this.#context.signal.aborted) this.#giveUp()
    this.#bell.ring()
    return room
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#bell.ring()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#context.signal.aborted) {
      const steady = setTimeout(() => this.#trouble.mended(), STEADY_MS)
      const done = await this.#serve(this.#connection)
      clearTimeout(steady)
      this.#connection.destroy()
      if (done || this.#context.signal.aborted) return
      this.#trouble.failed(this.#connection.failure())
      await this.#reconnect()
    }
  }

  /** Sends until all is done (true) or the connection is lost (false). */
  async #serve(connection: TcpConnection): Promise<boolean> {
    for (const chunk of this.#tail.chunks) {
      this.#context.counters.retried += chunk.count
      if (!(await connection.write(chunk.bytes))) return false
    }
    while (!connection.lost) {
      const lines = this.#outbox.lines(WRITE)
      if (lines.length === 0) {
        if (this.#closing) return await this.#finish(connection)
        await this.#bell.next()
        continue
      }
      const chunk = { bytes: Buffer.concat(lines), count: lines.length }
      if (!(await connection.write(chunk.bytes))) {
        this.#context.counters.retried += chunk.count
        return false
      }
      this.#outbox.delivered(chunk.count)
      this.#tail.push(chunk)
    }
    return false
  }

  /** Ends in an orderly way, true; where the connection breaks instead, all is sent again. */
  async #finish(connection: TcpConnection): Promise<boolean> {
    if (await connection.finish()) {
      this.#trouble.mended()
      return true
    }
    this.#brokenEnds += 1
    if (this.#brokenEnds < MAX_BROKEN_ENDS) return false
    this.#context.log.warn(
      `the receiver broke the connection at the end ${MAX_BROKEN_ENDS} times: it may not have read the last lines`,
    )
    return true
  }

  /** Tries until there is a connection, or the time for a shutdown is over. */
  async #reconnect(): Promise<void> {
    const { signal } = this.#context
    while (!signal.aborted) {
      try {
        await sleep(backoffDelay(this.#trouble.failures, this.#timing), systemClock, signal)
        this.#connection = await this.#connect()
        return
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof StreamError)) throw error
        this.#trouble.failed(error)
      }
    }
  }

  #giveUp(): void {
    if (this.#connection.lost && this.#tail.bytes > 0) {
      this.#context.log.warn(
        `the last ${this.#tail.bytes} bytes were not sent again: what the receiver had not read is lost`,
      )
    }
    this.#connection.destroy()
    this.#outbox.giveUp(
      new StreamError('export-failed', `${this.name}: not delivered before the end`),
    )
    this.#bell.ring()
  }
}
