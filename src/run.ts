import { Collector } from './collector.js'
import type { StreamSettings } from './command-line/settings.js'
import { Decoders } from './decoders.js'
import { EntryFile } from './entry-file.js'
import { exitCode } from './exit-code.js'
import { openRecording } from './export/frame-file.js'
import type { Program } from './program.js'
import type { Snapshot } from './report/snapshot.js'
import { startReporting } from './reporting.js'
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
  const recording = settings.recordFile
    ? await openRecording(settings.recordFile, { log, signal: shutdown.over })
    : undefined
  const collector = new Collector({ settings, program, file, decoders, sinks, recording })
  const snapshot = (): Snapshot => ({
    entries: collector.snapshot(Date.now()),
    exporters: sinks.counters,
    startedAt,
  })
  const reporting = await startReporting(settings, snapshot, program)
  if (!settings.verifyCertificates) log.warn('--no_valid_cert: certificates are not verified')
  if (sinks.exporters.length === 0) {
    log.info('nothing is done with the messages but counting: see --decode_data and --export_data')
  }

  program.onHangup(async () => {
    await Promise.all([sinks.reopen(), recording?.reopen()])
    await collector.reload()
  })
  await collector.begin(entries)
  await collector.done

  const asked = shutdown.stopping.aborted
  // Also where nobody asked: an exporter must not wait for ever for the other side.
  shutdown.begin()
  await Promise.all([sinks.close(), recording?.close()])
  await reporting.close()
  const givenUp = sinks.counters.reduce((sum, { counters }) => sum + counters.givenUp, 0)
  return exitCode({ statuses: collector.statuses, asked, givenUp, failed: false })
}
