import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { sleep, systemClock } from '../clock.js'
import { type BackoffOptions, backoffDelay } from '../net/backoff.js'
import { HttpSink, parseHttpTarget } from './http-sink.js'
import type { Outbox } from './outbox.js'
import type { Exporter, ExporterContext } from './output.js'
import { Queue } from './queue.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576 }
const BATCH_AGE_MS = 1_000

/** When to try again, and how long one request may take, milliseconds. */
export type HttpTiming = BackoffOptions & { readonly requestMs?: number }

/** One batch on its way and the next two being filled. */
const WINDOW_BYTES = 3 * BATCH.maxBytes

const compress = promisify(gzip)

/**
 * `http(s)://…`: batches of NDJSON by POST, gzipped, one at a time so that order holds. A batch is
 * delivered when it was answered with 2xx; 407, 408, 429, 5xx and network faults are retried, anything
 * else gives the batch up. Whether the receiver is there shows with the first batch: asking without
 * sending data is not possible.
 * @throws StreamError `exporter-unusable` where the URL, the authorization or the proxy is wrong
 */
export async function openHttp(
  target: string,
  context: ExporterContext,
  { requestMs, ...timing }: HttpTiming = {},
): Promise<Exporter> {
  const sink = new HttpSink(parseHttpTarget(target), context, requestMs)
  const queue = new Queue(sink.name, context, WINDOW_BYTES)
  const run = async () => {
    while (await batchReady(queue)) await sendBatch(queue, sink, context, timing)
    await sink.close()
  }
  // The first starts the clock of a batch, a full batch goes at once; in between nobody need wake.
  return queue.exporter(run, () => queue.outbox.length === 1 || isFull(queue.outbox))
}

function isFull(outbox: Outbox): boolean {
  return outbox.length >= BATCH.maxCount || outbox.bytes >= BATCH.maxBytes
}

/** Waits until a batch is full or old enough; false at the end. */
async function batchReady(queue: Queue): Promise<boolean> {
  const { outbox, bell } = queue
  while (outbox.length === 0) {
    if (queue.closing) return false
    await bell.next()
  }
  const due = performance.now() + BATCH_AGE_MS
  while (!isFull(outbox) && !queue.closing && outbox.length > 0) {
    const leftMs = due - performance.now()
    if (leftMs <= 0) break
    await bell.next(leftMs)
  }
  return true
}

/** Sends one batch until it is delivered or given up. */
async function sendBatch(
  { outbox, trouble }: Queue,
  sink: HttpSink,
  { signal, counters }: ExporterContext,
  timing: BackoffOptions,
): Promise<void> {
  const lines = outbox.lines(BATCH)
  // The fastest level: JSON shrinks well with any, and the stream should not wait for it.
  const body = await compress(Buffer.concat(lines), { level: constants.Z_BEST_SPEED })
  while (!signal.aborted && lines.length > 0) {
    const error = await sink.post(body)
    if (signal.aborted) return
    if (!error) {
      outbox.delivered(lines.length)
      trouble.mended()
      return
    }
    if (!error.retry) {
      trouble.mended()
      outbox.giveUp(error, lines.length)
      return
    }
    trouble.failed(error)
    counters.retried += lines.length
    const delayMs = backoffDelay(trouble.failures, timing)
    await sleep(Math.max(delayMs, error.retryAfterMs ?? 0), systemClock, signal).catch(() => {})
  }
}
