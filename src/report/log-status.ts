import type { Status } from '../connection/status.js'
import type { LogFields, Logger, LogLevel } from '../log.js'
import { formatDuration } from '../text.js'
import { abnormalSilence } from './health.js'
import type { EntrySnapshot } from './snapshot.js'

type Line = readonly [level: LogLevel, message: string, fields?: LogFields]

/** Logs the new status of an entry; `log` adds its name. */
export function logStatus(log: Logger, status: Status): void {
  // An attempt is no state of its own: the state before it still holds.
  const state = status.type === 'connecting' ? {} : ({ state: true } as const)
  const [level, message, fields] = describe(status)
  log[level](message, { ...fields, ...state })
}

function describe(status: Status): Line {
  switch (status.type) {
    case 'connecting':
      return ['debug', `connecting (attempt ${status.attempt})`]
    case 'open':
      if (status.reconnects === 0) return ['info', 'connected']
      return [
        'info',
        `connected again after a gap of ${duration(status.gapMsBefore)}`,
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

function duration(ms: number): string {
  return ms < 100 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/**
 * Makes a function that logs a warning when an open entry is silent for too long, and a line when
 * messages come again. Call it every few seconds. A new connection alone does not end a silence.
 */
export function createSilenceLog(log: Logger): (entries: readonly EntrySnapshot[]) => void {
  /** By entry: the number of frames when the warning was logged. */
  const warned = new Map<string, number>()
  return (entries) => {
    for (const entry of entries) {
      const { name, topic, status } = entry
      const before = warned.get(name)
      if (before !== undefined) {
        if (before === status.frames) continue
        warned.delete(name)
        // Fewer: a reload has replaced the entry.
        if (before < status.frames) log.info('messages come again', { entry: name })
      }
      const silentMs = abnormalSilence(entry)
      if (silentMs === undefined) continue
      warned.set(name, status.frames)
      log.warn(
        `open, but no message for ${formatDuration(silentMs)}, which is unusual for ${topic}: ` +
          'check in Central that devices are up and the topic is still ticked',
        { entry: name },
      )
    }
    const present = new Set(entries.map(({ name }) => name))
    for (const name of warned.keys()) if (!present.has(name)) warned.delete(name)
  }
}
