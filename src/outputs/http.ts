import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { type Clock, systemClock } from '../clock.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused } from '../delivery/isolate-refused.js'
import type { BackoffOptions } from '../net/backoff.js'
import { HttpSink, parseHttpTarget } from './http-sink.js'
import type { Item, LineOutput, Output, OutputContext } from './output.js'
import { createRemoteQueue } from './remote-queue.js'
import { asRows } from './rows.js'
import { numberForm, ROWS, readType, wordForm } from './type-options.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576, maxAgeMs: 1_000 }
/** One batch on its way and the next two being filled. */
const BUDGET_BYTES = 3 * BATCH.maxBytes

/** When to try again, and how long one request may take, milliseconds. */
export type HttpTiming = BackoffOptions & { readonly requestMs?: number; readonly clock?: Clock }

const OPTIONS = {
  /** How many messages a batch holds at most. */
  batch: numberForm(1, 100_000),
  gzip: wordForm('on', 'off'),
  ...ROWS,
}

const compress = promisify(gzip)

/**
 * `http(s)://…[#batch=N,gzip=off,rows]`: batches of NDJSON by POST, one at a time so that order holds. A batch
 * is delivered when it was answered with 2xx. After 400, 413 and 422 it is halved, to find the message
 * that is refused; anything else is retried until it works. Whether the receiver is there shows with the
 * first batch: asking without sending data is not possible.
 * @throws StreamError `exporter-unusable` or `usage` where the TYPE, a header or the proxy is wrong
 */
export async function openHttp(
  type: string,
  context: OutputContext,
  { requestMs, clock = systemClock, ...timing }: HttpTiming = {},
): Promise<Output> {
  const { counters } = context
  const { target, options } = readType(type, OPTIONS)
  const gzipped = options.gzip !== 'off'
  const sink = new HttpSink(parseHttpTarget(target), context, gzipped, requestMs)
  const queue = createRemoteQueue<Item>(context, {
    name: sink.name,
    timing,
    clock,
    deliver: isolateRefused(async ({ lines }) => {
      const body = Buffer.concat(lines)
      // The fastest level: JSON shrinks well with any, and the stream should not wait for it.
      const level = constants.Z_BEST_SPEED
      await sink.post(gzipped ? await compress(body, { level }) : body)
    }),
    batch: { ...BATCH, maxCount: options.batch ?? BATCH.maxCount },
    budget: new ByteBudget(BUDGET_BYTES),
  })
  const output: LineOutput = {
    needs: 'line',
    write(messages) {
      counters.waiting += messages.length
      return queue.write(messages)
    },
    async close() {
      await queue.close()
      await sink.close()
    },
  }
  return options.rows ? asRows(output, context) : output
}
