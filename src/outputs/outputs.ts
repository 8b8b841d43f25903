import { systemClock } from '../clock.js'
import type { DeliverySettings } from '../commands/settings.js'
import { EXPORT_BOUNDS, Histogram } from '../delivery/histogram.js'
import type { StreamError } from '../errors.js'
import { errorText } from '../errors.js'
import { type NamedFile, OpenFiles, requireDistinct } from '../files/distinct-files.js'
import type { DeadLetter, FrameFile, KeptFrame } from '../files/frame-file.js'
import { type Logger, loggerTo } from '../log.js'
import { redactUrl } from '../net/redact.js'
import type { Program } from '../program.js'
import type { ExporterSnapshot } from '../report/snapshot.js'
import type { Frame, StreamMessage } from '../service.js'
import { ALL_TOPICS, type AnyTopic } from '../stream-record.js'
import { withoutStart } from '../text.js'
import { redactType } from './export-type.js'
import { filesOf, openOutput } from './open-output.js'
import { type ExporterCounters, type Output, type OutputContext, TRANSFORM } from './output.js'
import { openPrinter } from './stdout.js'
import type { Transform } from './transform.js'

/** The entry that messages or frames belong to. */
export type EntryName = { readonly name: string; readonly topic: AnyTopic }

/** All outputs: exporters, recording, dead letter. */
export type Outputs = {
  readonly exporters: readonly Output[]
  readonly counters: readonly ExporterSnapshot[]
  /** What makes messages into others before they are written, where there is one. */
  readonly transform: Transform | undefined
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
  /** Resolves when all accepted messages are delivered or given up. */
  close(): Promise<void>
}

export type OutputsSettings = DeliverySettings & {
  readonly recordFile?: string | undefined
  /** What the program reads, and which must not be written. */
  readonly source: NamedFile | undefined
}

