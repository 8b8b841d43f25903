import { createDecoder, type Decoder } from '../classic/message.js'
import { loadSchema, type Schema, shippedMessages } from '../classic/schema.js'
import type { Topic } from '../classic/topics.js'
import { UnknownReport } from '../decode/unknown-report.js'
import type { Logger } from '../log.js'

export type DecodersOptions = {
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** What the decoders of a topic share. */
type Shared = { readonly schema: Schema; readonly report: UnknownReport }

/** Makes the decoders of entries; what those of a topic share is made once. */
export class Decoders {
  readonly #options: DecodersOptions
  readonly #shared = new Map<Topic, Shared>()
  readonly #notes = new Set<string>()

  constructor(options: DecodersOptions) {
    this.#options = options
  }

  /**
   * Loads the schemas of topics, each once.
   * @throws StreamError `schema-invalid`
   */
  load(topics: Iterable<Topic>): void {
    for (const topic of topics) this.#of(topic)
  }

  /** The decoder of one entry. */
  of({ name, topic }: { readonly name: string; readonly topic: Topic }): Decoder {
    const { readable } = this.#options
    const { schema, report } = this.#of(topic)
    return createDecoder({
      customer: name,
      schema,
      readable,
      onUnknown: (news) => report.add(news),
    })
  }

  #of(topic: Topic): Shared {
    let shared = this.#shared.get(topic)
    if (!shared) {
      const { protoDir, log } = this.#options
      const schema = loadSchema(topic, { protoDir })
      const report = new UnknownReport({
        name: topic,
        protoDir,
        shipped: () => shippedMessages(topic),
        log,
      })
      shared = { schema, report }
      this.#shared.set(topic, shared)
      for (const note of schema.notes) this.#note(note)
    }
    return shared
  }

  /** Several topics of a folder have the same note, such as two files for the envelope; it is logged once. */
  #note(note: string): void {
    if (this.#notes.has(note)) return
    this.#notes.add(note)
    this.#options.log.warn(note)
  }
}
