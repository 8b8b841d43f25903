import { createClassic } from '../classic/classic.js'
import { CLASSIC_ENTRIES } from '../classic/entry.js'
import { untilAborted } from '../clock.js'
import type { Status } from '../connection/status.js'
import { InputFile } from '../input/input-file.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'
import { createNewCentral } from '../newcentral/newcentral.js'
import { openOutputs } from '../outputs/outputs.js'
import { Collector } from '../pipeline/collector.js'
import { joinServices } from '../pipeline/services.js'
import type { Program } from '../program.js'
import { type Reporting, startReporting } from '../report/reporting.js'
import { type Snapshot, sumOf } from '../report/snapshot.js'
import { StatusLog } from '../report/status-log.js'
import type { Service } from '../service.js'
import { onReaderGone } from './reader-gone.js'
import { replayOptions, type StreamSettings } from './settings.js'

/**
 * Streams every entry of the input file until asked to end. The route of the data:
 * input file -> CustomerEntry -> Frame -> StreamMessage -> line.
 * @returns the exit code
 * @throws StreamError where the command line or the input file is wrong, before any connection is
 *   opened; the reason of `stopping` where that aborts before anything streams
 */
export async function run(settings: StreamSettings, program: Program): Promise<number> {
  const { log, shutdown, owner } = program
  const { stopping } = shutdown
  const startedMs = performance.now()
  onReaderGone(program.stdout, settings, () => shutdown.begin())

  const file = new InputFile({
    path: settings.inputFile,
    stdin: program.stdin,
    services: [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES],
    host: settings.host,
    log,
    owner,
    signal: stopping,
  })
  const service = createService(settings, file, program)
  const { added: entries } = await file.read(({ added }) =>
    service.decoders.load(added.map(({ topic }) => topic)),
  )
  const topics = [...new Set(entries.map(({ topic }) => topic))]
  const { inputFile } = settings
  const source = inputFile === '-' ? undefined : { option: '--jsoninput', path: inputFile }
  const outputs = await untilAborted(
    openOutputs({ ...settings, source }, topics, program),
    stopping,
  )
  const statusLog = new StatusLog(log, stopping)
  const collector = new Collector({
    settings,
    program,
    file,
    service,
    outputs,
    onStatus: (status, entry) => statusLog.change(entry, status),
  })
  const snapshot = (): Snapshot => ({
    entries: collector.snapshot(Date.now()),
    outputs: outputs.counters,
    holds: outputs.holds,
    delays: collector.delays,
    earlier: collector.earlier,
    deadLetterFile: settings.deadLetterFile,
    replayOptions: replayOptions(settings),
    upMs: performance.now() - startedMs,
  })

  let reporting: Reporting | undefined
  let asked = false
  try {
    reporting = await startReporting(settings, snapshot, program)
    const streaming = collector.stream(entries)
    program.onHangup(() => {
      log.startAnew()
      const reopened = outputs.reopen()
      // Last: where the input file is wrong, this line must not look like the outcome.
      void collector
        .reload()
        .then(() => reopened)
        .then(() => log.info('the files that are written were opened again'))
    })
    await streaming
    asked = stopping.aborted
  } finally {
    // If the streams ended by themselves, an output may wait for its receiver without limit.
    await outputs.close()
    await untilAborted(file.settled(), shutdown.forced).catch(() => undefined)
    statusLog.close()
    await reporting?.close()
  }
  const givenUp = sumOf(outputs.counters, ({ counters }) => counters.givenUp)
  const { statuses, everOpen } = collector
  const { lost, closeFailed } = outputs
  const code = exitCode({ statuses, everOpen, asked, givenUp, lost, closeFailed })
  if (code === 3) log.error('every subscription is refused, and none was open: the program ends')
  return code
}

/** Both services of Central. */
function createService(
  settings: StreamSettings,
  file: InputFile,
  { version, env, log }: Program,
): Service {
  const common = { ...settings, userAgent: `aruba-stream/${version}`, log }
  const asksReplay = Object.keys(settings.replay).length > 0
  return joinServices({
    classic: createClassic({ ...common, file }),
    newCentral: createNewCentral({ ...common, env, asksReplay }),
  })
}

/** How a run ended. */
type RunResult = {
  /** Of every entry of the input file. */
  readonly statuses: readonly Status[]
  /** Whether any subscription was open at any time of this run. */
  readonly everOpen: boolean
  /** A signal came, or the reader of stdout went away. */
  readonly asked: boolean
  /** Messages that an output gave up. */
  readonly givenUp: number
  /** Lines of the recording and the dead letter that could not be written. */
  readonly lost: number
  /** Whether an output failed to close, and what it took may be lost. */
  readonly closeFailed?: boolean
}

/** The exit code of a run whose command line and input file were right. */
export function exitCode({
  statuses,
  everOpen,
  asked,
  givenUp,
  lost,
  closeFailed = false,
}: RunResult): 0 | 1 | 3 {
  const broken = statuses.some((status) => status.type === 'ended' && status.cause !== undefined)
  if (givenUp > 0 || lost > 0 || closeFailed || broken) return 1
  if (asked) return 0
  const refused = statuses.filter((status) => status.type === 'refused').length
  if (refused === 0) return 0
  return refused === statuses.length && !everOpen ? 3 : 1
}
