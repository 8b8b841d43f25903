import type { StreamSettings } from './command-line/settings.js'
import { createGate } from './connection/gate.js'
import { type Subscription, subscribe } from './connection/subscribe.js'
import { Decoders } from './decoders.js'
import { EntryFile } from './entry-file.js'
import { StreamError } from './errors.js'
import { exitCode } from './exit-code.js'
import { openRecording } from './export/frame-file.js'
import type { CustomerEntry } from './input/entries.js'
import { Intake } from './intake.js'
import { keyAge } from './key/key-age.js'
import { createKeyRing } from './key/key-ring.js'
import { validateKey } from './key/validate-key.js'
import { narrate } from './narrate.js'
import type { Program } from './program.js'
import type { Snapshot } from './report/snapshot.js'
import { startReporting } from './reporting.js'
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
  const { verifyCertificates, replay, reconnect, recordFile } = settings
  const { log, shutdown, version, owner } = program
  const { stopping } = shutdown
  const userAgent = `aruba-stream/${version}`
  const startedAt = Date.now()
  const live = new Map<string, Live>()

  if (!verifyCertificates) log.warn('--no_valid_cert: certificates are not verified')
  const file = new EntryFile({ path: settings.inputFile, host: settings.host, log, owner })
  const { added: entries } = await file.read()
  const topics = new Set(entries.map(({ topic }) => topic))
  const decoders = new Decoders({ ...settings, log })
  decoders.load(topics)
  const sinks = await openSinks(settings, [...topics], program)
  const recording =
    recordFile === undefined
      ? undefined
      : await openRecording(recordFile, { log, signal: shutdown.over })
  const gate = createGate()
  const ring = createKeyRing({
    validate: (host, key, signal) =>
      validateKey({ host, key, verifyCertificates, userAgent, signal }),
    gate,
    readKeys: () => file.keys(),
    saveKeys: (renewals) => file.save(renewals),
    log,
  })

  async function stream(entry: CustomerEntry, signal: AbortSignal): Promise<void> {
    const entryLog = log.child({ entry: entry.name })
    const intake = new Intake({ entry, decoder: decoders.of(entry), sinks, log: entryLog })
    const subscription = subscribe({
      ...{ entry, userAgent, gate, signal, replay, reconnect, verifyCertificates },
      key: ring.source(entry),
      lastTimestamp: () => intake.lastTimestamp,
      onStatus: (status, previous) => narrate(entryLog, status, previous),
    })
    live.set(entry.name, { entry, intake, subscription })
    for await (const frame of subscription) {
      const kept = recording?.append({ ...frame, customer: entry.name, topic: entry.topic })
      if (kept) await kept
      const taken = intake.take(frame)
      if (taken) await taken
    }
  }
  const streams = new Streams(stream, stopping)
}
