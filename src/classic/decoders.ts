import { UnknownReport } from '../decode/unknown-report.js'
import type { Logger } from '../log.js'
import type { Decoders } from '../service.js'
import { createDecoder } from './message.js'
import { loadSchema, type Schema, shippedMessages } from './schema.js'
import type { Topic } from './topics.js'

export type DecodersOptions = {
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly log: Logger
}

/** What the decoders of a topic share. */
type Shared = { readonly schema: Schema; readonly report: UnknownReport }

/** Makes the decoders of entries; what those of a topic share is made once. */
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
      const onUnknown: UnknownReport['add'] = (news) => report.add(news)
      return createDecoder({ customer: name, schema, readable, onUnknown })
    },
  }
}
