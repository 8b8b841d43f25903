import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { ROOT_MESSAGES, type Topic } from './topics.js'

/** The message types of a topic. */
export type Schema = {
  readonly topic: Topic
  /** `MsgProto`, which every frame is. */
  readonly envelope: protobuf.Type
  /** What the envelope's `data` is. */
  readonly payload: protobuf.Type
}

export type SchemaOptions = { protoDir?: string | undefined }

export function loadSchema(topic: Topic, _options: SchemaOptions = {}): Schema {
  return {
    topic,
    envelope: shipped('streaming', 'MsgProto'),
    payload: shipped(topic, ROOT_MESSAGES[topic]),
  }
}

function shipped(name: string, message: string): protobuf.Type {
  const path = fileURLToPath(new URL(`../../proto/${name}.proto`, import.meta.url))
  const root = new protobuf.Root()
  const parsed = protobuf.parse(readFileSync(path, 'utf8'), root, { keepCase: true })
  root.resolveAll()
  return root.lookupType(parsed.package ? `${parsed.package}.${message}` : message)
}
