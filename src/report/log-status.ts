import type { Status } from '../connection/status.js'
import type { LogFields, Logger, LogLevel } from '../log.js'
import { formatDuration, listed } from '../text.js'
import { abnormalSilence } from './health.js'
import type { EntrySnapshot } from './snapshot.js'

/** Up to so many subscriptions each have lines of their own. */
export const FEW = 6

export type StatusLine = {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/** Logs the new status of an entry; `log` adds its name. */
export function logStatus(log: Logger, status: Status): void {
  const { level, message, fields } = describeStatus(status)
  log[level](message, fields)
}

/** The line for the new status of an entry. */
export function describeStatus(status: Status): StatusLine {
  const [level, message, fields] = describe(status)
  // An attempt is no state of its own: the state before it still holds.
  return { level, message, fields: status.type === 'connecting' ? {} : { ...fields, state: true } }
}

function describe(status: Status): readonly [level: LogLevel, message: string, fields?: LogFields] {
  switch (status.type) {
    case 'connecting':
      return ['debug', `connecting (attempt ${status.attempt})`]
    case 'open':
      if (status.reconnects === 0) return ['info', 'connected']
      return [
        'info',
        `connected again after a gap of ${duration(status.gapMsBefore)}; messages of that time may be missing`,
        // With a code, the lines of an unstable connection are collapsed, like those of its losses.
        { gap_seconds: status.gapMsBefore / 1000, code: 'reconnected' },
      ]
    case 'retrying': {
      const { cause, delayMs } = status
      return [
        'warn',
        `${cause.message}; trying again ${delayMs === 0 ? 'at once' : `in ${duration(delayMs)}`}`,
        { code: cause.code },
      ]
    }
    case 'refused': {
      const { cause, delayMs } = status
      const next =
        delayMs === undefined ? 'this entry is given up' : 'it is tried again every 10 min'
      return ['error', `${cause.message}; ${next}`, { code: cause.code }]
    }
    case 'ended': {
      const { cause } = status
      if (!cause) return ['info', 'ended']
      return ['error', `ended: ${cause.message}`, { code: cause.code }]
    }
  }
}

export function duration(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

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
