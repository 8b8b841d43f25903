import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileErrorText, StreamError } from '../errors.js'

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
export function findProto(
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

function listProtos(dir: string): string[] {
  let files: string[]
  try {
    files = readdirSync(dir)
  } catch (error) {
    throw new StreamError(
      'schema-invalid',
      `--proto_dir ${dir}: expected a folder with .proto files from Central; ${fileErrorText(error)}`,
    )
  }
  const protos = files.filter((file) => file.toLowerCase().endsWith('.proto')).sort()
  if (protos.length === 0) {
    throw new StreamError(
      'schema-invalid',
      `--proto_dir ${dir}: expected .proto files from Central; the folder has none`,
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
