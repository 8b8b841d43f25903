import { StreamError, toStreamError } from '../errors.js'
import type { Batch, SendQueueOptions } from './delivery.js'

/** Some items of a batch that follow each other. */
export type Part<Item> = Pick<Batch<Item>, 'items' | 'lines'>

/**
 * The `deliver` of an output that takes a part of a batch as a whole or refuses it as a whole. A part that
 * is refused is halved until one item is left. This item is given up only when the output has accepted
 * another one after it: an output that refuses everything is itself wrong, so the items wait. At the
 * end, nothing is left to wait for, and a refused item is given up at once.
 * @param send rejects with an error that is not retried where the output refuses the part
 */
export function isolateRefused<Item>(
  send: (part: Part<Item>, signal: AbortSignal) => Promise<void>,
): SendQueueOptions<Item>['deliver'] {
  /** How many items a part has. */
  let size = Number.POSITIVE_INFINITY
  /** How many deliveries in a row have ended with nothing but refusals. */
  let blocked = 0

  return async (batch, signal) => {
    if (blocked > 0) batch.fill()
    /** Why the first items of the batch were refused, each one alone. */
    let refusals: StreamError[] = []
    const giveUpRefused = () => {
      for (const error of refusals) batch.refused(error)
      refusals = []
    }
    do {
      const from = refusals.length
      const items = batch.items.slice(from, from + size)
      try {
        await send({ items, lines: batch.lines.slice(from, from + size) }, signal)
      } catch (thrown) {
        const error = toStreamError(thrown)
        // What takes too long in one go may be done in time in two.
        if (!error.retry || error.code === 'timed-out') size = Math.ceil(items.length / 2) || 1
        if (error.retry || error.code === 'output-closed' || items.length === 0) throw error
        if (items.length > 1) continue
        refusals.push(error)
        if (batch.closing()) giveUpRefused()
        // Each delivery tries more items than the last, so that a row of refused ones has an end.
        if (refusals.length > 2 ** blocked) break
        continue
      }
      giveUpRefused()
      batch.delivered(items.length)
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
