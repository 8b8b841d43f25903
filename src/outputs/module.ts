import { sleep } from '../clock.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused } from '../delivery/isolate-refused.js'
import { RetryLog } from '../delivery/retries.js'
import { logWait } from '../delivery/wait-log.js'
import { StreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import type { AnyRecord, AnyTopic, StreamMessage, StreamRecordOf } from '../service.js'
import { optionPairs, splitType } from './export-type.js'
import { createTimeLimit, isThenable, loadModule, unusableModule } from './load-module.js'
import { type Item, noteTime, type Output, type OutputContext } from './output.js'
import { createRemoteQueue } from './remote.js'

/** What an export function gets beside the record. */
export type ExportContext<T extends AnyTopic = AnyTopic> = {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: T
  /** The bytes of the WebSocket message; a copy, made when it is asked for. */
  readonly frame: Uint8Array
  /** Aborts 8.8 s after a shutdown began, when a call that has not returned is given up. */
  readonly signal: AbortSignal
  /** What stands behind the path: `./save.mjs?table=x&fast` gives `{ table: 'x', fast: '' }`. */
  readonly options: ModuleOptions
}

/** One that is not there is `undefined`. */
export type ModuleOptions = Readonly<Record<string, string | undefined>>

/**
 * The default export of a module: takes one record. It is awaited before the entry's next
 * record; where it throws, the message counts as given up, or is tried again where the error has
 * `retry: true`.
 *
 * It gets the records of every entry of the input file, and `record.topic` tells which one it is.
 * `ExportFunction<'monitoring'>` is for an input file that has no other topic.
 */
export type ExportFunction<T extends AnyTopic = AnyTopic> = (
  message: StreamRecordOf<T>,
  context: ExportContext<T>,
) => void | Promise<void>

/**
 * The export `exportBatch` of a module, which may stand beside or in place of the default one:
 * takes up to 1,000 records, in order, and is awaited before the next ones. It must take all of them or
 * none. Where it throws, smaller batches are tried, until the record is found that it does not take; an
 * error that has `retry: true` has the same records tried again.
 */
export type ExportBatchFunction<T extends AnyTopic = AnyTopic> = (
  records: readonly StreamRecordOf<T>[],
  context: ExportBatchContext,
) => void | Promise<void>

/** What `exportBatch` gets beside the records. */
export type ExportBatchContext = Pick<ExportContext, 'signal' | 'options'>

/** What an `open` of a module gets. */
export type ModuleContext = Pick<OutputContext, 'log' | 'topics' | 'stopping'> & ExportBatchContext

/**
 * Opens a user's module: its default export is called with every message, in order per entry, and
 * awaited, or `exportBatch` with several; `open` and `close` are optional. Delivered means: the function
 * returned, or what it returned resolved.
 * @throws StreamError `exporter-unusable` with path and reason
 */
export async function openModule(type: string, context: OutputContext): Promise<Output> {
  const { target } = splitType(type)
  const pairs = optionPairs(type).map(([name, value = '']) => [name, value])
  const options = Object.freeze(Object.fromEntries(pairs))
  const label = `--export_data ${target}`
  const {
    main: exportData,
    named,
    faultText,
  } = await loadModule(label, target, {
    cwd: context.cwd,
    names: ['open', 'close', 'exportBatch'],
    instead: 'exportBatch',
  })
  const { graceOver, overdue: signal, forced, log, topics, stopping } = context

  const inTime = createTimeLimit(graceOver)
  // Where a delivery took all the time there was, `close` still gets a moment.
  const beforeCut = createTimeLimit(forced)

  /** What the module threw: `unavailable`, which is retried, where its error has `retry: true`. */
  const faultOf = (thrown: unknown) => {
    const code = asksForRetry(thrown) ? 'unavailable' : 'export-failed'
    return new StreamError(code, `${target}: ${faultText(thrown)}`)
  }

  try {
    const opening = inTime(named.open?.({ log, topics, stopping, signal, options }))
    await logWait(opening, { log, what: `open() of ${target}` })
  } catch (error) {
    throw unusableModule(label, `its open() failed: ${faultText(error)}`)
  }

  const { exportBatch } = named
  const parts = { target, options, faultOf, context }
  const sender = exportBatch ? createBatches(exportBatch, parts) : createSingles(exportData, parts)

  let closeFailed = false
  return {
    needs: 'record',
    holdsEntry: exportBatch === undefined,
    get closeFailed() {
      return closeFailed
    },
    write: (messages) => sender.write(messages),
    async close() {
      await sender.close()
      if (!named.close) return
      try {
        await beforeCut(named.close())
      } catch (error) {
        closeFailed = true
        const lost = 'what it had not written may be lost'
        log.error(`${target}: its close() failed: ${faultText(error)}; ${lost}`)
      }
    },
  }
}

type SenderParts = {
  /** The module as messages name it. */
  readonly target: string
  readonly options: ModuleOptions
  /** Makes an error of the program of what the module throws, which may be anything. */
  readonly faultOf: (thrown: unknown) => StreamError
  readonly context: OutputContext
}

/** Hands records to the default export of a module, one at a time, in order. */
function createSingles(
  exportData: (record: AnyRecord, context: ExportContext) => unknown,
  { options, faultOf, context }: SenderParts,
): Pick<Output, 'write' | 'close'> {
  const { clock, random, counters, graceOver, overdue: signal, holdOver = graceOver } = context
  const late = new StreamError('export-failed', 'not delivered before the end')
  const deliver = (message: StreamMessage): unknown => {
    const { customer, topic, record } = message
    return exportData(record, {
      customer,
      topic,
      signal,
      options,
      // A copy: other outputs make their form of the message from these bytes.
      get frame() {
        return Buffer.from(message.frame)
      },
    })
  }
  const inTime = createTimeLimit(signal)
  const retryLog = new RetryLog(context)

  /** Tries until the function takes the message, refuses it, or the time for tries is over. */
  const send = async (message: StreamMessage) => {
    let failure: StreamError | undefined
    for (let failures = 1; ; failures++) {
      if (failure ? holdOver.aborted : graceOver.aborted) {
        counters.waiting--
        context.giveUp(message, failure ?? late)
        return
      }
      try {
        const result = deliver(message)
        if (isThenable(result)) await inTime(result)
        counters.waiting--
        counters.delivered++
        noteTime(message, context)
        retryLog.works(message)
        return
      } catch (thrown) {
        failure = faultOf(thrown)
        if (!failure.retry) {
          counters.waiting--
          context.giveUp(message, failure)
          retryLog.works(message)
          return
        }
        // The entry waits for this call, and with it what it has for other outputs.
        if (holdOver.aborted) continue
        counters.retried++
        retryLog.failed(message, failure)
        await sleep(backoffDelay(failures, random), clock, holdOver)
      }
    }
  }

  return {
    async write(messages) {
      counters.waiting += messages.length
      for (const message of messages) await send(message)
    },
    async close() {},
  }
}

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576, maxAgeMs: 100 }
const BUDGET_BYTES = 4 * BATCH.maxBytes

