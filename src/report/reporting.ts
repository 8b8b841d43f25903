import type { ListenAddress, StreamSettings } from '../commands/settings.js'
import { isLoopback } from '../net/host.js'
import type { Program } from '../program.js'
import { createHoldLog } from './hold-log.js'
import type { MetricsServer } from './metrics.js'
import { SAMPLE_MS } from './rates.js'
import type { Screen } from './screen.js'
import { createSilenceLog } from './silence-log.js'
import type { EntrySnapshot, Snapshot } from './snapshot.js'
import { createStatsLog, logStats, logUndelivered } from './stats.js'
import type { Table } from './table.js'
import { isTrouble } from './trouble.js'

const STATS_INTERVAL_MS = 60_000
/** How often silences and repeated lines are looked at, both of which are counted in minutes. */
export const WATCH_MS = 5_000
const REDRAW_MS = 500

export type Reporting = { close(): Promise<void> }

/**
 * Reports the state of the program while it runs: counters and silences in the log, the live table, the
 * metrics and the status page.
 * @throws StreamError `exporter-unusable` where `--metrics` cannot listen
 */
export async function startReporting(
  settings: Pick<StreamSettings, 'print' | 'statsIntervalMs' | 'metrics'>,
  snapshot: () => Snapshot,
  program: Program,
): Promise<Reporting> {
  const { log, screen, shutdown } = program
  const metrics = settings.metrics && (await openMetrics(settings.metrics, snapshot, program))
  const timers: NodeJS.Timeout[] = []
  const every = (ms: number, work: () => void) => {
    if (ms > 0) timers.push(setInterval(work, ms))
  }
  if (metrics) {
    metrics.sample()
    every(SAMPLE_MS, metrics.sample)
  }
  const table = screen.terminal && !settings.print ? await openTable(screen, snapshot) : undefined
  if (table) every(REDRAW_MS, table.redraw)
  const logCounters = createStatsLog(log)
  every(statsIntervalOf(settings.statsIntervalMs, screen), () => logCounters(snapshot()))
  /** In trouble when the end began. After that, the state of all of them is `ended`. */
  let troubled: readonly EntrySnapshot[] = []
  const atEnd = () => {
    troubled = snapshot().entries.filter(isTrouble)
  }
  shutdown.stopping.addEventListener('abort', atEnd, { once: true })
  const logSilences = createSilenceLog(log)
  const logHolds = createHoldLog(log)
  every(WATCH_MS, () => {
    const state = snapshot()
    logSilences(state.entries)
    logHolds(state)
    log.logRepeats()
  })

  return {
    async close() {
      for (const timer of timers) clearInterval(timer)
      log.flush()
      table?.close(troubled)
      screen.divertLog()
      // The table leaves the final counters on the screen.
      if (!table) logStats(log, snapshot(), troubled)
      logUndelivered(log, snapshot())
      await metrics?.close()
    },
  }
}

/** How often the counters are logged, milliseconds; 0: never. */
export function statsIntervalOf(
  givenMs: number | undefined,
  { terminal }: Pick<Screen, 'terminal'>,
): number {
  return givenMs ?? (terminal ? 0 : STATS_INTERVAL_MS)
}

async function openMetrics(
  address: ListenAddress,
  snapshot: () => Snapshot,
  { log, version, recentLog }: Program,
): Promise<MetricsServer> {
  const { startMetrics } = await import('./metrics.js')
  const events = () => recentLog?.events ?? []
  const metrics = await startMetrics({ ...address, snapshot, version, events })
  const { url } = metrics
  log.info(`status page at ${url}/, metrics at ${url}/metrics, health at ${url}/healthz`)
  if (!isLoopback(address.host)) {
    log.warn(
      '--metrics listens beyond this machine, without a login: everybody who reaches the port can read ' +
        'the names of customers and the log',
    )
  }
  return metrics
}

/** The live table, which log lines are written above. */
async function openTable(screen: Screen, snapshot: () => Snapshot): Promise<Table> {
  const { createTable } = await import('./table.js')
  const table = createTable({ ...screen, snapshot })
  screen.divertLog(table.log)
  screen.onResize(table.redraw)
  return table
}
