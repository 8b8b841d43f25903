import type { StreamMessage } from '../classic/message.js'
import { TOPICS, type Topic } from '../classic/topics.js'
import type { DeliverySettings } from '../commands/settings.js'
import type { Frame } from '../connection/frame.js'
import type { StreamError } from '../errors.js'
import { type NamedFile, requireDistinct } from '../files/distinct-files.js'
import type { DeadLetter, FrameFile, KeptFrame } from '../files/frame-file.js'
import { type Logger, loggerTo } from '../log.js'
import { redactUrl } from '../net/redact.js'
import type { Program } from '../program.js'
import type { ExporterSnapshot } from '../report/snapshot.js'
import { withoutStart } from '../text.js'
import { exportAll } from './export-all.js'
import { guarded } from './guarded.js'
import { fileOf, openExporter } from './open-output.js'
import type { Exporter, ExporterContext } from './output.js'
import { openStdout } from './stdout.js'

/** The entry that messages or frames belong to. */
export type EntryName = { readonly name: string; readonly topic: Topic }

/** All outputs: exporters, recording, dead letter. */
export type Outputs = {
  readonly exporters: readonly Exporter[]
  readonly counters: readonly ExporterSnapshot[]
  readonly deadLetter: FrameFile<DeadLetter> | undefined
  readonly recording: FrameFile<KeptFrame> | undefined
  /** Lines of recording and dead letter that could not be written by the end. */
  readonly lost: number
  /** Hands messages of one entry to every exporter; resolves when all of them have room for more. */
  write(messages: readonly StreamMessage[]): Promise<void>
  /** Appends frames to the recording, where there is one. */
  record(entry: EntryName, frames: readonly Frame[]): Promise<void>
  /** Appends a frame that could not be decoded to the dead letter, where there is one. */
  keepUndecodable(entry: EntryName, frame: Frame, error: StreamError): Promise<void>
  /** Opens again the files that are being written, for logrotate. */
  reopen(): Promise<void>
  /** Resolves when all that was taken over is delivered or given up. */
  close(): Promise<void>
}

export type OutputsSettings = DeliverySettings & {
  readonly recordFile?: string | undefined
  /** What the program reads, and which must not be written. */
  readonly source: NamedFile | undefined
}

/** Topics that will come, or `any`: which ones is not known before. */
export type ExpectedTopics = readonly Topic[] | 'any'

/**
 * Opens stdout, the exporters, the recording and the dead letter that a command line asks for.
 * @throws StreamError `usage` or `exporter-unusable`; what was open by then is closed again
 */
export async function openOutputs(
  settings: OutputsSettings,
  topics: ExpectedTopics,
  program: Program,
): Promise<Outputs> {
  const { log, shutdown, stdout, env, cwd } = program
  const exporters: Exporter[] = []
  const counters: ExporterSnapshot[] = []
  let deadLetter: FrameFile<DeadLetter> | undefined
  let recording: FrameFile<KeptFrame> | undefined
  let pendingDeadLetter: Promise<void> | undefined

  const contextOf = (type: string): ExporterContext => {
    const own = { delivered: 0, retried: 0, givenUp: 0, kept: 0, waiting: 0 }
    counters.push({ name: type, counters: own })
    const exporterLog = namedOnce(log, type)
    return {
      log: exporterLog,
      counters: own,
      topics: topics === 'any' ? TOPICS : topics,
      topicsUncertain: topics === 'any',
      protoDir: settings.protoDir,
      readable: settings.readable,
      env,
      cwd,
      stopping: shutdown.stopping,
      signal: shutdown.graceOver,
      over: shutdown.forced,
      giveUp({ customer, topic, frame, receivedAt }, error) {
        own.givenUp++
        if (deadLetter) own.kept++
        exporterLog.error(`${error.message}; the message is given up`, {
          entry: customer,
          code: error.code,
        })
        // Not awaited here: an exporter that gives up at the end gives up all it has at once.
        const written = deadLetter?.append({
          customer,
          topic,
          receivedAt,
          bytes: frame,
          text: false,
          reason: error.message,
          exporter: type,
        })
        if (written) pendingDeadLetter = written.finally(() => (pendingDeadLetter = undefined))
      },
    }
  }

  const outputs: Outputs = {
    exporters,
    counters,
    get deadLetter() {
      return deadLetter
    },
    get recording() {
      return recording
    },
    get lost() {
      return (deadLetter?.lost ?? 0) + (recording?.lost ?? 0)
    },
    async write(messages) {
      for (const message of messages) {
        const room = exportAll(message, exporters)
        if (room) await room
        if (pendingDeadLetter) await pendingDeadLetter
      }
    },
    async record({ name, topic }, frames) {
      for (const frame of frames) {
        const room = recording?.append({ ...frame, customer: name, topic })
        if (room) await room
      }
    },
    async keepUndecodable({ name, topic }, frame, { message }) {
      const details = { customer: name, topic, reason: message, exporter: undefined }
      await deadLetter?.append({ ...frame, ...details })
    },
    async reopen() {
      await Promise.all(exporters.map((exporter) => exporter.reopen?.()))
      await Promise.all([deadLetter?.reopen(), recording?.reopen()])
    },
    async close() {
      await Promise.all(exporters.map((exporter) => exporter.close()))
      await Promise.all([deadLetter?.close(), recording?.close()])
    },
  }

  await requireDistinct(namedFiles(settings))
  try {
    const files = { log, signal: shutdown.forced }
    if (settings.deadLetterFile) {
      const { openDeadLetter } = await import('../files/frame-file.js')
      deadLetter = await openDeadLetter(settings.deadLetterFile, files)
    }
    if (settings.recordFile) {
      const { openRecording } = await import('../files/frame-file.js')
      recording = await openRecording(settings.recordFile, files)
    }
    if (settings.print) {
      const onReaderGone = () => shutdown.begin()
      const context = contextOf('stdout')
      exporters.push(guarded(openStdout({ ...stdout, onReaderGone }, context), context))
    }
    for (const type of settings.exports) {
      const context = contextOf(redactUrl(type))
      exporters.push(guarded(await openExporter(type, context), context))
    }
  } catch (error) {
    await outputs.close()
    throw error
  }
  if (exporters.length === 0) {
    log.info('nothing is done with the messages but counting: see --decode_data and --export_data')
  }
  return outputs
}

/** A log whose lines carry the exporter's name, and so need not begin with it. */
function namedOnce(log: Logger, type: string): Logger {
  const own = log.child({ exporter: type })
  const starts = [`--export_data ${type}: `, `${type}: `]
  return loggerTo((level, message, fields) => own[level](withoutStart(message, ...starts), fields))
}

function namedFiles({ source, recordFile, deadLetterFile, exports }: OutputsSettings): NamedFile[] {
  const files = [
    { option: '--record', path: recordFile },
    { option: '--dead_letter', path: deadLetterFile },
    ...exports.map((type) => ({ option: `--export_data ${type}`, path: fileOf(type) })),
  ]
  const named = files.flatMap(({ option, path }) => (path === undefined ? [] : [{ option, path }]))
  return source ? [source, ...named] : named
}
