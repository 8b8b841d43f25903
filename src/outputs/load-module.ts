import { realpathSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorText, StreamError } from '../errors.js'
import { requireTrusted } from '../files/trust.js'
import { MODULE_TYPE } from './export-type.js'

/** A user's module, as far as can be known of a file that a user wrote. */
type LoadedModule<Name extends string> = {
  /** Its default export. */
  readonly main: (...args: unknown[]) => unknown
  /** The functions that it exports by these names, where it does. */
  readonly named: Partial<Readonly<Record<Name, (...args: unknown[]) => unknown>>>
  /** What one of its functions threw, as one line. */
  faultText(thrown: unknown): string
}

/**
 * Loads a user's module. Its default export must be a function, and so must the named exports be that it has.
 * @param instead the named export that may stand in place of the default one
 * @param label how the command line names it, for errors: `--export_data ./save.mjs`
 * @param cwd where a relative path starts from
 * @throws StreamError `exporter-unusable`
 */
export async function loadModule<Name extends string>(
  label: string,
  target: string,
  {
    cwd,
    names,
    instead,
  }: { readonly cwd: string; readonly names: readonly Name[]; readonly instead?: Name },
): Promise<LoadedModule<Name>> {
  const path = resolve(cwd, target)
  if (/\.(nd)?jsonl?$/.test(path)) {
    const other = `to write records there, use --export_data json:${target}`
    throw unusableModule(label, `expected a module, such as ${MODULE_TYPE}; ${other}`)
  }
  let exports: Record<string, unknown>
  try {
    if (!statSync(path).isFile()) throw new Error('it is a folder or a device, not a file')
    await requireTrusted(path)
    exports = await import(pathToFileURL(path).href)
  } catch (error) {
    throw unusableModule(label, loadFault(error, path))
  }
  const named: { [name in Name]?: LoadedModule<Name>['main'] } = {}
  for (const name of names) {
    const value = exports[name]
    if (value === undefined) continue
    if (!isFunction(value)) {
      throw unusableModule(label, `its export "${name}" must be a function; got ${kindOf(value)}`)
    }
    named[name] = value
  }
  const own = defaultOf(exports.default)
  const main = own === undefined && instead !== undefined ? named[instead] : own
  if (!isFunction(main)) {
    throw unusableModule(label, `its default export must be a function; got ${kindOf(main)}`)
  }
  return { main, named, faultText: faultTextOf(path) }
}

export function unusableModule(label: string, reason: string): StreamError {
  return new StreamError('exporter-unusable', `${label}: ${reason}`)
}

/**
 * Makes a function that settles as a promise does, but when the signal aborts at the latest, then with
 * an error: a user's promise may never settle.
 */
export function createTimeLimit(signal: AbortSignal): <T>(work: T) => Promise<Awaited<T>> {
  // One listener for all pending calls: a listener for each message would pile up on the signal.
  const pending = new Set<() => void>()
  signal.addEventListener('abort', () => {
    for (const expire of pending) expire()
  })
  return (work) =>
    new Promise((resolve, reject) => {
      const expire = () => reject(new Error('it took longer than the end of the program allows'))
      if (signal.aborted) expire()
      pending.add(expire)
      Promise.resolve(work)
        .then(resolve, reject)
        .finally(() => pending.delete(expire))
    })
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}

/** What TypeScript compiles to CommonJS has its default export as a property of Node's. */
function defaultOf(exported: unknown): unknown {
  const isCompiled = typeof exported === 'object' && exported !== null && 'default' in exported
  return isCompiled ? exported.default : exported
}

function loadFault(error: unknown, path: string): string {
  const { code, stack = '' } = error instanceof Error ? (error as NodeJS.ErrnoException) : {}
  if (code === 'ENOENT') return `there is no such file (looked for ${path})`
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return `this Node does not load "${extname(path)}" files; Node 22.18 and newer load TypeScript, otherwise compile it to .mjs`
  }
  // Node puts "file:line" before the stack of a syntax error, where it knows the place.
  const [, place] = /^(\S.*:\d+)\n/.exec(stack) ?? []
  const check = error instanceof SyntaxError ? ` (node --check ${path} shows where)` : ''
  const text = errorText(error)
  return `${text}${place ? ` (at ${place})` : check}${syntaxHint(text, place ?? path)}`
}

/** What an ES module says that Node takes for CommonJS. */
const TAKEN_FOR_COMMONJS =
  /^(Cannot use import statement outside a module|Unexpected token 'export')/

/** @param place the file, with or without its line */
function syntaxHint(text: string, place: string): string {
  const [, extension = ''] = /\.(\w+)(?::\d+)?$/.exec(place) ?? []
  if (TAKEN_FOR_COMMONJS.test(text) && ['js', 'ts'].includes(extension)) {
    return `; its package.json has "type": "commonjs": run "npm pkg set type=module" there, or name the file .m${extension}`
  }
  if (/does not provide an export named/.test(text) && ['ts', 'mts'].includes(extension)) {
    return '; if that is a type, it takes "import type"'
  }
  return ''
}

/**
 * Where the engine made the error, such as "x is not a function", its text does not tell which line of the
 * module it is about. What a module throws on purpose says so itself.
 */
function faultTextOf(path: string): LoadedModule<never>['faultText'] {
  const file = realpathSync(path)
  const places = [pathToFileURL(file).href, file].map((name) => `${name}:`)
  return (thrown) => {
    const text = errorText(thrown)
    try {
      if (!(thrown instanceof Error) || thrown.constructor === Error) return text
      const line = thrown.stack?.split('\n').find((each) => places.some((at) => each.includes(at)))
      const [place] = /:\d+:\d+(?=\)?$)/.exec(line ?? '') ?? []
      return place ? `${text} (at ${basename(file)}${place})` : text
    } catch {
      return text
    }
  }
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return kindOf(value) === 'function'
}

function kindOf(value: unknown): string {
  // A class cannot be called.
  if (typeof value === 'function' && /^class\b/.test(String(value))) return 'a class'
  return value === undefined ? 'none' : typeof value
}
