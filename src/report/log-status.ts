import type { Status } from '../connection/status.js'
import type { LogFields, Logger, LogLevel } from '../log.js'

type Line = { readonly level: LogLevel; readonly message: string; readonly fields?: LogFields }

/** Logs what a change of an entry's status means for its operator. */
export function logStatus(log: Logger, status: Status): void {
  const { level, message, fields } = describe(status)
  log[level](message, fields)
}

function describe(status: Status): Line {
  switch (status.type) {
    case 'connecting':
      return { level: 'debug', message: `connecting (attempt ${status.attempt})` }
    case 'open':
      if (status.reconnects === 0) return { level: 'info', message: 'connected' }
      return {
        level: 'info',
        message: `connected again after a gap of ${seconds(status.gapMsBefore)}`,
        // The code lets a flapping connection's lines be summed up, like those of its losses.
        fields: { gap_seconds: status.gapMsBefore / 1000, code: 'reconnected' },
      }
    case 'retrying':
      return {
        level: 'warn',
        message: `${status.cause.message}; trying again in ${seconds(status.delayMs)}`,
        fields: { code: status.cause.code },
      }
    case 'refused':
      return {
        level: 'error',
        message: `${status.cause.message}; this entry is given up`,
        fields: { code: status.cause.code },
      }
    case 'ended':
      if (!status.cause) return { level: 'info', message: 'ended' }
      return {
        level: 'error',
        message: `ended: ${status.cause.message}`,
        fields: { code: status.cause.code },
      }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
