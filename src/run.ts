import { Collector } from './collector.js'
import type { StreamSettings } from './command-line/settings.js'
import { Decoders } from './decoders.js'
import { EntryFile } from './entry-file.js'
import { exitCode } from './exit-code.js'
import type { Program } from './program.js'
import type { Snapshot } from './report/snapshot.js'
import { type Reporting, startReporting } from './reporting.js'
import { openSinks } from './sinks.js'

/**
 * Streams every entry of the input file until asked to end. The way of the data:
 * input file -> CustomerEntry -> Frame -> StreamMessage -> one line.
 * @returns the exit code
 * @throws StreamError where the command line or the input file is wrong; no connection was opened then
 */
export async function run(settings: StreamSettings, program: Program): Promise<number> {
  const { log, shutdown, owner } = program
  const startedAt = Date.now()

  const file = new EntryFile({ path: settings.inputFile, host: settings.host, log, owner })
  const { added: entries } = await file.read()
  const topics = [...new Set(entries.map(({ topic }) => topic))]
  const decoders = new Decoders({ ...settings, log })
  decoders.load(topics)
  const sinks = await openSinks(settings, topics, program)
  const collector = new Collector({ settings, program, file, decoders, sinks })
  const snapshot = (): Snapshot => ({
    entries: collector.snapshot(Date.now()),
    exporters: sinks.counters,
    startedAt,
  })

  let reporting: Reporting | undefined
  let asked = false
  try {
    reporting = await startReporting(settings, snapshot, program)
    program.onHangup(async () => {
      await sinks.reopen()
      await collector.reload()
    })
    await collector.begin(entries)
    await collector.done
    asked = shutdown.stopping.aborted
  } finally {
    // Also where nobody asked: an exporter must not wait for its other side for ever.
    shutdown.begin()
    await sinks.close()
    await reporting?.close()
  }
  const givenUp = sinks.counters.reduce((sum, { counters }) => sum + counters.givenUp, 0)
  return exitCode({ statuses: collector.statuses, asked, givenUp })
}
