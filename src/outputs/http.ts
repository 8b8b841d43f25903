import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import { type Clock, systemClock } from '../clock.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import { RetryLog } from '../delivery/retry-log.js'
import { SendQueue } from '../delivery/send-queue.js'
import { type BackoffOptions, backoffDelay } from '../net/backoff.js'
import { HttpSink, parseHttpTarget } from './http-sink.js'
import { accountOf, type Item, type LineOutput, type OutputContext } from './output.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576, maxAgeMs: 1_000 }
/** One batch on its way and the next two being filled. */
const BUDGET_BYTES = 3 * BATCH.maxBytes

/** When to try again, and how long one request may take, milliseconds. */
export type HttpTiming = BackoffOptions & { readonly requestMs?: number; readonly clock?: Clock }

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
  context: OutputContext,
  { requestMs, clock = systemClock, ...timing }: HttpTiming = {},
): Promise<LineOutput> {
  const { counters, log, graceOver, forced } = context
  const sink = new HttpSink(parseHttpTarget(target), context, requestMs)
  const queue = new SendQueue<Item>({
    ...accountOf(context),
    clock,
    async deliver({ lines }) {
      // The fastest level: JSON shrinks well with any, and the stream should not wait for it.
      const body = await compress(Buffer.concat(lines), { level: constants.Z_BEST_SPEED })
      const error = await sink.post(body)
      if (error) throw error
    },
    batch: BATCH,
    budget: new ByteBudget(BUDGET_BYTES),
    retryLog: new RetryLog({ log }),
    delayMs: (failures) => backoffDelay(failures, timing),
    graceOver,
    endsAtGrace: true,
    forced,
    late: `${sink.name}: not delivered before the end`,
  })
  return {
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
}
