import type { Histogram } from '../delivery/histogram.js'
import { StreamError, toStreamError } from '../errors.js'
import type { Logger } from '../log.js'
import type { EntryName, Outputs } from '../outputs/outputs.js'
import type { Decoder, Form, Frame, StreamMessage } from '../service.js'
import { distinctive, withoutNumbers, withoutStart } from '../text.js'

type ProcessorOptions = {
  /** The log says its label. */
  readonly entry: EntryName & { readonly label: string }
  readonly decoder: Decoder
  readonly outputs: Outputs
  readonly log: Logger
  /** Counts how long after its timestamp a message came. */
  readonly delays?: Histogram | undefined
}

/** Bytes of frames that are decoded before their messages are written. Lines are larger than frames. */
const BATCH_BYTES = 256 * 1024

/** Bounds what a sender can make us remember and log by inventing types. */
const MAX_TYPES = 100

/** Decodes one entry's frames and hands the messages to the outputs. */
export class Processor {
  /** Messages decoded. */
  messages = 0
  /** Frames that could not be decoded. */
  undecodable = 0
  /** Messages of which the transform let nothing go on. */
  filtered = 0
  /** Text frames that mean nothing to the service. */
  skippedTexts = 0
  /** How long after its timestamp the last message came, milliseconds. */
  lastDelayMs: number | undefined
  readonly topic: EntryName['topic']
  readonly #options: ProcessorOptions
  readonly #first: Form
  /** Types of events whose message no schema has. */
  #unknownTypes: Set<string> | undefined

  constructor(options: ProcessorOptions) {
    this.#options = options
    this.topic = options.entry.topic
    const { transform, list } = options.outputs
    this.#first = transform ? 'record' : (list[0]?.needs ?? 'line')
  }

  /** Fields and enum values met that the schema does not know. */
  get unknownFields(): number {
    return this.#options.decoder.unknownTotal
  }

  /** Decodes frames and hands the messages to all outputs; resolves when these have room for more. */
  async process(frames: readonly Frame[]): Promise<void> {
    const { outputs } = this.#options
    let messages: StreamMessage[] = []
    let last: StreamMessage | undefined
    let bytes = 0
    for (const frame of frames) {
      if (frame.text && this.#options.decoder.skipsText) {
        this.#skipText(frame)
        continue
      }
      const message = this.#decode(frame)
      if (message instanceof StreamError) {
        await outputs.keepUndecodable(this.#options.entry, frame, message)
        continue
      }
      for (const made of outputs.transform ? await this.#transform(message) : [message]) {
        messages.push(made)
        last = made
        // A transform may make much of a small frame.
        bytes += frame.bytes.length + (outputs.transform ? made.line.length : 0)
        if (bytes < BATCH_BYTES) continue
        await outputs.write(messages)
        messages = []
        bytes = 0
      }
    }
    this.#noteDelay(last)
    if (messages.length > 0) await outputs.write(messages)
  }

  /** Of one message of a batch: all of them would cost more than they tell. */
  #noteDelay(message: StreamMessage | undefined): void {
    if (message?.timestamp === undefined) return
    this.lastDelayMs = message.receivedAt - Number(message.timestamp / 1_000_000n)
    this.#options.delays?.observe(this.lastDelayMs / 1000)
  }

  async #transform(message: StreamMessage): Promise<readonly StreamMessage[]> {
    const made = await this.#options.outputs.transform?.apply(message)
    if (made?.length === 0) this.filtered++
    return made ?? []
  }

  #skipText({ bytes }: Frame): void {
    this.skippedTexts++
    if (this.skippedTexts === 1) {
      this.#log.info('a text frame came and is skipped; further ones are skipped without a line', {
        bytes: bytes.length,
      })
    }
  }

  #decode(frame: Frame): StreamMessage | StreamError {
    try {
      const message = this.#options.decoder.decode(frame, this.#first)
      this.messages++
      return message
    } catch (error) {
      // Any error that a frame causes, such as a record too long for a string, affects this frame only.
      const fault = toStreamError(error, 'frame-undecodable')
      const { entry } = this.#options
      this.undecodable++
      // The lines of the log name the entry already.
      const message = withoutStart(fault.message, `${entry.name}: `)
      const { eventType, code } = fault
      const kind = eventType === undefined ? withoutNumbers(message) : distinctive(eventType)
      const fields = { code, kind, bytes: frame.bytes.length }
      if (this.#isNew(eventType)) this.#log.error(message, fields)
      else this.#log.debug(message, fields)
      return fault
    }
  }

  /** Made for each of its few lines: an entry that has none keeps no logger. */
  get #log(): Logger {
    const { log, entry } = this.#options
    return log.child({ entry: entry.label })
  }

  /** Whether a fault is to be told: one that all events of a type have is told once. */
  #isNew(eventType: string | undefined): boolean {
    if (eventType === undefined) return true
    this.#unknownTypes ??= new Set()
    const kept = distinctive(eventType)
    if (this.#unknownTypes.has(kept) || this.#unknownTypes.size >= MAX_TYPES) return false
    this.#unknownTypes.add(kept)
    return true
  }
}
