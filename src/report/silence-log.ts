import type { LogFields, Logger } from '../log.js'
import { formatDuration, listed } from '../text.js'
import { type EntrySnapshot, FEW } from './snapshot.js'
import { abnormalSilence } from './trouble.js'

/**
 * Makes a function that logs a warning when an open entry is silent for too long, and a line when
 * messages come again. Where there are many entries, those of a cluster and topic share a line. Call it
 * every few seconds. A new connection alone does not end a silence.
 */
export function createSilenceLog(log: Logger): (entries: readonly EntrySnapshot[]) => void {
  /** By entry: the number of frames when the warning was logged. */
  const warned = new Map<string, number>()
  return (entries) => {
    const silent: EntrySnapshot[] = []
    const again: EntrySnapshot[] = []
    for (const entry of entries) {
      const { label, status } = entry
      const before = warned.get(label)
      if (before !== undefined) {
        if (before === status.frames) continue
        warned.delete(label)
        // Fewer: a reload has replaced the entry.
        if (before < status.frames) again.push(entry)
      }
      if (abnormalSilence(entry) === undefined) continue
      warned.set(label, status.frames)
      silent.push(entry)
    }
    for (const [first, ...others] of together(again, entries.length)) {
      log.info('messages come again', whereOf(first, others))
    }
    for (const [first, ...others] of together(silent, entries.length)) {
      log.warn(
        `open, but no message for ${formatDuration(abnormalSilence(first) ?? 0)}, which is unusual for ${first.topic}: ` +
          'check in Central that devices are up and the topic is still ticked',
        whereOf(first, others),
      )
    }
    const present = new Set(entries.map(({ label }) => label))
    for (const label of warned.keys()) if (!present.has(label)) warned.delete(label)
  }
}

type Some = readonly [EntrySnapshot, ...EntrySnapshot[]]

/** Those that share a line: of a cluster and topic, where there are many entries in all. */
function together(entries: readonly EntrySnapshot[], total: number): Some[] {
  const groups = new Map<string, Some>()
  for (const entry of entries) {
    const { label, host, topic } = entry
    const key = total <= FEW ? label : `${topic} ${host}`
    const [first, ...others] = groups.get(key) ?? []
    groups.set(key, first ? [first, ...others, entry] : [entry])
  }
  return [...groups.values()]
}

function whereOf(first: EntrySnapshot, others: readonly EntrySnapshot[]): LogFields {
  if (others.length === 0) return { entry: first.label }
  const { host, topic } = first
  const labels = [first, ...others].map(({ label }) => label)
  return { host, topic, subscriptions: labels.length, entries: listed(labels) }
}
