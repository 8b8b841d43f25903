import { wellKnownOf } from '../decode/well-known-types.js'
import { StreamError } from '../errors.js'
import { loadFromDir, loadShipped, type ProtoFile, type ProtoName } from '../schema/load-proto.js'
import { type FieldType, isMessage, type MessageType, plainName } from '../schema/message-type.js'
import { messagesOf, TOPIC_FACTS, type Topic } from './topics.js'

/** The message types of a topic's frames. */
export type Schema = {
  readonly topic: Topic
  /** `CloudEvent`, which every frame is. */
  readonly envelope: MessageType
  /** What every payload is; undefined where the events of the topic have messages of their own. */
  readonly payload: MessageType | undefined
  /** A message of the topic by its name, without package. */
  message(name: string): MessageType | undefined
  /** What the user should know, such as a file that is missing or is there twice. */
  readonly notes: readonly string[]
}

type SchemaOptions = {
  /** Folder with `.proto` files that replace the shipped ones, as `--proto_dir` names it. */
  readonly protoDir?: string | undefined
}

const ENVELOPE: ProtoName = { service: 'newcentral', file: 'cloudevent', message: 'CloudEvent' }

/** What the decoder reads of the envelope, and of which type it must be. */
const ENVELOPE_FIELDS: Readonly<Record<string, string>> = {
  id: 'string',
  source: 'string',
  type: 'string',
  attributes: 'map of messages',
  binary_data: 'bytes',
  proto_data: 'google.protobuf.Any',
  time: 'google.protobuf.Timestamp',
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
      `${topic}: ${protoDir} has no .proto file with message ${name.message} of this topic; the shipped one is used`,
    )
  }
  const file = own ?? loadShipped(name)
  const { message } = TOPIC_FACTS[topic]
  return {
    topic,
    envelope: envelopeOf(protoDir, notes).get(ENVELOPE.message),
    payload: message === undefined ? undefined : file.get(message),
    // A copy of the file may have some of the messages only.
    message: (wanted) => file.find(wanted) ?? loadShipped(name).find(wanted),
    notes,
  }
}

/** All messages of the shipped schema of a topic, the envelope among them. */
export function shippedMessages(topic: Topic): readonly MessageType[] {
  return [...loadShipped(ENVELOPE).messages, ...loadShipped(protoName(topic)).messages]
}

/** A file is found by its first message where it has none for all. */
function protoName(topic: Topic): ProtoName {
  const [message = ''] = messagesOf(topic)
  return { service: 'newcentral', file: topic, message }
}

/** The envelope of the folder, if it has one with all that is needed; the CNCF's lacks the time. */
function envelopeOf(protoDir: string | undefined, notes: string[]): ProtoFile {
  const own = loadFromDir(protoDir, ENVELOPE, notes)
  if (own === undefined) return loadShipped(ENVELOPE)
  const fields = own.get(ENVELOPE.message).fieldsArray
  for (const [name, expected] of Object.entries(ENVELOPE_FIELDS)) {
    const field = fields.find((each) => plainName(each.name) === plainName(name))
    if (field === undefined) {
      notes.push(
        `${own.path}: message ${ENVELOPE.message} has no field ${name}, so it is not New Central's; the shipped one is used`,
      )
      return loadShipped(ENVELOPE)
    }
    const found = typeName(field.resolve())
    if (found !== expected) {
      throw new StreamError(
        'schema-invalid',
        `${own.path}: expected field ${name} of ${ENVELOPE.message} to be ${expected}; got ${found}`,
      )
    }
  }
  return own
}

function typeName(field: FieldType): string {
  const { resolvedType, repeated, type } = field
  if (field.map) {
    return isMessage(resolvedType) ? 'map of messages' : `map of ${type}`
  }
  const wellKnown = isMessage(resolvedType) ? wellKnownOf(resolvedType) : undefined
  const name = wellKnown === undefined ? type : `google.protobuf.${wellKnown}`
  return repeated ? `repeated ${name}` : name
}
