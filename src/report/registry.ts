import type { Metric } from 'prom-client'
import { abnormalSilence } from './silence.js'
import type { EntrySnapshot, ExporterSnapshot, Snapshot } from './snapshot.js'

export type MetricsRegistry = {
  readonly contentType: string
  /** The exposition of a snapshot. */
  render(snapshot: Snapshot, now: number): Promise<string>
}

type Row<Of> = {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** Undefined where there is nothing to say yet. */
  readonly value: (of: Of, now: number) => number | undefined
}

const isState = (type: string) => (entry: EntrySnapshot) => Number(entry.status.type === type)

/** One series for each entry, with labels `customer` and `topic`. */
const ENTRY_ROWS: readonly Row<EntrySnapshot>[] = [
  {
    name: 'aruba_stream_up',
    help: 'Whether the connection of the entry is open.',
    type: 'gauge',
    value: isState('open'),
  },
  {
    name: 'aruba_stream_refused',
    help: 'Whether Central refused the entry, which was given up.',
    type: 'gauge',
    value: isState('refused'),
  },
  {
    name: 'aruba_stream_silent',
    help: 'Whether the entry is open but silent for longer than is normal for its topic.',
    type: 'gauge',
    value: (entry, now) => Number(abnormalSilence(entry, now) !== undefined),
  },
  {
    name: 'aruba_stream_messages_total',
    help: 'Messages received and decoded.',
    type: 'counter',
    value: ({ messages }) => messages,
  },
  {
    name: 'aruba_stream_undecodable_total',
    help: 'Frames received that could not be decoded.',
    type: 'counter',
    value: ({ undecodable }) => undecodable,
  },
  {
    name: 'aruba_stream_schema_drift_total',
    help: 'Fields and enum values received that the schema does not know.',
    type: 'counter',
    value: ({ drifts }) => drifts,
  },
  {
    name: 'aruba_stream_received_bytes_total',
    help: 'Bytes in the frames received.',
    type: 'counter',
    value: ({ status }) => status.bytes,
  },
  {
    name: 'aruba_stream_last_message_timestamp_seconds',
    help: 'When the last frame came, seconds since the epoch.',
    type: 'gauge',
    value: ({ status }) =>
      status.lastFrameAt === undefined ? undefined : status.lastFrameAt / 1000,
  },
  {
    name: 'aruba_stream_reconnects_total',
    help: 'Connections that were opened again after one was lost.',
    type: 'counter',
    value: ({ status }) => status.reconnects,
  },
  {
    name: 'aruba_stream_gap_seconds_total',
    help: 'Seconds without a connection between two, added when the second one opens.',
    type: 'counter',
    value: ({ status }) => status.gapMs / 1000,
  },
  {
    name: 'aruba_stream_key_age_seconds',
    help: 'Seconds since Central made the key; it renews keys every 7 days.',
    type: 'gauge',
    value: ({ keyAge }) => keyAge,
  },
]

/** One series for each exporter, with label `exporter`. */
const EXPORTER_ROWS: readonly Row<ExporterSnapshot>[] = [
  {
    name: 'aruba_stream_exported_total',
    help: 'Messages delivered by the exporter.',
    type: 'counter',
    value: ({ counters }) => counters.delivered,
  },
  {
    name: 'aruba_stream_export_retries_total',
    help: 'Deliveries that were tried again.',
    type: 'counter',
    value: ({ counters }) => counters.retried,
  },
  {
    name: 'aruba_stream_export_given_up_total',
    help: 'Messages that the exporter gave up.',
    type: 'counter',
    value: ({ counters }) => counters.givenUp,
  },
  {
    name: 'aruba_stream_export_waiting',
    help: 'Messages taken over by the exporter and not yet delivered.',
    type: 'gauge',
    value: ({ counters }) => counters.waiting,
  },
]

/**
 * Makes the program's own metrics and prom-client's process metrics. Counters are set from the
 * snapshot at each scrape, so nothing is counted in two places; labels come from the input file
 * and the command line alone, so their number is bounded.
 */
export async function createRegistry(version: string): Promise<MetricsRegistry> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  // Default precision is 10 ms, a hundred wake-ups a second in a program that mostly waits.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  new Gauge({
    name: 'aruba_stream_build_info',
    help: 'Always 1; the label holds the version of aruba-stream.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1)

  const make = <Of>({ name, help, type, value }: Row<Of>, labelNames: string[]) => {
    const config = { name, help, labelNames, registers: [registry] }
    const metric = type === 'counter' ? new Counter(config) : new Gauge(config)
    return { metric, value }
  }
  const entryMetrics = ENTRY_ROWS.map((row) => make(row, ['customer', 'topic']))
  const exporterMetrics = EXPORTER_ROWS.map((row) => make(row, ['exporter']))

  return {
    contentType: registry.contentType,
    render({ entries, exporters }, now) {
      for (const { metric, value } of entryMetrics) {
        fill(
          metric,
          entries,
          (entry) => value(entry, now),
          ({ name, topic }) => ({
            customer: name,
            topic,
          }),
        )
      }
      for (const { metric, value } of exporterMetrics) {
        fill(
          metric,
          exporters,
          (exporter) => value(exporter, now),
          ({ name }) => ({
            exporter: name,
          }),
        )
      }
      return registry.metrics()
    },
  }
}

type Settable = Metric & { inc(labels: Record<string, string>, value: number): void }

function fill<Of>(
  metric: Settable,
  all: readonly Of[],
  value: (of: Of) => number | undefined,
  labels: (of: Of) => Record<string, string>,
): void {
  metric.reset()
  for (const one of all) {
    const number = value(one)
    if (number !== undefined) metric.inc(labels(one), number)
  }
}
