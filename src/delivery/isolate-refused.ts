import { StreamError, toStreamError } from '../errors.js'
import type { Batch, SendQueueOptions } from './batch.js'

/** Some items of a batch that follow each other. */
export type Part<Item> = Pick<Batch<Item>, 'items' | 'lines'>

/**
 * The `deliver` of an output that accepts a part of a batch as a whole, or refuses it as a whole. A refused
 * part is halved until one item is left.
 *
 * An output that refuses everything is itself wrong, and no item may be given up for that. So a refused item
 * waits until the output accepts one after it. Then it is sent again, and given up where it is refused again.
 * Where it is accepted this time, it is out of its order. At the end there is no time to wait: a refused item
 * is given up at once.
 * @param send rejects with an error that is not retried where the output refuses the part
 */
export function isolateRefused<Item>(
  send: (part: Part<Item>, signal: AbortSignal) => Promise<void>,
): SendQueueOptions<Item>['deliver'] {
  /** How many items a part has. */
  let size = Number.POSITIVE_INFINITY
  /** How many deliveries in a row have ended with nothing but refusals. */
  let blocked = 0

  /** @returns why the part is refused, or undefined where it is accepted */
  const attempt = async (part: Part<Item>, signal: AbortSignal) => {
    try {
      await send(part, signal)
      return undefined
    } catch (thrown) {
      const error = toStreamError(thrown)
      const count = part.items.length
      // What takes too long in one go may be done in time in two.
      if (!error.retry || error.code === 'timed-out') size = Math.ceil(count / 2) || 1
      if (error.retry || error.code === 'output-closed' || count === 0) throw error
      return error
    }
  }

  return async (batch, signal) => {
    if (blocked > 0) batch.fill()
    /** Why the first items of the batch were refused, each one alone. */
    const refusals: StreamError[] = []
    do {
      const late = batch.expired()
      if (late) {
        for (const refusal of refusals) batch.refused(refusal)
        throw late
      }
      const part = partOf(batch, refusals.length, size)
      const refusal = await attempt(part, signal)
      if (refusal && part.items.length > 1) continue
      if (refusal && !batch.closing()) {
        refusals.push(refusal)
        // Each delivery tries more items than the last, so that a row of refused ones has an end.
        if (refusals.length > 2 ** blocked) break
        continue
      }
      while (refusals.length > 0) {
        const before = refusals.shift()
        const again = batch.expired() ? before : await attempt(partOf(batch, 0, 1), signal)
        settle(batch, 1, again)
      }
      settle(batch, part.items.length, refusal)
      if (refusal) continue
      blocked = 0
      size *= 2
    } while (batch.items.length > refusals.length)

    const [first] = refusals
    if (!first) return
    blocked++
    const { message, status, cause } = first
    throw new StreamError('output-refused', `${message}, and nothing after that was accepted`, {
      cause,
      ...(status === undefined ? {} : { status }),
    })
  }
}

function partOf<Item>({ items, lines }: Batch<Item>, from: number, count: number): Part<Item> {
  return { items: items.slice(from, from + count), lines: lines.slice(from, from + count) }
}

/** The first so many items of the batch are delivered, or the first one is refused. */
function settle<Item>(batch: Batch<Item>, count: number, refusal: StreamError | undefined): void {
  if (refusal) batch.refused(refusal)
  else batch.delivered(count)
}