/**
 * Hands records to `exportBatch` of a module, one batch at a time, in order. It takes a batch as a whole or
 * refuses it as a whole: one that it refuses is halved, until the record is found that it does not take.
 */
function createBatches(
  exportBatch: (records: readonly AnyRecord[], context: ExportBatchContext) => unknown,
  { target, options, faultOf, context }: SenderParts,
): Pick<Output, 'write' | 'close'> {
  const waiting = { log: context.log, what: `exportBatch() of ${target}` }
  return createRemoteQueue<Item>(context, {
    // Only the size counts here: the line of a record that nobody reads is not made.
    encode: ({ frame }) => frame,
    heldBytes: () => 0,
    deliver: isolateRefused<Item>(async ({ items }) => {
      if (items.length === 0) return
      const records = items.map((item) => (item as StreamMessage).record)
      try {
        const result = exportBatch(records, { signal: context.overdue, options })
        if (isThenable(result)) await logWait(result, waiting)
      } catch (thrown) {
        throw faultOf(thrown)
      }
    }),
    batch: BATCH,
    budget: new ByteBudget(BUDGET_BYTES),
  })
}

/** A module may throw anything, also what has getters that throw. */
function asksForRetry(thrown: unknown): boolean {
  try {
    return (thrown as { readonly retry?: unknown } | null | undefined)?.retry === true
  } catch {
    return false
  }
}
