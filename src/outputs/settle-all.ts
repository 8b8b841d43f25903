import { errorText } from '../errors.js'
import type { Logger } from '../log.js'

/**
 * Does the same to all. A failure is logged, and does not stop the others.
 * @returns whether there was none
 */
export async function settleAll<T>(
  all: readonly T[],
  work: (each: T) => Promise<void> | undefined,
  log: Logger,
): Promise<boolean> {
  const results = await Promise.allSettled(all.map(async (each) => work(each)))
  for (const result of results) {
    if (result.status === 'rejected') log.error(`an output failed: ${errorText(result.reason)}`)
  }
  return results.every(({ status }) => status === 'fulfilled')
}
