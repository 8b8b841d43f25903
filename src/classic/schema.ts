import { StreamError } from '../errors.js'
import { loadFromDir, loadShipped, type ProtoFile, type ProtoName } from '../schema/load-proto.js'
import type { MessageType } from '../schema/message-type.js'
import { GEOFENCE_NOTICE, ROOT_MESSAGES, type Topic } from './topics.js'

/** The message types of a topic's frames. */
export type Schema = {
  readonly topic: Topic
  /** `MsgProto`, which every frame is. */
  readonly envelope: MessageType
  /** What the envelope's `data` is. */
  readonly payload: MessageType
  /** Of `location`: what `data` is in a geofence notice. */
  readonly notice: MessageType | undefined
  /** What the user should know, such as a file that is missing or is there twice. */
  readonly notes: readonly string[]
}

type SchemaOptions = {
  /** Folder with `.proto` files that replace the shipped ones, as `--proto_dir` names it. */
  readonly protoDir?: string | undefined
}

const ENVELOPE: ProtoName = { service: 'classic', file: 'streaming', message: 'MsgProto' }

/** The envelope's fields, and the types that the decoder can read. */
const ENVELOPE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  subject: ['string'],
  data: ['bytes'],
  timestamp: ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64'],
  customer_id: ['string'],
  msp_id: ['string'],
}

/**
 * Loads the schema of a topic: from `protoDir` if that has it, else the shipped one.
 * @throws StreamError `schema-invalid`
 */
export function loadSchema(topic: Topic, { protoDir }: SchemaOptions = {}): Schema {
  const name = protoName(topic)
  const notes: string[] = []
  const own = loadFromDir(protoDir, name, notes)
  if (protoDir !== undefined && own === undefined) {
    notes.push(
      `${topic}: ${protoDir} has no .proto file with message ${name.message}; the shipped one is used`,
    )
  }
  // Downloads may lack the envelope's file, so nothing is said where it is missing.
  const ownEnvelope = loadFromDir(protoDir, ENVELOPE, notes)
  if (ownEnvelope !== undefined) checkEnvelope(ownEnvelope)
  const file = own ?? loadShipped(name)
  return {
    topic,
    envelope: (ownEnvelope ?? loadShipped(ENVELOPE)).get(ENVELOPE.message),
    payload: file.get(name.message),
    notice:
      topic === 'location'
        ? (file.find(GEOFENCE_NOTICE) ?? loadShipped(name).find(GEOFENCE_NOTICE))
        : undefined,
    notes,
  }
}

/** All messages of the shipped schema of a topic, the envelope among them. */
export function shippedMessages(topic: Topic): readonly MessageType[] {
  return [...loadShipped(ENVELOPE).messages, ...loadShipped(protoName(topic)).messages]
}

function protoName(topic: Topic): ProtoName {
  return { service: 'classic', file: topic, message: ROOT_MESSAGES[topic] }
}

function checkEnvelope(file: ProtoFile): void {
  const { fields } = file.get(ENVELOPE.message)
  for (const [name, types] of Object.entries(ENVELOPE_FIELDS)) {
    const field = fields[name]
    if (field === undefined && name !== 'data') continue
    if (field === undefined || field.repeated || field.map || !types.includes(field.type)) {
      const got = field === undefined ? 'none' : `${field.rule ?? ''} ${field.type}`.trim()
      throw new StreamError(
        'schema-invalid',
        `${file.path}: expected field ${name} of ${ENVELOPE.message} to be ${types.join(' or ')}; got ${got}`,
      )
    }
  }
}
