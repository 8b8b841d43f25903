import { type Clock, systemClock } from '../clock.js'
import type { Logger } from '../log.js'
import { formatDuration } from '../text.js'
import type { Snapshot } from './snapshot.js'
import { holdsOf } from './trouble.js'

/**
 * Makes a function that logs a warning when the streams wait for an output, and a line when that is over.
 * Call it every few seconds.
 */
export function createHoldLog(
  log: Logger,
  clock: Pick<Clock, 'elapsed'> = systemClock,
): (snapshot: Pick<Snapshot, 'outputs' | 'holds'>) => void {
  /** By output: since when. */
  const warned = new Map<string, number>()
  return ({ outputs, holds = [] }) => {
    const holding = holdsOf({ holds })
    for (const { name, heldMs, ofEntry } of holding) {
      if (warned.has(name)) continue
      warned.set(name, clock.elapsed() - heldMs)
      const waiting = outputs.find((output) => output.name === name)?.counters.waiting
      const text = ofEntry
        ? 'an entry waits for it, and the other outputs get no more of that entry either'
        : 'the streams wait for it: there is no room for more messages, and the other outputs get none either'
      log.warn(text, { exporter: name, code: 'streams-wait', waiting, state: 'holds' })
    }
    for (const [name, sinceMs] of warned) {
      if (holding.some((hold) => hold.name === name)) continue
      warned.delete(name)
      log.info(`the streams go on after ${formatDuration(clock.elapsed() - sinceMs)}`, {
        ...{ exporter: name, code: 'streams-go-on', state: 'holds' },
      })
    }
  }
}
