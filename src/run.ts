import type { StreamSettings } from './command-line/settings.js'
import { createGate } from './connection/gate.js'
import { type Subscription, subscribe } from './connection/subscribe.js'
import { createDecoder } from './decode/decoder.js'
import { exitCode } from './exit-code.js'
import { openRecording } from './export/frame-file.js'
import { type CustomerEntry, diffEntries, withHost } from './input/entries.js'
import { loadInput } from './input/load-input.js'
import { Intake } from './intake.js'
import { keyAge } from './key/key-age.js'
import { narrate } from './narrate.js'
import type { Program } from './program.js'
import type { Snapshot } from './report/snapshot.js'
import { startReporting } from './reporting.js'
import { createSchemas } from './schemas.js'
import { openSinks } from './sinks.js'
import { Streams } from './streams.js'

type Live = { entry: CustomerEntry; intake: Intake; subscription: Subscription }

/**
 * Streams every entry of the input file until asked to end. The way of the data:
 * input file -> CustomerEntry -> Frame -> StreamMessage -> one line.
 * @returns the exit code
 * @throws StreamError where the command line or the input file is wrong; nothing was opened then
 */
export async function run(settings: StreamSettings, program: Program): Promise<number> {
  const { log, shutdown, version } = program
  const userAgent = `aruba-stream/${version}`
  const startedAt = Date.now()

  let entries = await readEntries()
  const schemaOf = createSchemas(settings.protoDir, log)
  const topics = [...new Set(entries.map(({ topic }) => topic))]
  for (const topic of topics) schemaOf(topic)
  const sinks = await openSinks(settings, topics, program)
  const live = new Map<string, Live>()

  async function readEntries(): Promise<CustomerEntry[]> {
    const { entries, warnings } = await loadInput(settings.inputFile)
    for (const warning of warnings) log.warn(warning)
    return withHost(entries, settings.host)
  }

  async function stream(entry: CustomerEntry, signal: AbortSignal): Promise<void> {
    const entryLog = log.child({ entry: entry.name })
    const decoder = createDecoder({
      customer: entry.name,
      schema: schemaOf(entry.topic),
      readable: settings.readable,
      onDrift: ({ sentence }) => entryLog.warn(sentence),
    })
    const intake = new Intake({ entry, decoder, sinks, log: entryLog })
    const subscription = subscribe({
      entry,
      key: keys.source(entry),
      userAgent,
      gate,
      signal,
      replay: settings.replay,
      lastTimestamp: () => intake.lastTimestamp,
      reconnect: settings.reconnect,
      verifyCertificates: settings.verifyCertificates,
      onStatus: (status, previous) => narrate(entryLog, status, previous),
    })
    live.set(entry.name, { entry, intake, subscription })
    for await (const frame of subscription) {
      const taken = intake.take(frame)
      if (taken) await taken
    }
  }
}
