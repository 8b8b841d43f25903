import { abnormalSilence } from './health.js'
import { histogramText } from './histogram-text.js'
import type { EntrySnapshot, ExporterSnapshot, Snapshot } from './snapshot.js'

type MetricsRegistry = {
  readonly contentType: string
  /** A snapshot as text. One call at a time. */
  render(snapshot: Snapshot): Promise<string>
}

type Row<Of> = {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** Undefined: no sample. */
  readonly value: (of: Of) => number | undefined
}

const isState = (type: string) => (entry: EntrySnapshot) => Number(entry.status.type === type)

const DELAY = {
  name: 'aruba_stream_delay_seconds',
  help: 'From the timestamp of a message until its receipt; one message of each batch counts.',
  labelName: 'topic',
}
const EXPORT = {
  name: 'aruba_stream_export_seconds',
  help: 'From the receipt of a message until it was delivered; one of each delivery counts.',
  labelName: 'exporter',
}

/** For each entry, with labels `customer` and `topic`. */
const ENTRY_ROWS: readonly Row<EntrySnapshot>[] = [
  {
    name: 'aruba_stream_up',
    help: 'Whether the connection of the entry is open.',
    type: 'gauge',
    value: isState('open'),
  },
  {
    name: 'aruba_stream_refused',
    help: 'Whether Central refuses the entry: its key, its topic or its host name.',
    type: 'gauge',
    value: isState('refused'),
  },
  {
    name: 'aruba_stream_silent',
    help: 'Whether the entry is open but silent for longer than is usual for its topic.',
    type: 'gauge',
    value: (entry) => Number(abnormalSilence(entry) !== undefined),
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
    name: 'aruba_stream_filtered_total',
    help: 'Messages of which the transform let nothing go on.',
    type: 'counter',
    value: ({ filtered }) => filtered,
  },
  {
    name: 'aruba_stream_schema_drift_total',
    help: 'Fields and enum values received that the schema does not know.',
    type: 'counter',
    value: ({ unknownFields }) => unknownFields,
  },
  {
    name: 'aruba_stream_repeats_total',
    help: 'Events of New Central that came again and were dropped.',
    type: 'counter',
    value: ({ status }) => status.repeats,
  },
  {
    name: 'aruba_stream_skipped_text_frames_total',
    help: 'Text frames of New Central, which mean nothing and are skipped.',
    type: 'counter',
    value: ({ skippedTexts }) => skippedTexts,
  },
  {
    name: 'aruba_stream_received_bytes_total',
    help: 'Bytes of the frames received.',
    type: 'counter',
    value: ({ status }) => status.bytes,
  },
  {
    name: 'aruba_stream_last_message_timestamp_seconds',
    help: 'Time of the last frame, seconds since the epoch.',
    type: 'gauge',
    value: ({ status }) =>
      status.lastFrameAt === undefined ? undefined : status.lastFrameAt / 1000,
  },
  {
    name: 'aruba_stream_reconnects_total',
    help: 'Connections opened after an earlier one was lost.',
    type: 'counter',
    value: ({ status }) => status.reconnects,
  },
  {
    name: 'aruba_stream_gap_seconds_total',
    help: 'Seconds without a connection; a gap is added when it ends.',
    type: 'counter',
    value: ({ status }) => status.gapMs / 1000,
  },
  {
    name: 'aruba_stream_key_age_seconds',
    help: 'Seconds since Central made the key. Central renews keys every 7 days.',
    type: 'gauge',
    value: ({ service, credentialAge }) => (service === 'classic' ? credentialAge : undefined),
  },
  {
    name: 'aruba_stream_token_age_seconds',
    help: 'Seconds since the token of the API client was issued.',
    type: 'gauge',
    value: ({ service, credentialAge }) => (service === 'newcentral' ? credentialAge : undefined),
  },
]

