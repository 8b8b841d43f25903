import type protobuf from 'protobufjs'
import type { Logger } from '../log.js'
import type { Decoder, Decoders } from '../service.js'
import type { AnyTopic } from '../stream-record.js'
import type { DecoderOptions } from './frame-decoder.js'
import { UnknownReport } from './unknown-report.js'

export type DecodersOptions = {
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** What differs between the decoders of the services. */
type DecoderKind<T extends AnyTopic, Schema> = {
  /** @throws StreamError `schema-invalid` */
  loadSchema(topic: T, options: { readonly protoDir: string | undefined }): Schema
  /** All messages of the shipped schema of a topic. */
  shippedMessages(topic: T): readonly protobuf.Type[]
  createDecoder(options: DecoderOptions<Schema>): Decoder
}

/** Makes the decoders of entries; what those of a topic share is made once. */
export function makeDecoders<
  T extends AnyTopic,
  Schema extends { readonly notes: readonly string[] },
>(kind: DecoderKind<T, Schema>, { protoDir, readable, log }: DecodersOptions): Decoders<T> {
  type Shared = { readonly schema: Schema; readonly report: UnknownReport }
  const topics = new Map<T, Shared>()
  const notes = new Set<string>()

  const sharedBy = (topic: T): Shared => {
    const known = topics.get(topic)
    if (known) return known
    const schema = kind.loadSchema(topic, { protoDir })
    const report = new UnknownReport({
      name: topic,
      protoDir,
      shipped: () => kind.shippedMessages(topic),
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
    of({ name, topic, label = name }) {
      const { schema, report } = sharedBy(topic)
      const onUnknown: UnknownReport['add'] = (news) => report.add(news)
      return kind.createDecoder({ customer: name, label, schema, readable, onUnknown })
    },
  }
}
