import type { LogFields, Logger } from '../log.js'
import { TRANSFORM } from '../outputs/output.js'
import { receivedBy } from '../pipeline/received.js'
import {
  describeEntries,
  describeState,
  describeUndelivered,
  exportersOf,
  type Snapshot,
} from './snapshot.js'

type StatsLine = { readonly message: string; readonly fields: LogFields }

/** Logs the counters: a line for the program, one for each entry, and one for each exporter. */
export function logStats(log: Logger, snapshot: Snapshot): void {
  for (const { message, fields } of statsLines(snapshot)) log.info(message, fields)
}

/** Logs at the end where the undelivered messages are, and how to send them. */
export function logUndelivered(log: Logger, { exporters, deadLetterFile }: Snapshot): void {
  for (const { name, counters } of exporters) {
    const { givenUp, kept } = counters
    const lost = givenUp - kept
    const at = { exporter: name }
    if (kept > 0) {
      const output = outputOption(name)
      log.warn(
        `${messages(kept)} kept in ${deadLetterFile}; to send them: ` +
          `aruba-stream replay ${shellWord(deadLetterFile ?? '')} ${output}`,
        at,
      )
    }
    if (lost > 0) log.warn(`${messages(lost)} lost; --dead_letter FILE keeps such messages`, at)
  }
}

/** Numbers are fields, so that a collector of JSON logs finds them. */
function statsLines(snapshot: Snapshot): StatsLine[] {
  const { entries, earlier, deadLetterFile, upMs } = snapshot
  const exporters = exportersOf(snapshot)
  const total: StatsLine = {
    message: describeEntries(entries),
    fields: {
      ...receivedBy(entries, earlier),
      delivered: sum(exporters.map(({ counters }) => counters.delivered)),
      given_up: sum(exporters.map(({ counters }) => counters.givenUp)),
      kept: sum(exporters.map(({ counters }) => counters.kept)) || undefined,
      up_seconds: seconds(upMs),
    },
  }
  const perEntry = entries.map(
    (entry): StatsLine => ({
      message: describeState(entry),
      fields: {
        entry: entry.name,
        topic: entry.topic,
        messages: entry.messages,
        bytes: entry.status.bytes,
        undecodable: entry.undecodable,
        filtered: entry.filtered,
        schema_drift: entry.unknownFields || undefined,
        repeats: entry.status.repeats || undefined,
        skipped_texts: entry.skippedTexts || undefined,
        reconnects: entry.status.reconnects,
        gap_seconds: seconds(entry.status.gapMs),
        last_message: time(entry.status.lastFrameAt),
      },
    }),
  )
  const before: StatsLine[] = earlier?.bytes
    ? [{ message: 'received by entries before they were changed or removed', fields: earlier }]
    : []
  const perExporter = exporters.map((exporter): StatsLine => {
    const { delivered, retried, givenUp, kept, waiting } = exporter.counters
    const what = exporter.name === TRANSFORM ? 'messages given up' : 'messages delivered'
    return {
      message: [what, ...describeUndelivered(exporter, deadLetterFile)].join(', '),
      fields: {
        exporter: exporter.name,
        delivered,
        retried,
        given_up: givenUp,
        kept: kept || undefined,
        waiting,
      },
    }
  })
  return [total, ...perEntry, ...before, ...perExporter]
}

function outputOption(name: string): string {
  if (name === TRANSFORM) return '--transform FILE, and the outputs'
  return name === 'stdout' ? '--decode_data' : `--export_data ${shellWord(name)}`
}

function messages(count: number): string {
  return count === 1 ? '1 message' : `${count} messages`
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
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