/** For each exporter, with label `exporter`. */
const EXPORTER_ROWS: readonly Row<ExporterSnapshot>[] = [
  {
    name: 'aruba_stream_export_up',
    help: 'Whether the exporter takes messages; 0 while what it does fails.',
    type: 'gauge',
    value: ({ state }) => Number(state.up),
  },
  {
    name: 'aruba_stream_exported_total',
    help: 'Messages delivered by the exporter.',
    type: 'counter',
    value: ({ counters }) => counters.delivered,
  },
  {
    name: 'aruba_stream_export_retries_total',
    help: 'Deliveries that the exporter tried again.',
    type: 'counter',
    value: ({ counters }) => counters.retried,
  },
  {
    name: 'aruba_stream_export_given_up_total',
    help: 'Messages that the exporter gave up, those in the dead letter included.',
    type: 'counter',
    value: ({ counters }) => counters.givenUp,
  },
  {
    name: 'aruba_stream_export_kept_total',
    help: 'Messages that the exporter gave up and that are kept in the dead letter.',
    type: 'counter',
    value: ({ counters }) => counters.kept,
  },
  {
    name: 'aruba_stream_export_waiting',
    help: 'Messages that wait in the exporter.',
    type: 'gauge',
    value: ({ counters }) => counters.waiting,
  },
]

/**
 * Makes the metrics of this program and those of the process. Values are taken from the snapshot at each
 * rendering, so nothing is counted twice. Labels come from the input file and the command line alone, so
 * their number is bounded.
 */
export async function createRegistry(version: string): Promise<MetricsRegistry> {
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  // The default precision of 10 ms would wake an idle program a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  new Gauge({
    name: 'aruba_stream_build_info',
    help: 'Always 1; the label holds the version of aruba-stream.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1)

  /** Makes the metrics of these rows, and the function that sets them. */
  const setter = <Of>(
    rows: readonly Row<Of>[],
    labelNames: string[],
    labels: (of: Of) => Record<string, string>,
  ) => {
    const metrics = rows.map(({ name, help, type, value }) => {
      const config = { name, help, labelNames, registers: [registry] }
      return { metric: type === 'counter' ? new Counter(config) : new Gauge(config), value }
    })
    return (all: readonly Of[]) => {
      for (const { metric, value } of metrics) {
        metric.reset()
        for (const one of all) {
          const number = value(one)
          if (number !== undefined) metric.inc(labels(one), number)
        }
      }
    }
  }
  const setEntries = setter(ENTRY_ROWS, ['customer', 'topic'], ({ name, topic }) => ({
    customer: name,
    topic,
  }))
  const info = new Gauge({
    name: 'aruba_stream_subscription_info',
    help: 'Always 1; the labels hold the cluster and the service of the entry.',
    labelNames: ['customer', 'topic', 'host', 'service'],
    registers: [registry],
  })
  const setInfo = (entries: readonly EntrySnapshot[]) => {
    info.reset()
    for (const { name: customer, topic, host, service } of entries) {
      info.set({ customer, topic, host, service }, 1)
    }
  }
  const subscriptions = new Gauge({
    name: 'aruba_stream_subscriptions',
    help: 'Subscriptions by state.',
    labelNames: ['state'],
    registers: [registry],
  })
  const setSubscriptions = (entries: readonly EntrySnapshot[]) => {
    for (const state of ['open', 'connecting', 'retrying', 'refused', 'ended']) {
      subscriptions.set({ state }, entries.filter(({ status }) => status.type === state).length)
    }
  }
  const setExporters = setter(EXPORTER_ROWS, ['exporter'], ({ name }) => ({ exporter: name }))

  return {
    contentType: registry.contentType,
    async render({ entries, exporters, delays = new Map() }) {
      setEntries(entries)
      setInfo(entries)
      setSubscriptions(entries)
      setExporters(exporters)
      const times = exporters.flatMap(({ name: label, times: histogram }) =>
        histogram ? [{ label, histogram }] : [],
      )
      const late = Array.from(delays, ([label, histogram]) => ({ label, histogram }))
      return [
        await registry.metrics(),
        histogramText(DELAY, late),
        histogramText(EXPORT, times),
      ].join('')
    },
  }
}
