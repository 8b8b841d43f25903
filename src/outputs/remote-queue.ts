import type { BatchLimits, SendQueueOptions } from '../delivery/delivery.js'
import { RetryLog } from '../delivery/retry-log.js'
import { SendQueue } from '../delivery/send-queue.js'
import { type BackoffOptions, backoffDelay } from '../net/backoff.js'
import { accountOf, type Item, type OutputContext } from './output.js'

type RemoteQueueOptions<I extends Item> = Partial<SendQueueOptions<I>> &
  Pick<SendQueueOptions<I>, 'deliver' | 'budget'> & {
    readonly batch: BatchLimits
    /** The output, as messages name it. */
    readonly name: string
    readonly timing: BackoffOptions
  }

/**
 * The send queue of an output to another machine or to a user's module. After each failure it waits
 * longer, and it gives up what is left when the grace time is over.
 */
export function createRemoteQueue<I extends Item>(
  context: OutputContext,
  { name, timing, ...own }: RemoteQueueOptions<I>,
): SendQueue<I> {
  const { graceOver, forced } = context
  return new SendQueue<I>({
    ...accountOf(context),
    retryLog: own.retryLog ?? new RetryLog(context),
    delayMs: (failures) => backoffDelay(failures, timing),
    graceOver,
    endsAtGrace: true,
    forced,
    late: `${name}: not delivered before the end`,
    ...own,
  })
}
