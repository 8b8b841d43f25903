import { createDecoder, type Decoder } from '../classic/decoder.js'
import type { Topic } from '../classic/topics.js'
import type { Logger } from '../log.js'
import { loadSchema, type Schema } from '../schema/load-schema.js'

export type DecodersOptions = {
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** Makes the decoders of entries; what they have in common is made once. */
export class Decoders {
  readonly #options: DecodersOptions
  readonly #schemas = new Map<Topic, Schema>()
  readonly #told = new Set<string>()

  constructor(options: DecodersOptions) {
    this.#options = options
  }

  /**
   * Loads the schemas of topics, each once.
   * @throws StreamError `schema-invalid`
   */
  load(topics: Iterable<Topic>): void {
    for (const topic of topics) this.#schemaOf(topic)
  }

  /** The decoder of one entry. */
  of({ name, topic }: { readonly name: string; readonly topic: Topic }): Decoder {
    return createDecoder({
      customer: name,
      schema: this.#schemaOf(topic),
      readable: this.#options.readable,
      onDrift: ({ sentence }) => this.#report(sentence),
    })
  }

  #schemaOf(topic: Topic): Schema {
    let schema = this.#schemas.get(topic)
    if (!schema) {
      schema = loadSchema(topic, { protoDir: this.#options.protoDir })
      this.#schemas.set(topic, schema)
      for (const note of schema.notes) this.#report(note)
    }
    return schema
  }

  /** Several entries of a topic, or topics of a schema folder, meet the same news; it is told once. */
  #report(sentence: string): void {
    if (this.#told.has(sentence)) return
    this.#told.add(sentence)
    this.#options.log.warn(sentence)
  }
}
