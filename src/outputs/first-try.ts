import { untilAborted } from '../clock.js'
import { StreamError } from '../errors.js'

/** How long the start waits for an output. After that, streams begin, and messages wait. */
const START_MS = 5_000

/** What a first try is called, and what ends it. */
type FirstTry = {
  readonly name: string
  readonly graceOver: AbortSignal
  /** Default: 5 s. */
  readonly startMs?: number | undefined
}

/**
 * Tries to reach the other side of an output for the first time.
 * @returns why it did not work, or undefined where it did
 */
export async function firstTry(
  { name, graceOver, startMs = START_MS }: FirstTry,
  attempt: (signal: AbortSignal) => Promise<unknown>,
): Promise<unknown> {
  const late = AbortSignal.timeout(startMs)
  const signal = AbortSignal.any([late, graceOver])
  try {
    await untilAborted(attempt(signal), signal)
    return undefined
  } catch (error) {
    if (!late.aborted) return error
    return new StreamError('timed-out', `${name}: no answer within ${startMs / 1000} s`)
  }
}
