import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { ROOT_MESSAGES, type Topic } from '../schema/topics.js'

/** The envelope's fields beside `subject` and `data`. */
export type EnvelopeFields = {
  /** Nanoseconds since the epoch. */
  readonly timestamp: string
  readonly customer_id: string
  readonly msp_id?: string
}

/** Encodes a payload, given by the names of its `.proto` file, and the envelope around it. */
export function encodeFrame(
  topic: Topic,
  payload: Readonly<Record<string, unknown>>,
  fields: EnvelopeFields,
): Uint8Array {
  const { root, envelope } = typesOf(topic)
  const data = root.encode(root.fromObject(payload)).finish()
  return envelope.encode(envelope.fromObject({ subject: topic, data, ...fields })).finish()
}

type Types = { readonly envelope: protobuf.Type; readonly root: protobuf.Type }

const loaded = new Map<Topic, Types>()

function typesOf(topic: Topic): Types {
  const known = loaded.get(topic)
  if (known !== undefined) return known
  const types = {
    envelope: loadType('streaming', 'MsgProto'),
    root: loadType(topic, ROOT_MESSAGES[topic]),
  }
  loaded.set(topic, types)
  return types
}

/** Each file gets a root of its own: several of them define the same names. */
function loadType(file: string, message: string): protobuf.Type {
  const path = fileURLToPath(new URL(`../../proto/${file}.proto`, import.meta.url))
  return new protobuf.Root().loadSync(path, { keepCase: true }).lookupType(message)
}
