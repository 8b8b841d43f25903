import type { Renewal } from '../input/rewrite.js'

type Save = (renewals: readonly Renewal[]) => Promise<void>

/**
 * Saves one batch at a time: what comes while the file is being written goes into the next one, so
 * that a thousand renewals at once are a few rewrites.
 */
export function createSaver(save: Save): Save {
  let waiting: Renewal[] = []
  let last = Promise.resolve()
  let next: Promise<void> | undefined

  return (renewals) => {
    waiting.push(...renewals)
    next ??= last.then(() => {
      const batch = waiting
      waiting = []
      last = next ?? last
      next = undefined
      return save(batch)
    })
    return next
  }
}
