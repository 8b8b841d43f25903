import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type protobuf from 'protobufjs'
import { ROOT_MESSAGES, type Topic } from '../classic/topics.js'
import { StreamError } from '../errors.js'
import { parseProto } from './parse-proto.js'
import { findProto } from './proto-dir.js'
import { Namespace, Type } from './protobuf.js'

/** The message types that frames of a topic are made of. */
export type Schema = {
  readonly topic: Topic
  /** `MsgProto`, which every frame is. */
  readonly envelope: protobuf.Type
  /** What the envelope's `data` is. */
  readonly payload: protobuf.Type
  /** Where the payload's schema came from. */
  readonly source: 'shipped' | 'proto_dir'
  /** What the user should know: a file that is not there, or is there twice. */
  readonly notes: readonly string[]
}

export type SchemaOptions = {
  /** Folder with `.proto` files that go before the shipped ones, as `--proto_dir` names it. */
  readonly protoDir?: string | undefined
}

const ENVELOPE = { file: 'streaming', message: 'MsgProto' }

/** The envelope's fields and the types that the decoder can take for them. */
const ENVELOPE_FIELDS: Readonly<Record<string, readonly string[]>> = {
  subject: ['string'],
  data: ['bytes'],
  timestamp: ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64'],
  customer_id: ['string'],
  msp_id: ['string'],
}

/** Shipped files do not change while the program runs: each is read once, and only when wanted. */
const shipped = new Map<string, protobuf.Type>()

/**
 * Loads the schema of one topic, from `protoDir` where that has it, else the shipped one.
 * @throws StreamError `schema-invalid`
 */
export function loadSchema(topic: Topic, { protoDir }: SchemaOptions = {}): Schema {
  const message = ROOT_MESSAGES[topic]
  if (protoDir === undefined) {
    const envelope = loadShipped(ENVELOPE.file, ENVELOPE.message)
    return { topic, envelope, payload: loadShipped(topic, message), source: 'shipped', notes: [] }
  }
  const notes: string[] = []
  const own = loadFrom(protoDir, topic, message, notes)
  if (own === undefined) {
    const lacks = `${protoDir} has no .proto file with message ${message}; using the shipped one`
    notes.push(`${topic}: ${lacks}`)
  }
  return {
    topic,
    // The envelope is not among the files of every download, so nothing is said where it is missing.
    envelope:
      loadFrom(protoDir, ENVELOPE.file, ENVELOPE.message, notes, checkEnvelope) ??
      loadShipped(ENVELOPE.file, ENVELOPE.message),
    payload: own ?? loadShipped(topic, message),
    source: own === undefined ? 'shipped' : 'proto_dir',
    notes,
  }
}

function loadShipped(name: string, message: string): protobuf.Type {
  let type = shipped.get(name)
  if (type === undefined) {
    type = loadType(fileURLToPath(new URL(`../../proto/${name}.proto`, import.meta.url)), message)
    shipped.set(name, type)
  }
  return type
}

function loadFrom(
  dir: string,
  name: string,
  message: string,
  notes: string[],
  check: (type: protobuf.Type, path: string) => void = () => undefined,
): protobuf.Type | undefined {
  const found = findProto(dir, name, message)
  if (found === undefined) return undefined
  const { path, note } = found
  if (note !== undefined) notes.push(note)
  const type = loadType(path, message)
  check(type, path)
  return type
}

/** The message of that name, in whatever package; of several, the one nested least. */
function loadType(path: string, message: string): protobuf.Type {
  const types = typesIn(parseProto(path))
  const depth = ({ fullName }: protobuf.Type) => fullName.split('.').length
  const [found] = types.filter(({ name }) => name === message).sort((a, b) => depth(a) - depth(b))
  if (found === undefined) {
    const there = types.map(({ name }) => name).join(', ') || 'none'
    throw new StreamError(
      'schema-invalid',
      `${path}: expected message ${message}; the messages in ${basename(path)} are: ${there}`,
    )
  }
  return found
}

function typesIn(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((child) => [
    ...(child instanceof Type ? [child] : []),
    ...(child instanceof Namespace || child instanceof Type ? typesIn(child) : []),
  ])
}

function checkEnvelope({ fields }: protobuf.Type, path: string): void {
  for (const [name, types] of Object.entries(ENVELOPE_FIELDS)) {
    const field = fields[name]
    if (field === undefined && name !== 'data') continue
    if (field === undefined || field.repeated || field.map || !types.includes(field.type)) {
      const got = field === undefined ? 'none' : `${field.rule ?? ''} ${field.type}`.trim()
      throw new StreamError(
        'schema-invalid',
        `${path}: expected field ${name} of ${ENVELOPE.message} to be ${types.join(' or ')}; got ${got}`,
      )
    }
  }
}
