import type { StreamSettings } from '../commands/settings.js'
import type { Program } from '../program.js'
import { createSilenceWatch } from './silence.js'
import type { Snapshot } from './snapshot.js'
import { logStats } from './stats.js'
import type { Table } from './table.js'

const STATS_INTERVAL_MS = 60_000
/** Silences and repeated trouble are counted in minutes. */
const WATCH_MS = 5_000

export type Reporting = { close(): Promise<void> }

/**
 * Tells the operator how things stand for as long as the program runs: counters, silences, the live
 * table and the metrics. All of it reads the one snapshot.
 * @throws StreamError `exporter-unusable` where `--metrics` cannot listen
 */
export async function startReporting(
  settings: Pick<StreamSettings, 'print' | 'statsIntervalMs' | 'metrics'>,
  snapshot: () => Snapshot,
  program: Program,
): Promise<Reporting> {
  const { log, screen, version } = program
  const metrics = settings.metrics
    ? await (await import('./metrics.js')).startMetrics({
        ...settings.metrics,
        snapshot,
        version,
      })
    : undefined
  if (metrics) log.info(`metrics at ${metrics.url}/metrics, health at ${metrics.url}/healthz`)

  const timers: NodeJS.Timeout[] = []
  const every = (ms: number, work: () => void) => {
    if (ms > 0) timers.push(setInterval(work, ms))
  }
  const table = screen.terminal && !settings.print ? await openTable(snapshot, program) : undefined
  every(table?.redrawMs ?? 0, () => table?.redraw())
  every(settings.statsIntervalMs ?? (screen.terminal ? 0 : STATS_INTERVAL_MS), () =>
    logStats(log, snapshot(), Date.now()),
  )
  const watchSilence = createSilenceWatch(log)
  every(WATCH_MS, () => {
    watchSilence(snapshot(), Date.now())
    log.sumUp()
  })

  return {
    async close() {
      for (const timer of timers) clearInterval(timer)
      log.flush()
      table?.close()
      screen.divertLog()
      // The table leaves the final counters standing.
      if (!table) logStats(log, snapshot(), Date.now())
      await metrics?.close()
    },
  }
}

async function openTable(
  snapshot: () => Snapshot,
  { screen }: Program,
): Promise<Table & { redrawMs: number }> {
  const { createTable, REDRAW_MS } = await import('./table.js')
  const table = createTable({ ...screen, snapshot })
  screen.divertLog((text) => table.log(text))
  return { ...table, redrawMs: REDRAW_MS }
}
