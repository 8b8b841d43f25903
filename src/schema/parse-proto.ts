import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type protobuf from 'protobufjs'
import { StreamError } from '../errors.js'
import { common, parse, Root } from './protobuf.js'

/**
 * Reads a `.proto` file (proto2, proto3 or editions; with or without a package) and all that it
 * imports, into a namespace of its own: topics define the same names, and would clash in one.
 *
 * An import is looked for as written, from the importing file's folder; then by its bare name there;
 * then among Google's well-known types.
 * @throws StreamError `schema-invalid`, with file, line (where one is to blame) and reason
 */
export function parseProto(path: string): protobuf.Root {
  const root = new Root()
  const texts = new Map<string, string>()
  parseInto(root, path, texts)
  try {
    root.resolveAll()
    return root
  } catch (error) {
    throw faultOf(error, path, texts)
  }
}

function parseInto(root: protobuf.Root, path: string, texts: Map<string, string>): void {
  if (texts.has(path)) return
  const text = readText(path)
  texts.set(path, text)
  let imports: string[]
  try {
    // keepCase: records have the names of the file.
    const parsed = parse(text, root, { keepCase: true })
    imports = [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]
  } catch (error) {
    throw faultOf(error, path, texts)
  }
  for (const name of imports) {
    const folder = dirname(path)
    const file = [join(folder, name), join(folder, basename(name))].find(existsSync)
    if (file !== undefined) {
      parseInto(root, file, texts)
      continue
    }
    const known = common.get(name)
    if (known === null) {
      const line = lineOf(text, text.indexOf(name))
      throw invalid(path, line, `imports "${name}", which is not in ${folder}; put it there`)
    }
    if (!texts.has(name)) root.addJSON(known.nested ?? {})
    texts.set(name, '')
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '')
  } catch (error) {
    throw invalid(
      path,
      undefined,
      `cannot be read: ${error instanceof Error ? error.message : error}`,
    )
  }
}

/** What protobufjs threw, with the line: some of its errors name it, others name what to look for. */
function faultOf(error: unknown, path: string, texts: ReadonlyMap<string, string>): StreamError {
  const message = error instanceof Error ? error.message : String(error)
  const [, reason, line] = /^(.*) \((?:.*, )?line (\d+)\)$/s.exec(message) ?? []
  if (reason !== undefined) return invalid(path, Number(line), reason)
  const [, kind, name] = /(duplicate|no such)[^:']*[:']\s*\.?([\w.]+)/.exec(message) ?? []
  if (name === undefined) return invalid(path, undefined, message)
  const word = new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`, 'g')
  if (kind === 'duplicate') {
    const text = texts.get(path) ?? ''
    const [, tooMany] = text.matchAll(word)
    return invalid(path, lineOf(text, tooMany?.index ?? -1), message)
  }
  // What is missing may be missed by an imported file.
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
