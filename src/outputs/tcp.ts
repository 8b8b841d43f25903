import type { Batch } from '../delivery/batch.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import type { SendQueue } from '../delivery/send-queue.js'
import { Tail } from '../delivery/tail.js'
import { StreamError } from '../errors.js'
import type { Item, LineOutput, Output, OutputContext } from './output.js'
import { createRemoteQueue, startRemote } from './remote.js'
import { asRows } from './rows.js'
import { parseTcpTarget, type TcpAddress, TcpConnection } from './tcp-connection.js'

/** Well below the tail: all that waits and is sent at once on a new connection stays in the tail. */
const BUDGET_BYTES = 262_144
const TAIL_BYTES = 1_048_576
/** What is handed to the operating system in one write: few calls, and little to repeat. */
const BATCH = { maxCount: 1_000, maxBytes: 65_536 }
/** A connection that lasted this long counts as repaired: after the next loss the first wait is short. */
const STEADY_MS = 10_000
/** Without a limit, a receiver that resets at every end would get the last lines again and again. */
const MAX_BROKEN_ENDS = 3

/**
 * `tcp://HOST:PORT` and `tls://HOST:PORT`: NDJSON lines over one connection, which is opened again when
 * it is lost; a receiver that is not there yet is waited for. TCP does not tell how much a receiver had
 * read before a loss. So the last 1 MiB is sent again on the new connection, then what waited: whole lines,
 * in order, some of them twice.
 * @throws StreamError `exporter-unusable` where the address is wrong
 */
export async function openTcp(target: string, context: OutputContext): Promise<Output> {
  const address = parseTcpTarget(target)
  const output = new TcpOutput(address, context)
  await output.start()
  return address.rows ? asRows(output, context) : output
}

/** Sends lines over one connection after the other. */
class TcpOutput implements LineOutput {
  readonly needs = 'line'
  readonly #address: TcpAddress
  readonly #context: OutputContext
  readonly #queue: SendQueue<Item>
  readonly #tail = new Tail(TAIL_BYTES)
  #connection: TcpConnection | undefined
  #finishing: Promise<void> | undefined
  /** What the receiver did at the end, where it may not have read the last lines. */
  #unsure: string | undefined
  #brokenEnds = 0
  /** Whether the receiver was away when the time for delivering was over. */
  #wasAway = false

  constructor(address: TcpAddress, context: OutputContext) {
    this.#address = address
    this.#context = context
    context.overdue.addEventListener('abort', () => this.#onOverdue(), { once: true })
    this.#queue = createRemoteQueue<Item>(context, {
      deliver: (batch, signal) => this.#deliver(batch, signal),
      finish: (signal) => {
        this.#finishing = this.#finish(signal)
        return this.#finishing
      },
      batch: BATCH,
      budget: new ByteBudget(BUDGET_BYTES),
      steadyMs: STEADY_MS,
    })
  }

  async start(): Promise<void> {
    const { name } = this.#address
    const { graceOver } = this.#context
    const parts = { name, graceOver, queue: this.#queue }
    await startRemote(this, parts, (signal) => this.#connect(signal))
  }

  async #connect(signal: AbortSignal): Promise<TcpConnection> {
    const connection = await TcpConnection.open(this.#address, signal, (lost) => {
      // The lines that were sent last may be lost, so this cannot wait for the next message.
      if (this.#connection === lost) this.#queue.interrupt(lost.failure())
    })
    this.#connection = connection
    return connection
  }

  write(messages: readonly Item[]): Promise<void> {
    return this.#queue.write(messages)
  }

  async close(): Promise<void> {
    await this.#queue.close()
    const { log, overdue } = this.#context
    if (this.#queue.gaveUp && !overdue.aborted) this.#wasAway = this.#connection?.lost ?? true
    await this.#finishing?.catch(() => {})
    this.#connection?.destroy()
    if (this.#unsure) {
      log.warn(`the receiver ${this.#unsure}: it may not have read the last lines`)
    } else if (this.#wasAway && this.#tail.bytes > 0) {
      const { bytes } = this.#tail
      log.warn(
        `the last ${bytes} bytes were not sent again: what the receiver had not read is lost`,
      )
    }
  }

  async #deliver({ items, lines }: Batch<Item>, signal: AbortSignal): Promise<void> {
    const connection = await this.#connected(signal)
    if (lines.length === 0) return
    const chunk = { bytes: Buffer.concat(lines), count: items.length }
    if (!(await connection.write(chunk.bytes))) throw connection.failure()
    this.#tail.push(chunk)
  }

  /** The open connection. On a new one, the tail has been sent again first. */
  async #connected(signal: AbortSignal): Promise<TcpConnection> {
    if (this.#connection && !this.#connection.lost) return this.#connection
    const connection = await this.#connect(signal)
    for (const { bytes, count } of this.#tail.chunks) {
      this.#context.counters.retried += count
      if (!(await connection.write(bytes))) throw connection.failure()
    }
    return connection
  }

  /** Ends the connection; where it breaks instead, all is sent again. */
  async #finish(signal: AbortSignal): Promise<void> {
    const connection = await this.#connected(signal)
    const end = await connection.finish()
    if (end === 'unanswered') this.#unsure = 'did not close its side at the end'
    if (end !== 'broken') return
    if (++this.#brokenEnds < MAX_BROKEN_ENDS) throw connection.failure()
    this.#unsure = `broke the connection at the end ${MAX_BROKEN_ENDS} times`
    throw new StreamError('output-closed', `${this.#address.name} ${this.#unsure}`)
  }

  #onOverdue(): void {
    this.#wasAway = this.#connection?.lost ?? true
    this.#connection?.destroy()
  }
}
