import type { Decoder } from '../classic/decoder.js'
import type { StreamMessage } from '../classic/message.js'
import type { Topic } from '../classic/topics.js'
import type { Frame } from '../connection/frame.js'
import { errorText } from '../error-text.js'
import { StreamError } from '../errors.js'
import type { Logger } from '../log.js'
import { exportAll } from '../outputs/export-all.js'
import type { Outputs } from '../outputs/outputs.js'
import { withoutStart } from '../text.js'

export type ProcessorOptions = {
  readonly entry: { readonly name: string; readonly topic: Topic }
  readonly decoder: Decoder
  readonly outputs: Outputs
  readonly log: Logger
}

/** Takes one entry's frames in: decodes them and hands them to the outputs. */
export class Processor {
  /** Messages decoded. */
  messages = 0
  /** Frames that were no message. */
  undecodable = 0
  readonly topic: Topic
  #last: StreamMessage | undefined
  readonly #options: ProcessorOptions
  readonly #first: 'record' | 'line'

  constructor(options: ProcessorOptions) {
    this.#options = options
    this.topic = options.entry.topic
    this.#first = options.outputs.exporters[0]?.needs ?? 'line'
  }

  /** Of the last envelope decoded, nanoseconds since the epoch. */
  get lastTimestamp(): bigint | undefined {
    return this.#last?.timestamp
  }

  /** Fields and enum values met that the schema does not know. */
  get drifts(): number {
    return this.#options.decoder.drifts
  }

  /** Takes a frame; returns a promise where the next one must wait for it. Bad frames are no error. */
  process(frame: Frame): void | Promise<void> {
    const { decoder, outputs } = this.#options
    let message: StreamMessage
    try {
      message = decoder.decode(frame, this.#first)
    } catch (error) {
      // Whatever a frame made go wrong, such as a record too long for a text: it costs this one.
      const own = error instanceof StreamError ? error : undefined
      return this.#bury(frame, own ?? new StreamError('frame-undecodable', errorText(error)))
    }
    this.messages++
    this.#last = message
    const taken = exportAll(message, outputs.exporters)
    const { burying } = outputs
    return burying ? Promise.all([taken, burying]).then(() => undefined) : taken
  }

  #bury(frame: Frame, error: StreamError): void | Promise<void> {
    const { entry, log, outputs } = this.#options
    this.undecodable++
    // The log's lines name the entry by themselves.
    const said = withoutStart(error.message, `${entry.name}: `)
    log.error(said, { code: error.code, bytes: frame.bytes.length })
    return outputs.deadLetter?.append({
      ...frame,
      customer: entry.name,
      topic: entry.topic,
      reason: error.message,
      exporter: undefined,
    })
  }
}
