import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type protobuf from 'protobufjs'
import { fileErrorText, StreamError } from '../errors.js'
import { getOrMake } from '../maps.js'
import { packageFile } from '../packages.js'
import { type CompiledSchema, openSchema } from './compiled.js'
import { isMessage, type MessageType, plainName } from './message-type.js'
import { parseProto } from './parse-proto.js'

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
export class ProtoFile<Message extends MessageType = MessageType> {
  readonly path: string
  /** Its messages, nested ones too, in the order of the file. */
  readonly messages: readonly Message[]

  constructor(path: string, messages: readonly Message[]) {
    this.path = path
    this.messages = messages
  }

  /** The message of that name, in any package; of several, the one nested least. */
  find(message: string): Message | undefined {
    const depth = ({ fullName }: Message) => fullName.split('.').length
    const found = this.messages.filter(({ name }) => name === message)
    return found.sort((a, b) => depth(a) - depth(b))[0]
  }

  /** @throws StreamError `schema-invalid` where there is no message of that name */
  get(message: string): Message {
    const found = this.find(message)
    if (found) return found
    const names = this.messages.map(({ name }) => name).join(', ') || 'none'
    throw new StreamError(
      'schema-invalid',
      `${this.path}: expected message ${message}; the messages in ${basename(this.path)} are: ${names}`,
    )
  }
}

/**
 * Parses a file.
 * @param comments whether its comments are read too
 * @throws StreamError `schema-invalid`
 */
export function readProto(path: string, comments = false): ProtoFile<protobuf.Type> {
  return new ProtoFile(path, typesIn(parseProto(path, comments)))
}

/** Parses a file that the package ships, with its comments, for those who read about fields or encode. */
export function loadDocumented(
  name: Pick<ProtoName, 'service' | 'file'>,
): ProtoFile<protobuf.Type> {
  return readProto(shippedPath(name), true)
}

function shippedPath({ service, file }: Pick<ProtoName, 'service' | 'file'>): string {
  return fileURLToPath(packageFile(`proto/${service}/${file}.proto`))
}

/** Shipped files do not change while the program runs: each is read once, when it is needed. */
const shipped = new Map<string, ProtoFile>()

/**
 * Loads a file that the package ships, as `npm run generate` compiled it: that takes a tenth of the time of
 * parsing it.
 */
export function loadShipped(name: ProtoName): ProtoFile {
  const path = shippedPath(name)
  return getOrMake(shipped, path, () => {
    const compiled = packageFile(`proto/compiled/${name.service}/${name.file}.json`)
    const schema = JSON.parse(readFileSync(compiled, 'utf8')) as CompiledSchema
    return new ProtoFile(path, openSchema(schema))
  })
}

/**
 * Loads a file from a folder of the user's, as `--proto_dir` names it.
 * @param notes gets what the user should know: other files that define the message
 * @returns undefined where there is no folder, or it does not have the file
 * @throws StreamError `schema-invalid`
 */
export function loadFromDir(
  dir: string | undefined,
  name: ProtoName,
  notes: string[],
): ProtoFile | undefined {
  if (dir === undefined) return undefined
  const { file, message } = name
  const found = findProto(dir, file, message, (path) => !contradicts(path, name))
  if (found === undefined) return undefined
  if (found.note !== undefined) notes.push(found.note)
  const loaded = readProto(found.path)
  loaded.get(message)
  return loaded
}

/**
 * Whether a file's message of that name is another one than the shipped: it has the same fields under other
 * numbers. Both services have a `MonitoringInformation`, and two versions of a stream one message name.
 */
function contradicts(path: string, name: ProtoName): boolean {
  let found: MessageType | undefined
  try {
    found = readProto(path).find(name.message)
  } catch {
    return false // its reader says what is wrong with it
  }
  const fields = loadShipped(name).find(name.message)?.fieldsArray ?? []
  const numbers = new Map(fields.map((field) => [plainName(field.name), field.id]))
  return (found?.fieldsArray ?? []).some(
    (field) => (numbers.get(plainName(field.name)) ?? field.id) !== field.id,
  )
}

function typesIn(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((child) => [
    ...(isMessage(child) ? [child as protobuf.Type] : []),
    ...('nestedArray' in child ? typesIn(child as protobuf.NamespaceBase) : []),
  ])
}

/** The file that defines a message. */
type FoundProto = {
  readonly path: string
  /** What the user should know: other files that define it as well. */
  readonly note: string | undefined
}

/**
 * Finds the file of a folder that defines a message. The message decides, since a browser may save
 * `monitoring.proto` as `monitoring (1).proto`; of several files, the one with the right name.
 *
 * @param name the right name, without `.proto`
 * @param message the message, without package
 * @param isRight whether a file's message of that name is the right one; not asked of a file with the
 *   right name
 * @returns the file, or undefined where the folder has none. A file of the right name that lacks the
 *   message is returned as well: its reader says what is wrong with it.
 * @throws StreamError `schema-invalid` where the folder cannot be read, has no `.proto` file, or has
 *   several for the message and none of the right name
 */
function findProto(
  dir: string,
  name: string,
  message: string,
  isRight: (path: string) => boolean,
): FoundProto | undefined {
  const files = listProtos(dir)
  const exact = files.find((file) => file.toLowerCase() === `${name}.proto`)
  const namesakes = files.filter((file) => defines(join(dir, file), message))
  const defining = namesakes.filter((file) => file === exact || isRight(join(dir, file)))
  if (defining.length > 1 && (exact === undefined || !defining.includes(exact))) {
    throw new StreamError(
      'schema-invalid',
      `${dir}: ${defining.join(' and ')} both define message ${message}; keep one of them, or name it ${name}.proto`,
    )
  }
  const named = files.find(
    (file) => new RegExp(`^${name}[^a-z]*\\.proto$`, 'i').test(file) && !namesakes.includes(file),
  )
  const found = defining.length > 1 ? exact : (defining[0] ?? exact ?? named)
  if (found === undefined) return undefined
  const others = defining.filter((file) => file !== found)
  const note =
    others.length === 0
      ? undefined
      : `${dir}: ${found} is used; ${others.join(' and ')} also ${others.length === 1 ? 'defines' : 'define'} message ${message}: keep the newer one under that name, and remove the other`
  return { path: join(dir, found), note }
}

/**
 * The names of a folder's `.proto` files.
 * @param place names the folder in errors
 * @throws StreamError `schema-invalid` where there are none
 */
export function listProtos(dir: string, place = `--proto_dir ${dir}`): string[] {
  let files: string[]
  try {
    files = readdirSync(dir)
  } catch (error) {
    throw new StreamError(
      'schema-invalid',
      `${place}: expected a folder with .proto files from Central; ${fileErrorText(error)}`,
    )
  }
  const protos = files.filter((file) => file.toLowerCase().endsWith('.proto')).sort()
  if (protos.length === 0) {
    throw new StreamError(
      'schema-invalid',
      `${place}: expected .proto files from Central; the folder has none`,
    )
  }
  return protos
}

function defines(path: string, message: string): boolean {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return false // a file that nobody needs may be unreadable
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ')
  return new RegExp(`\\bmessage\\s+${message}\\s*\\{`).test(code)
}