/** Topics that will come, or `any`: which ones is not known before. */
export type ExpectedTopics = readonly AnyTopic[] | 'any'

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
  const { deadLetterFile, recordFile } = settings
  const exporters: Output[] = []
  const counters: ExporterSnapshot[] = []
  let deadLetter: FrameFile<DeadLetter> | undefined
  let recording: FrameFile<KeptFrame> | undefined
  let transform: Transform | undefined
  let pendingDeadLetter: Promise<void> | undefined

  const read = filesRead(settings, program)
  await requireDistinct([...read, ...(await filesWritten(settings, cwd))])
  const openFiles = new OpenFiles(read)
  const { stopping, graceOver, forced } = shutdown
  const ends = { stopping, graceOver, forced }

  const contextOf = (type: string, whole = type): OutputContext => {
    const own: ExporterCounters = { delivered: 0, retried: 0, givenUp: 0, kept: 0, waiting: 0 }
    const state = { up: true, since: systemClock.now(), lastError: undefined }
    const times = new Histogram(EXPORT_BOUNDS)
    counters.push({ name: type, type: whole, counters: own, state, times })
    const ownLog = namedOnce(log, type)
    /** Whether the dead letter kept a frame that a transform made several messages of. */
    const letters = new WeakMap<Uint8Array, Promise<boolean>>()
    return {
      ...ends,
      log: ownLog,
      counters: own,
      state,
      times,
      topics: topics === 'any' ? ALL_TOPICS : topics,
      topicsUncertain: topics === 'any',
      protoDir: settings.protoDir,
      readable: settings.readable,
      env,
      cwd,
      openFiles,
      giveUp(givenUp, { message, code }) {
        const { customer, label, topic, frame, receivedAt } = givenUp
        own.givenUp++
        const onSettled = (kept: boolean) => {
          if (kept) own.kept++
          const where = kept ? ` and kept in ${deadLetterFile}` : ''
          ownLog.error(`${message}; the message is given up${where}`, { entry: label, code })
        }
        if (!deadLetter) return onSettled(false)
        const kept = letters.get(frame)
        if (kept) {
          // A replay transforms the frame again: a second copy would double what it makes.
          void kept.then(onSettled)
          return
        }
        const letter = { customer, topic, receivedAt, bytes: frame, text: false, reason: message }
        const settled = new Promise<boolean>((resolve) => {
          const settle = (isKept: boolean) => {
            onSettled(isKept)
            resolve(isKept)
          }
          // Not awaited here: at the end, an output gives up all its messages in one loop.
          pendingDeadLetter = deadLetter?.write([{ ...letter, exporter: type, onSettled: settle }])
        })
        if (transform) letters.set(frame, settled)
      },
    }
  }

  const outputs: Outputs = {
    exporters,
    counters,
    get transform() {
      return transform
    },
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
      await Promise.all(exporters.map((output) => output.write(messages)))
      await pendingDeadLetter
    },
    async record({ name, topic }, frames) {
      await recording?.write(frames.map((frame) => ({ ...frame, customer: name, topic })))
    },
    async keepUndecodable({ name, topic }, frame, { message }) {
      const details = { customer: name, topic, reason: message, exporter: undefined }
      await deadLetter?.write([{ ...frame, ...details }])
    },
    async reopen() {
      await settleAll([...exporters, deadLetter, recording], (each) => each?.reopen?.(), log)
    },
    async close() {
      await settleAll(exporters, (output) => output.close(), log)
      // What still waits in an output that failed to close counts as given up.
      for (const { counters: own } of counters) {
        own.givenUp += own.waiting
        own.waiting = 0
      }
      await settleAll([deadLetter, recording], (file) => file?.close(), log)
    },
  }

  try {
    const options = { ...ends, log, openFiles }
    if (deadLetterFile) {
      const { openDeadLetter } = await import('../files/frame-file.js')
      deadLetter = await openDeadLetter(deadLetterFile, options)
    }
    if (recordFile) {
      const { openRecording } = await import('../files/frame-file.js')
      recording = await openRecording(recordFile, options)
    }
    if (settings.transformFile !== undefined) {
      const { openTransform } = await import('./transform.js')
      const opened = await openTransform(settings.transformFile, contextOf(TRANSFORM))
      transform = {
        async apply(message) {
          const made = await opened.apply(message)
          if (made === undefined) await pendingDeadLetter
          return made
        },
      }
    }
    if (settings.print) {
      const onReaderGone = () => shutdown.begin()
      const options = { ...stdout, onReaderGone }
      exporters.push(await openPrinter(settings.print, options, contextOf('stdout')))
    }
    for (const type of settings.exports) {
      exporters.push(await openOutput(type, contextOf(redactUrl(type), redactType(type))))
    }
  } catch (error) {
    await outputs.close()
    throw error
  }
  if (exporters.length === 0) {
    log.info(
      'no output is configured, messages are only counted; see --decode_data and --export_data',
    )
  }
  return outputs
}

/** Does the same to all. A failure is logged, and does not stop the others. */
async function settleAll<T>(
  all: readonly T[],
  work: (each: T) => Promise<void> | undefined,
  log: Logger,
): Promise<void> {
  const results = await Promise.allSettled(all.map(async (each) => work(each)))
  for (const result of results) {
    if (result.status === 'rejected') log.error(`an output failed: ${errorText(result.reason)}`)
  }
}

/** A logger whose lines carry the output's name, and so need not begin with it. */
function namedOnce(log: Logger, type: string): Logger {
  const own = log.child({ exporter: type })
  const starts = [`--export_data ${type}: `, `${type}: `]
  return loggerTo((level, message, fields) => own[level](withoutStart(message, ...starts), fields))
}

/** What must not be written: the input, and the file that stdout was redirected to. */
function filesRead({ source, print }: OutputsSettings, { stdout }: Program): NamedFile[] {
  const redirected = print && stdout.file !== undefined
  return [
    ...(source ? [source] : []),
    ...(redirected ? [{ option: 'stdout', path: `/dev/fd/${stdout.file}` }] : []),
  ]
}

async function filesWritten(settings: OutputsSettings, cwd: string): Promise<NamedFile[]> {
  const { recordFile, deadLetterFile, exports } = settings
  return [
    ...(recordFile ? [{ option: `--record ${recordFile}`, path: recordFile }] : []),
    ...(deadLetterFile
      ? [{ option: `--dead_letter ${deadLetterFile}`, path: deadLetterFile }]
      : []),
    ...(await Promise.all(exports.map((type) => filesOf(type, cwd)))).flat(),
  ]
}
