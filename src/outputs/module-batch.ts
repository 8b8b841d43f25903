import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused } from '../delivery/isolate-refused.js'
import type { BackoffOptions } from '../net/backoff.js'
import type { StreamMessage } from '../service.js'
import type { AnyRecord } from '../stream-record.js'
import { moduleFault } from './module-fault.js'
import type { Item, Output, OutputContext } from './output.js'
import { createRemoteQueue } from './remote-queue.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576, maxAgeMs: 100 }
const BUDGET_BYTES = 4 * BATCH.maxBytes

/**
 * Hands records to `exportBatch` of a module, one batch at a time, in order. It takes a batch as a whole or
 * refuses it as a whole: one that it refuses is halved, until the record is found that it does not take.
 * @param target the module as messages name it
 */
export function createBatches(
  target: string,
  exportBatch: (records: readonly AnyRecord[]) => unknown,
  context: OutputContext,
  timing: BackoffOptions,
): Pick<Output, 'write' | 'close'> {
  const { counters } = context
  const queue = createRemoteQueue<Item>(context, {
    name: target,
    timing,
    // Only the size counts here: the line of a record that nobody reads is not made.
    encode: ({ frame }) => frame,
    heldBytes: () => 0,
    deliver: isolateRefused<Item>(async ({ items }) => {
      if (items.length === 0) return
      try {
        await exportBatch(items.map((item) => (item as StreamMessage).record))
      } catch (error) {
        throw moduleFault(target, error)
      }
    }),
    batch: BATCH,
    budget: new ByteBudget(BUDGET_BYTES),
  })
  return {
    write(messages) {
      counters.waiting += messages.length
      return queue.write(messages)
    },
    close: () => queue.close(),
  }
}
