import type { LogFields, Logger } from '../log.js'
import { receivedBy } from '../pipeline/received.js'
import type { Snapshot } from './snapshot.js'
import { showState, showTotals } from './words.js'

type StatsLine = { readonly message: string; readonly fields: LogFields }

/**
 * Logs the counters, one line for the program, one for each entry, one for each exporter; to be
 * called at `--stats_interval` and at the end.
 */
export function logStats(log: Logger, snapshot: Snapshot, now: number): void {
  for (const { message, fields } of formatStats(snapshot, now)) log.info(message, fields)
}

/** Numbers stand in the fields, so that a collector of JSON logs need not read sentences. */
function formatStats(snapshot: Snapshot, now: number): StatsLine[] {
  const { entries, exporters, earlier, startedAt } = snapshot
  const total: StatsLine = {
    message: showTotals(entries),
    fields: {
      ...receivedBy(entries, earlier),
      delivered: sum(exporters.map(({ counters }) => counters.delivered)),
      given_up: sum(exporters.map(({ counters }) => counters.givenUp)),
      up_seconds: seconds(now - startedAt),
    },
  }
  const perEntry = entries.map(
    (entry): StatsLine => ({
      message: showState(entry),
      fields: {
        entry: entry.name,
        topic: entry.topic,
        messages: entry.messages,
        bytes: entry.status.bytes,
        undecodable: entry.undecodable,
        schema_drift: entry.drifts || undefined,
        reconnects: entry.status.reconnects,
        gap_seconds: seconds(entry.status.gapMs),
        last_message: time(entry.status.lastFrameAt),
      },
    }),
  )
  const before: StatsLine[] = earlier?.bytes
    ? [{ message: 'received by entries before they were changed or removed', fields: earlier }]
    : []
  const perExporter = exporters.map(
    ({ name, counters }): StatsLine => ({
      message: counters.givenUp === 0 ? 'messages handed on' : 'messages handed on, with losses',
      fields: {
        exporter: name,
        delivered: counters.delivered,
        retried: counters.retried,
        given_up: counters.givenUp,
        waiting: counters.waiting,
      },
    }),
  )
  return [total, ...perEntry, ...before, ...perExporter]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function seconds(ms: number): number {
  return Math.round(ms / 1000)
}

function time(ms: number | undefined): string {
  return ms === undefined ? 'never' : new Date(ms).toISOString()
}
