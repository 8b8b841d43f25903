import type * as Prom from 'prom-client'
import type { Histogram } from '../delivery/histogram.js'
import { DELAY, ENTRY_ROWS, EXPORT, OUTPUT_ROWS, type Row } from './metric-rows.js'
import { countOf, type Snapshot, STATUS_TYPES } from './snapshot.js'
import { holdsOf } from './trouble.js'

type MetricsRegistry = {
  readonly contentType: string
  /** A snapshot as text. One call at a time. */
  render(snapshot: Snapshot): Promise<string>
}

/**
 * Makes the metrics of this program and those of the process. Values are taken from the snapshot at each
 * rendering, so nothing is counted twice. Labels come from the input file and the command line alone, so
 * their number is bounded.
 */
export async function createRegistry(version: string): Promise<MetricsRegistry> {
  const prom = await import('prom-client')
  const registry = new prom.Registry()
  // The default precision of 10 ms would wake an idle program a hundred times a second.
  prom.collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  const gauge = (name: string, help: string, labelNames: readonly string[]) =>
    new prom.Gauge({ name, help, labelNames, registers: [registry] })

  const buildInfo = 'Always 1; the label holds the version of aruba-stream.'
  gauge('aruba_stream_build_info', buildInfo, ['version']).set({ version }, 1)
  const setEntries = setterOf(
    { prom, registry },
    { rows: ENTRY_ROWS, labelNames: ['customer', 'topic'] },
    ({ name, topic }) => ({ customer: name, topic }),
  )
  const info = gauge(
    'aruba_stream_subscription_info',
    'Always 1; the labels hold the cluster and the service of the subscription.',
    ['customer', 'topic', 'host', 'service'],
  )
  const subscriptions = gauge('aruba_stream_subscriptions', 'Subscriptions by state.', ['state'])
  const setOutputs = setterOf(
    { prom, registry },
    { rows: OUTPUT_ROWS, labelNames: ['exporter'] },
    ({ name }) => ({ exporter: name }),
  )

  const holding = gauge(
    'aruba_stream_export_holds_streams',
    'Whether the streams wait for the output, the recording or the dead letter.',
    ['exporter'],
  )

  return {
    contentType: registry.contentType,
    async render(snapshot) {
      const { entries, outputs, delays = new Map() } = snapshot
      setEntries(entries)
      setOutputs(outputs)
      holding.reset()
      for (const { name: exporter } of outputs) holding.set({ exporter }, 0)
      for (const { name: exporter } of holdsOf(snapshot)) holding.set({ exporter }, 1)
      info.reset()
      for (const { name: customer, topic, host, service } of entries) {
        info.set({ customer, topic, host, service }, 1)
      }
      for (const state of STATUS_TYPES) subscriptions.set({ state }, countOf(entries, state))
      const times = outputs.flatMap(({ name: label, times: histogram }) =>
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

/** Makes the metrics of rows, and the function that sets them. */
function setterOf<Of>(
  { prom, registry }: { readonly prom: typeof Prom; readonly registry: Prom.Registry },
  { rows, labelNames }: { readonly rows: readonly Row<Of>[]; readonly labelNames: string[] },
  labels: (of: Of) => Record<string, string>,
): (all: readonly Of[]) => void {
  const metrics = rows.map(({ name, help, type, value }) => {
    const config = { name, help, labelNames, registers: [registry] }
    return { metric: type === 'counter' ? new prom.Counter(config) : new prom.Gauge(config), value }
  })
  return (all) => {
    for (const { metric, value } of metrics) {
      metric.reset()
      for (const one of all) {
        const number = value(one)
        if (number !== undefined) metric.inc(labels(one), number)
      }
    }
  }
}

/** What the values of one histogram are labelled with. */
type Labelled = { readonly label: string; readonly histogram: Histogram }

/** Histograms in the text format of Prometheus. `prom-client` takes single values alone, not counts. */
export function histogramText(
  {
    name,
    help,
    labelName,
  }: { readonly name: string; readonly help: string; readonly labelName: string },
  all: readonly Labelled[],
): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
  for (const { label, histogram } of all) {
    const own = `${labelName}="${label.replace(/[\\"\n]/g, escapeCharacter)}"`
    let count = 0
    for (const [at, more] of histogram.counts.entries()) {
      count += more
      lines.push(`${name}_bucket{${own},le="${histogram.bounds[at] ?? '+Inf'}"} ${count}`)
    }
    lines.push(`${name}_sum{${own}} ${histogram.sum}`, `${name}_count{${own}} ${count}`)
  }
  return `${lines.join('\n')}\n`
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}
