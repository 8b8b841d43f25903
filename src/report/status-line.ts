import type { Status } from '../connection/status.js'
import type { LogFields, Logger, LogLevel } from '../log.js'

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
    case 'open': {
      const { reconnects, gapMsBefore: gapMs } = status
      if (reconnects === 0) return ['info', 'connected']
      return [
        'info',
        `connected again after a gap of ${duration(gapMs)}; messages of that time may be missing`,
        // With a code, the lines of an unstable connection are collapsed, like those of its losses.
        { gap_seconds: gapMs / 1000, gapMs, code: 'reconnected' },
      ]
    }
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
        delayMs === undefined
          ? 'this subscription is given up'
          : 'it is tried again every 10 min, or at once on SIGHUP'
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
