import { UnknownReport } from '../decode/unknown-report.js'
import type { Logger } from '../log.js'
import { createDecoder, type Decoder } from './message.js'
import { loadSchema, type Schema, shippedMessages } from './schema.js'
import type { Topic } from './topics.js'

export type DecodersOptions = {
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** Makes the decoders of subscriptions. */
export type Decoders = {
  /**
   * Loads what decoding these topics takes.
   * @throws StreamError `schema-invalid`
   */
  load(topics: Iterable<Topic>): void
  of(subscription: { readonly name: string; readonly topic: Topic }): Decoder
}

/** What the decoders of a topic share. */
type Shared = { readonly schema: Schema; readonly report: UnknownReport }

/** Makes what makes the decoders; what those of a topic share is made once. */
export function createDecoders({ protoDir, readable, log }: DecodersOptions): Decoders {
  const topics = new Map<Topic, Shared>()
  const notes = new Set<string>()

  const sharedBy = (topic: Topic): Shared => {
    const known = topics.get(topic)
    if (known) return known
    const schema = loadSchema(topic, { protoDir })
    const report = new UnknownReport({
      name: topic,
      protoDir,
      shipped: () => shippedMessages(topic),
      log,
    })
    const shared = { schema, report }
    topics.set(topic, shared)
    for (const note of schema.notes) {
      // Several topics of a folder have the same note, such as two files for the envelope.
      if (notes.has(note)) continue
      notes.add(note)
      log.warn(note)
    }
    return shared
  }

  return {
    load(names) {
      for (const topic of names) sharedBy(topic)
    },
    of({ name, topic }) {
      const { schema, report } = sharedBy(topic)
      return createDecoder({
        customer: name,
        schema,
        readable,
        onUnknown: (news) => report.add(news),
      })
    },
  }
}
