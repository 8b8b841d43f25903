import type { Socket } from 'node:net'
import { untilAborted } from '../clock.js'
import type { BatchLimits, SendQueueOptions } from '../delivery/batch.js'
import { RetryLog } from '../delivery/retries.js'
import { SendQueue } from '../delivery/send-queue.js'
import { StreamError, toStreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import { accountOf, type Item, type Output, type OutputContext } from './output.js'

type RemoteQueueOptions<I extends Item> = Partial<SendQueueOptions<I>> &
  Pick<SendQueueOptions<I>, 'deliver' | 'budget'> & {
    readonly batch: BatchLimits
  }

/**
 * The send queue of an output to another machine or to a user's module. After each failure it waits
 * longer. When the grace time is over, it gives up what is not under way.
 */
export function createRemoteQueue<I extends Item>(
  context: OutputContext,
  own: RemoteQueueOptions<I>,
): SendQueue<I> {
  const { clock, random, stopping, holdOver, graceOver, overdue, forced } = context
  return new SendQueue<I>({
    ...accountOf(context),
    retryLog: own.retryLog ?? new RetryLog(context),
    delayMs: (failures) => backoffDelay(failures, random),
    clock,
    stopping,
    holdOver,
    graceOver,
    overdue,
    lateWork: 'none',
    forced,
    late: 'not delivered before the end',
    ...own,
  })
}

/** How long the start waits for an output. After that, streams begin, and messages wait. */
const START_MS = 5_000

type FirstTry = {
  /** The output, as messages name it. */
  readonly name: string
  readonly graceOver: AbortSignal
}

/**
 * Tries to reach the other side of an output for the first time.
 * @returns why it did not work, or undefined where it did
 */
export async function firstTry(
  { name, graceOver }: FirstTry,
  attempt: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const late = AbortSignal.timeout(START_MS)
  const signal = AbortSignal.any([late, graceOver])
  try {
    await untilAborted(attempt(signal), signal)
    return undefined
  } catch (error) {
    if (!late.aborted) return error
    return new StreamError('timed-out', `${name}: no answer within ${START_MS / 1000} s`)
  }
}

type Start = FirstTry & {
  readonly queue: Pick<SendQueue<Item>, 'interrupt'>
  /** Whether an error says that the other side refuses the login. */
  readonly isLoginRefused?: (error: StreamError) => boolean
}

/**
 * Starts an output: where its other side is not reached at the first try, messages wait in the queue, and
 * it tries again.
 * @throws StreamError `exporter-unusable` where the login is refused; the output is closed then
 */
export async function startRemote(
  output: Pick<Output, 'close'>,
  { queue, isLoginRefused = () => false, ...first }: Start,
  attempt: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const fault = await firstTry(first, attempt)
  if (fault === undefined) return
  const error = toStreamError(fault)
  if (isLoginRefused(error)) {
    await output.close()
    throw new StreamError('exporter-unusable', error.message)
  }
  queue.interrupt(error)
}

/** Far more than any answer has. */
const MAX_BYTES = 16 * 1024 * 1024
export const TOO_MUCH = 'far more came than any answer has'
const LOOK_MS = 100

/**
 * Cuts connections on which far more comes than any answer has. A client library keeps what is no whole
 * message yet, and so a server could fill the memory.
 */
export class AnswerLimit {
  readonly #sockets: () => Iterable<Socket>
  readonly #timer: NodeJS.Timeout
  /** Whether a connection was cut since the last complete answer. */
  exceeded = false
  /** How many bytes had come on each when the last answer was complete. */
  readonly #before = new WeakMap<Socket, number>()

  /** @param sockets those that are open now */
  constructor(sockets: () => Iterable<Socket>) {
    this.#sockets = sockets
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** What has come so far was answers. */
  answered(): void {
    this.exceeded = false
    for (const socket of this.#sockets()) this.#before.set(socket, socket.bytesRead)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    for (const socket of this.#sockets()) {
      if (socket.destroyed) continue
      if (socket.bytesRead - (this.#before.get(socket) ?? 0) <= MAX_BYTES) continue
      this.exceeded = true
      socket.destroy(new StreamError('answer-invalid', TOO_MUCH))
    }
  }
}
