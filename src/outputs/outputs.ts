import { systemClock } from '../clock.js'
import type { DeliverySettings } from '../commands/settings.js'
import { WRITER } from '../decode/to-json.js'
import { EXPORT_BOUNDS, Histogram } from '../delivery/histogram.js'
import { Hold } from '../delivery/hold.js'
import { logWait } from '../delivery/wait-log.js'
import type { StreamError } from '../errors.js'
import { type NamedFile, OpenFiles, requireDistinct } from '../files/distinct-files.js'
import type { DeadLetter, FrameFile, KeptFrame } from '../files/frame-file.js'
import { getOrMake } from '../maps.js'
import type { Program } from '../program.js'
import type { OutputSnapshot } from '../report/snapshot.js'
import { ALL_TOPICS, type AnyTopic, type Frame, type StreamMessage } from '../service.js'
import { withoutNumbers } from '../text.js'
import { outputName, redactType } from './export-type.js'
import { filesRead, filesWritten, namedOnce, openOutput } from './open-output.js'
import { type Output, type OutputContext, type OutputCounters, TRANSFORM } from './output.js'
import { settleAll } from './settle-all.js'
import { openPrinter, PRINT_OPTIONS } from './stdout.js'
import type { Transform } from './transform.js'

/** The entry that messages or frames belong to. */
export type EntryName = { readonly name: string; readonly topic: AnyTopic }

