import { sleep, systemClock } from '../clock.js'
import { StreamError } from '../errors.js'
import { type BackoffOptions, backoffDelay } from '../net/backoff.js'
import type { Exporter, ExporterContext } from './output.js'
import { Queue } from './queue.js'
import { Tail } from './tail.js'
import { TcpConnection } from './tcp-connection.js'
import { parseTcpTarget } from './tcp-target.js'

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
  const queue = new Queue(address.name, context, WINDOW_BYTES)
  const connect = () => TcpConnection.open(address, context.signal, () => queue.bell.ring())
  const first = await connect().catch((error: StreamError) => {
    throw new StreamError('exporter-unusable', `${error.message} (needed at the start)`)
  })
  const sender = new TcpSender({ queue, connect, first, context, timing })
  return queue.exporter(() => sender.run())
}

type Parts = {
  readonly queue: Queue
  readonly connect: () => Promise<TcpConnection>
  readonly first: TcpConnection
  readonly context: ExporterContext
  readonly timing: BackoffOptions
}

/** Sends what the queue has, over one connection after the other. */
class TcpSender {
  readonly #queue: Queue
  readonly #connect: () => Promise<TcpConnection>
  readonly #context: ExporterContext
  readonly #timing: BackoffOptions
  readonly #tail = new Tail(TAIL_BYTES)
  #connection: TcpConnection
  #brokenEnds = 0

  constructor({ queue, connect, first, context, timing }: Parts) {
    this.#queue = queue
    this.#connect = connect
    this.#connection = first
    this.#context = context
    this.#timing = timing
    context.signal.addEventListener('abort', () => this.#connection.destroy(), { once: true })
  }

  async run(): Promise<void> {
    const { trouble } = this.#queue
    while (!this.#context.signal.aborted) {
      const steady = setTimeout(() => trouble.mended(), STEADY_MS)
      const done = await this.#serve(this.#connection)
      clearTimeout(steady)
      this.#connection.destroy()
      if (done || this.#context.signal.aborted) return
      trouble.failed(this.#connection.failure())
      await this.#reconnect()
    }
  }

  /** Sends until all is done (true) or the connection is lost (false). */
  async #serve(connection: TcpConnection): Promise<boolean> {
    for (const chunk of this.#tail.chunks) {
      this.#context.counters.retried += chunk.count
      if (!(await connection.write(chunk.bytes))) return false
    }
    const { outbox, bell } = this.#queue
    while (!connection.lost) {
      const lines = outbox.lines(WRITE)
      if (lines.length === 0) {
        if (this.#queue.closing) return await this.#finish(connection)
        await bell.next()
        continue
      }
      const chunk = { bytes: Buffer.concat(lines), count: lines.length }
      if (!(await connection.write(chunk.bytes))) {
        this.#context.counters.retried += chunk.count
        return false
      }
      outbox.delivered(chunk.count)
      this.#tail.push(chunk)
    }
    return false
  }

  /** Ends the connection, true; where it breaks instead, all is sent again. */
  async #finish(connection: TcpConnection): Promise<boolean> {
    const end = await connection.finish()
    if (end === 'broken' && ++this.#brokenEnds < MAX_BROKEN_ENDS) return false
    if (end !== 'broken') this.#queue.trouble.mended()
    if (end !== 'closed') {
      const did =
        end === 'broken'
          ? `broke the connection at the end ${MAX_BROKEN_ENDS} times`
          : 'did not close its side at the end'
      this.#context.log.warn(`the receiver ${did}: it may not have read the last lines`)
    }
    return true
  }

  /** Tries until there is a connection, or the time for a shutdown is over. */
  async #reconnect(): Promise<void> {
    const { signal, log } = this.#context
    const { trouble } = this.#queue
    while (!signal.aborted) {
      try {
        await sleep(backoffDelay(trouble.failures, this.#timing), systemClock, signal)
        this.#connection = await this.#connect()
        return
      } catch (error) {
        if (signal.aborted) break
        if (!(error instanceof StreamError)) throw error
        trouble.failed(error)
      }
    }
    if (this.#tail.bytes === 0) return
    log.warn(
      `the last ${this.#tail.bytes} bytes were not sent again: what the receiver had not read is lost`,
    )
  }
}
