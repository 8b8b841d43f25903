import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { type BackoffOptions, backoffDelay } from '../backoff.js'
import { sleep, systemClock } from '../clock.js'
import type { StreamMessage } from '../decode/message.js'
import { StreamError } from '../errors.js'
import { Bell } from './bell.js'
import type { Exporter, ExporterContext } from './exporter.js'
import { HttpSink, parseHttpTarget } from './http-sink.js'
import { Outbox } from './outbox.js'
import { Trouble } from './trouble.js'
import { Window } from './window.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576 }
const BATCH_AGE_MS = 1_000
/** When to try again, and how long one request may take, milliseconds. */
export type HttpTiming = BackoffOptions & { readonly requestMs?: number }

/** One batch on its way and the next two being filled. */
const WINDOW_BYTES = 3 * BATCH.maxBytes

const compress = promisify(gzip)

/**
 * `http(s)://…`: batches of NDJSON by POST, gzipped, one at a time so that order holds. A batch is
 * delivered when it was answered with 2xx; 408, 429, 5xx and network faults are retried, anything
 * else gives the batch up. Whether the receiver is there shows with the first batch: asking without
 * sending data is not possible.
 * @throws StreamError `exporter-unusable` where the URL or the authorization is wrong
 */
export async function openHttp(
  target: string,
  context: ExporterContext,
  { requestMs, ...timing }: HttpTiming = {},
): Promise<Exporter> {
  const sink = new HttpSink(parseHttpTarget(target), context, requestMs)
  return new HttpExporter(sink, context, timing)
}

class HttpExporter implements Exporter {
  readonly needs = 'line'
  readonly #sink: HttpSink
  readonly #context: ExporterContext
  readonly #timing: BackoffOptions
  readonly #outbox: Outbox
  readonly #trouble: Trouble
  readonly #bell = new Bell()
  readonly #running: Promise<void>
  #closing = false

  constructor(sink: HttpSink, context: ExporterContext, timing: BackoffOptions) {
    this.#sink = sink
    this.#context = context
    this.#timing = timing
    this.#outbox = new Outbox(context, new Window(WINDOW_BYTES))
    this.#trouble = new Trouble(context.log)
    context.signal.addEventListener('abort', () => this.#giveUp(), { once: true })
    this.#running = this.#run()
  }

  get name(): string {
    return this.#sink.name
  }

  export(message: StreamMessage): void | Promise<void> {
    const room = this.#outbox.push(message)
    if (this.#context.signal.aborted) this.#giveUp()
    // The first starts the clock of a batch, a full batch goes at once; in between nobody need wake.
    if (this.#outbox.length === 1 || this.#full) this.#bell.ring()
    return room
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#bell.ring()
    await this.#running
  }

  get #full(): boolean {
    return this.#outbox.length >= BATCH.maxCount || this.#outbox.bytes >= BATCH.maxBytes
  }

  async #run(): Promise<void> {
    while (await this.#filled()) await this.#send()
    await this.#sink.close()
  }

  /** Waits until a batch is full or old enough; false at the end. */
  async #filled(): Promise<boolean> {
    while (this.#outbox.length === 0) {
      if (this.#closing) return false
      await this.#bell.next()
    }
    const due = performance.now() + BATCH_AGE_MS
    while (!this.#full && !this.#closing && this.#outbox.length > 0) {
      const leftMs = due - performance.now()
      if (leftMs <= 0) break
      await this.#bell.next(leftMs)
    }
    return true
  }

  /** Sends one batch until it is delivered or given up. */
  async #send(): Promise<void> {
    const { signal, counters } = this.#context
    const lines = this.#outbox.lines(BATCH)
    // The fastest level: JSON shrinks well with any, and the stream should not wait for it.
    const body = await compress(Buffer.concat(lines), { level: constants.Z_BEST_SPEED })
    while (!signal.aborted && lines.length > 0) {
      const error = await this.#sink.post(body)
      if (signal.aborted) return
      if (!error) {
        this.#outbox.delivered(lines.length)
        this.#trouble.mended()
        return
      }
      if (!error.retry) {
        this.#trouble.mended()
        this.#outbox.giveUp(error, lines.length)
        return
      }
      this.#trouble.failed(error)
      counters.retried += lines.length
      const delayMs = backoffDelay(this.#trouble.failures, this.#timing)
      await sleep(Math.max(delayMs, error.retryAfterMs ?? 0), systemClock, signal).catch(() => {})
    }
  }

  #giveUp(): void {
    this.#outbox.giveUp(
      new StreamError('export-failed', `${this.name}: not delivered before the end`),
    )
    this.#bell.ring()
  }
}
