import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type protobuf from 'protobufjs'
import { StreamError } from '../errors.js'
import { parseProto } from './parse-proto.js'
import { findProto } from './proto-dir.js'
import { Namespace, Type } from './protobuf.js'

/** Which messages are wanted, and where they are defined. */
export type ProtoName = {
  /** Folder below `proto/`, one for each service. */
  readonly service: string
  /** Name of the file, without `.proto`. */
  readonly file: string
  /** The message that tells the file from others, without package. */
  readonly message: string
}

/** A `.proto` file with its imports. */
export class ProtoFile {
  readonly path: string
  /** Its messages, nested ones too, in the order of the file. */
  readonly messages: readonly protobuf.Type[]

  /**
   * @param comments whether its comments are read too
   * @throws StreamError `schema-invalid`
   */
  constructor(path: string, comments = false) {
    this.path = path
    this.messages = typesIn(parseProto(path, comments))
  }

  /** The message of that name, in any package; of several, the one nested least. */
  find(message: string): protobuf.Type | undefined {
    const depth = ({ fullName }: protobuf.Type) => fullName.split('.').length
    const found = this.messages.filter(({ name }) => name === message)
    return found.sort((a, b) => depth(a) - depth(b))[0]
  }

  /** @throws StreamError `schema-invalid` where there is no message of that name */
  get(message: string): protobuf.Type {
    const found = this.find(message)
    if (found) return found
    const names = this.messages.map(({ name }) => name).join(', ') || 'none'
    throw new StreamError(
      'schema-invalid',
      `${this.path}: expected message ${message}; the messages in ${basename(this.path)} are: ${names}`,
    )
  }
}

/** Loads a file that the package ships, with its comments, for those who read about fields. */
export function loadDocumented(name: Pick<ProtoName, 'service' | 'file'>): ProtoFile {
  return new ProtoFile(shippedPath(name), true)
}

function shippedPath({ service, file }: Pick<ProtoName, 'service' | 'file'>): string {
  return fileURLToPath(new URL(`../../proto/${service}/${file}.proto`, import.meta.url))
}

/** Shipped files do not change while the program runs: each is read once, when it is needed. */
const shipped = new Map<string, ProtoFile>()

/** Loads a file that the package ships. */
export function loadShipped(name: ProtoName): ProtoFile {
  const path = shippedPath(name)
  let loaded = shipped.get(path)
  if (loaded === undefined) {
    loaded = new ProtoFile(path)
    shipped.set(path, loaded)
  }
  return loaded
}

/**
 * Loads a file from a folder of the user's, as `--proto_dir` names it.
 * @param notes gets what the user should know: other files that define the message
 * @returns undefined where the folder does not have it
 * @throws StreamError `schema-invalid`
 */
export function loadFromDir(dir: string, name: ProtoName, notes: string[]): ProtoFile | undefined {
  const { file, message } = name
  const found = findProto(dir, file, message, (path) => !contradicts(path, name))
  if (found === undefined) return undefined
  if (found.note !== undefined) notes.push(found.note)
  const loaded = new ProtoFile(found.path)
  loaded.get(message)
  return loaded
}

/**
 * Whether a file's message of that name is another one than the shipped: it has the same fields under other
 * numbers. Both services have a `MonitoringInformation`, and two versions of a stream one message name.
 */
function contradicts(path: string, name: ProtoName): boolean {
  let found: protobuf.Type | undefined
  try {
    found = new ProtoFile(path).find(name.message)
  } catch {
    return false // its reader says what is wrong with it
  }
  // Copies of a file may have its names in camel case.
  const plain = (field: string) => field.replaceAll('_', '').toLowerCase()
  const fields = loadShipped(name).find(name.message)?.fieldsArray ?? []
  const numbers = new Map(fields.map((field) => [plain(field.name), field.id]))
  return (found?.fieldsArray ?? []).some(
    (field) => (numbers.get(plain(field.name)) ?? field.id) !== field.id,
  )
}

function typesIn(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((child) => [
    ...(child instanceof Type ? [child] : []),
    ...(child instanceof Namespace || child instanceof Type ? typesIn(child) : []),
  ])
}
