import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type protobuf from 'protobufjs'
import { fileErrorText, StreamError } from '../errors.js'
import { loadCommonJs } from '../packages.js'
import { PROTO_STAND_IN } from './message-type.js'

/** Loaded when a `.proto` file is parsed: a run with the shipped schemas needs no library. */
function protobufjs(): typeof import('protobufjs') {
  return loadCommonJs('protobufjs')
}

/**
 * Reads a `.proto` file (proto2, proto3 or editions; with or without a package) and its imports, into a
 * namespace of its own: topics define the same names, which would clash in one.
 *
 * An import is looked for as written, from the folder of the importing file; then by its base name there;
 * then among Google's files that protobufjs has.
 * @param comments whether the comments of messages and fields are read too, which takes longer
 * @throws StreamError `schema-invalid`, with file, line (if known) and reason
 */
export function parseProto(path: string, comments = false): protobuf.Root {
  const { Root } = protobufjs()
  const root = new Root()
  const texts = new Map<string, string>()
  parseInto(root, path, texts, comments)
  try {
    root.resolveAll()
    return root
  } catch (error) {
    throw faultOf(error, path, texts)
  }
}

function parseInto(
  root: protobuf.Root,
  path: string,
  texts: Map<string, string>,
  comments: boolean,
): void {
  if (texts.has(path)) return
  const text = readText(path)
  texts.set(path, text)
  let imports: string[]
  try {
    const parsed = parseText(text, root, comments)
    imports = [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]
  } catch (error) {
    throw faultOf(error, path, texts)
  }
  for (const name of imports) {
    const folder = dirname(path)
    const file = [join(folder, name), join(folder, basename(name))].find(existsSync)
    const google = file === undefined ? protobufjs().common.get(name) : null
    const found = file ?? googleFile(name)
    if (google !== null) {
      if (!texts.has(name)) root.addJSON(google.nested ?? {})
      texts.set(name, '')
    } else if (found !== undefined) {
      parseInto(root, found, texts, comments)
    } else {
      const line = lineOf(text, text.indexOf(name))
      throw invalid(path, line, `imports "${name}", which is not in ${folder}; put it there`)
    }
  }
}

/** Parses the text of a `.proto` file into `root`, with the names of the file. */
function parseText(text: string, root: protobuf.Root, comments: boolean): protobuf.IParserResult {
  const { OneOf, Type, parse } = protobufjs()
  const safe = text.replace(/\b__proto__\b/g, PROTO_STAND_IN)
  // The parser adds the type of a `group` in a oneof to the oneof, which takes fields only.
  const { add, onAdd } = OneOf.prototype
  const groups = new Map<protobuf.OneOf, protobuf.Type[]>()
  OneOf.prototype.add = function (this: protobuf.OneOf, object: protobuf.ReflectionObject) {
    if (!(object instanceof Type)) return add.call(this, object as protobuf.Field)
    groups.set(this, [...(groups.get(this) ?? []), object])
    return this
  }
  OneOf.prototype.onAdd = function (this: protobuf.OneOf, parent: protobuf.ReflectionObject) {
    for (const type of groups.get(this) ?? []) (parent as protobuf.Type).add(type)
    onAdd.call(this, parent)
  }
  try {
    return parse(safe, root, { keepCase: true, alternateCommentMode: comments })
  } finally {
    Object.assign(OneOf.prototype, { add, onAdd })
  }
}

/** Files such as `google/protobuf/descriptor.proto`, which the library ships but does not load. */
function googleFile(name: string): string | undefined {
  if (!/^google\/protobuf\/\w+\.proto$/.test(name)) return undefined
  try {
    return createRequire(import.meta.url).resolve(`protobufjs/${name}`)
  } catch {
    return undefined
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw invalid(path, undefined, `it cannot be read: ${fileErrorText(error)}`)
  }
}

/** The library's error, with the line: some of its errors have it, others a name to look for. */
function faultOf(error: unknown, path: string, texts: ReadonlyMap<string, string>): StreamError {
  const message = error instanceof Error ? error.message : String(error)
  const [, reason, line] = /^(.*) \((?:.*, )?line (\d+)\)$/s.exec(message) ?? []
  if (reason !== undefined) return invalid(path, Number(line), reason)
  const [, kind, name] = /(duplicate|no such)[^:']*[:']\s*\.?([\w.]+)/.exec(message) ?? []
  if (name === undefined) return invalid(path, undefined, message)
  const word = new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`, 'g')
  if (kind === 'duplicate') {
    const text = texts.get(path) ?? ''
    const [, second] = text.matchAll(word)
    return invalid(path, lineOf(text, second?.index ?? -1), message)
  }
  // The file with the unknown name may be an imported one.
  for (const [file, text] of texts) {
    const place = text.search(word)
    if (place >= 0) return invalid(file, lineOf(text, place), message)
  }
  return invalid(path, undefined, message)
}

function lineOf(text: string, place: number): number | undefined {
  return place < 0 ? undefined : text.slice(0, place).split('\n').length
}

function invalid(path: string, line: number | undefined, reason: string): StreamError {
  const where = line === undefined ? path : `${path}:${line}`
  return new StreamError('schema-invalid', `${where}: ${reason}`)
}