/** All outputs of a run, with recording and dead letter. */
export type Outputs = {
  readonly list: readonly Output[]
  readonly counters: readonly OutputSnapshot[]
  /** What streams may have to wait for: each output, the recording and the dead letter. */
  readonly holds: readonly Hold[]
  /** What makes messages into others before they are written, where there is one. */
  readonly transform: Transform | undefined
  /** Lines of recording and dead letter that could not be written by the end. */
  readonly lost: number
  /** Whether an output failed to close, and what it took may be lost. */
  readonly closeFailed: boolean
  /** Hands messages of one entry to every output; resolves when all of them have room for more. */
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

/**
 * Opens stdout, the other outputs, the recording and the dead letter that a command line asks for.
 * @param topics those that will come, or `any` where that is not known before
 * @throws StreamError `usage` or `exporter-unusable`; what was open by then is closed again
 */
export async function openOutputs(
  settings: OutputsSettings,
  topics: readonly AnyTopic[] | 'any',
  program: Program,
): Promise<Outputs> {
  const read = filesRead(settings, program)
  await requireDistinct([...read, ...(await filesWritten(settings, program.cwd))])
  const { stopping, holdOver, graceOver, overdue, forced } = program.shutdown
  const { protoDir, readable, print, exports } = settings
  const isOnlyOutput = (print ? 1 : 0) + exports.length === 1
  const othersWait = !isOnlyOutput || settings.deadLetterFile || settings.recordFile
  const outputs = new OpenOutputs(settings, program, {
    ...{ stopping, graceOver, overdue, forced, protoDir, readable },
    ...{ env: program.env, cwd: program.cwd, clock: systemClock, random: Math.random },
    holdOver: othersWait ? holdOver : undefined,
    release: isOnlyOutput ? (line) => WRITER.slabs.giveBack(line) : undefined,
    openFiles: new OpenFiles(read),
    topics: topics === 'any' ? ALL_TOPICS : topics,
    topicsUncertain: topics === 'any',
  })
  try {
    await outputs.open()
  } catch (error) {
    await outputs.close()
    throw error
  }
  return outputs
}

/** What all outputs get. */
type Shared = Omit<OutputContext, 'log' | 'counters' | 'state' | 'times' | 'giveUp'>

class OpenOutputs implements Outputs {
  readonly list: Output[] = []
  readonly counters: OutputSnapshot[] = []
  transform: Transform | undefined
  closeFailed = false
  /** In the order of the list. */
  readonly #holds: Hold[] = []
  readonly #settings: OutputsSettings
  readonly #program: Program
  readonly #shared: Shared
  #deadLetter: FrameFile<DeadLetter> | undefined
  #recording: FrameFile<KeptFrame> | undefined
  /** Resolves when the dead letter has room for more. */
  #pendingDeadLetter: Promise<void> | undefined

  constructor(settings: OutputsSettings, program: Program, shared: Shared) {
    this.#settings = settings
    this.#program = program
    this.#shared = shared
  }

  async open(): Promise<void> {
    const { deadLetterFile, recordFile, transformFile, print, exports } = this.#settings
    const { log, stdout, shutdown } = this.#program
    const options = { ...this.#shared, log }
    if (deadLetterFile || recordFile) {
      const { openDeadLetter, openRecording } = await import('../files/frame-file.js')
      if (deadLetterFile) this.#deadLetter = await openDeadLetter(deadLetterFile, options)
      if (recordFile) this.#recording = await openRecording(recordFile, options)
    }
    if (transformFile !== undefined) await this.#openTransform(transformFile)
    if (print) {
      const context = this.#contextOf('stdout', PRINT_OPTIONS[print])
      const onReaderGone = () => shutdown.begin()
      this.#add('stdout', await openPrinter(print, { ...stdout, onReaderGone }, context))
    }
    for (const type of exports) {
      const name = outputName(type, this.counters)
      this.#add(name, await openOutput(type, this.#contextOf(name, redactType(type))))
    }
    if (this.list.length > 0) return
    log.info(
      'no output is configured, messages are only counted; see --decode_data and --export_data',
    )
  }

  get holds(): readonly Hold[] {
    const files = [this.#recording, this.#deadLetter]
    return [...this.#holds, ...files.flatMap((file) => file?.hold ?? [])]
  }

  get lost(): number {
    return (this.#deadLetter?.lost ?? 0) + (this.#recording?.lost ?? 0)
  }

  async write(messages: readonly StreamMessage[]): Promise<void> {
    const write = (output: Output, at: number) => {
      const written = output.write(messages)
      return this.#holds[at]?.during(written) ?? written
    }
    await Promise.all(this.list.map(write))
    await this.#pendingDeadLetter
  }

  async record({ name, topic }: EntryName, frames: readonly Frame[]): Promise<void> {
    await this.#recording?.write(frames.map((frame) => ({ ...frame, customer: name, topic })))
  }

  async keepUndecodable(
    { name, topic }: EntryName,
    frame: Frame,
    { message }: StreamError,
  ): Promise<void> {
    const details = { customer: name, topic, reason: message, exporter: undefined }
    await this.#deadLetter?.write([{ ...frame, ...details }])
  }

  async reopen(): Promise<void> {
    const all = [...this.list, this.#deadLetter, this.#recording]
    await settleAll(all, (each) => each?.reopen?.(), this.#program.log)
  }

  async close(): Promise<void> {
    const { log } = this.#program
    const close = async (output: Output) => {
      const exporter = this.#holds[this.list.indexOf(output)]?.name
      const waiting = this.counters.find(({ name }) => name === exporter)?.counters.waiting
      await logWait(output.close(), { log, what: 'it to close', fields: { exporter, waiting } })
    }
    const allClosed = await settleAll(this.list, close, log)
    this.closeFailed = !allClosed || this.list.some((output) => output.closeFailed)
    // What still waits in an output that failed to close counts as given up.
    for (const { counters } of this.counters) {
      counters.givenUp += counters.waiting
      counters.waiting = 0
    }
    await settleAll([this.#deadLetter, this.#recording], (file) => file?.close(), log)
  }

  #add(name: string, output: Output): void {
    this.list.push(output)
    this.#holds.push(new Hold(name, output.holdsEntry))
  }

  async #openTransform(file: string): Promise<void> {
    const { openTransform } = await import('./transform.js')
    const { apply } = await openTransform(file, this.#contextOf(TRANSFORM))
    this.transform = {
      apply: async (message) => {
        const made = await apply(message)
        if (made === undefined) await this.#pendingDeadLetter
        return made
      },
    }
  }

  /**
   * What one output gets, with counters of its own.
   * @param type its TYPE with options, or the option that prints, for a command line that is logged
   */
  #contextOf(name: string, type = name): OutputContext {
    const counters: OutputCounters = { delivered: 0, retried: 0, givenUp: 0, kept: 0, waiting: 0 }
    const state = { up: true, since: systemClock.now(), lastError: undefined }
    const times = new Histogram(EXPORT_BOUNDS)
    this.counters.push({ name, type, counters, state, times })
    const log = namedOnce(this.#program.log, name)
    /** Whether the dead letter has a frame. A transform may have made several messages of it. */
    const letters = new WeakMap<Uint8Array, Promise<boolean>>()
    const giveUp: OutputContext['giveUp'] = (message, { message: reason, code }) => {
      counters.givenUp++
      const settled = (isKept: boolean) => {
        if (isKept) counters.kept++
        const where = isKept ? ` and kept in ${this.#settings.deadLetterFile}` : ''
        const fields = { entry: message.label, code, kind: withoutNumbers(reason) }
        log.error(`${reason}; the message is given up${where}`, fields)
      }
      const deadLetter = this.#deadLetter
      if (!deadLetter) return settled(false)
      // A replay transforms the frame again: a second copy would double what it makes.
      const keep = () => this.#keep(deadLetter, message, reason, name)
      void getOrMake(letters, message.frame, keep).then(settled)
    }
    return { ...this.#shared, log, counters, state, times, giveUp }
  }

  /** Resolves when it is known whether the dead letter has the frame of a message. */
  #keep(
    deadLetter: FrameFile<DeadLetter>,
    { customer, topic, receivedAt, frame: bytes }: StreamMessage,
    reason: string,
    exporter: string,
  ): Promise<boolean> {
    const frame = { customer, topic, receivedAt, bytes, text: false, reason, exporter }
    return new Promise((onSettled) => {
      // Not awaited here: at the end, an output gives up all its messages in one loop.
      this.#pendingDeadLetter = deadLetter.write([{ ...frame, onSettled }])
    })
  }
}
