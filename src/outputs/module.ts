import { statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorText, StreamError } from '../errors.js'
import type { StreamMessage } from '../service.js'
import type { AnyRecord, AnyTopic, StreamRecordOf } from '../stream-record.js'
import type { Output, OutputContext } from './output.js'
import { optionPairs, splitType } from './type-options.js'

/** What an export function gets beside the record. */
export type ExportContext<T extends AnyTopic = AnyTopic> = {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: T
  /** The bytes of the WebSocket message; a copy, made when it is asked for. */
  readonly frame: Uint8Array
  /** Aborts when the 10 s of a shutdown are over. */
  readonly signal: AbortSignal
  /** What stands behind the path: `./save.mjs?table=x&fast` gives `{ table: 'x', fast: '' }`. */
  readonly options: ModuleOptions
}

export type ModuleOptions = Readonly<Record<string, string>>

/**
 * The default export of an exporter module: takes one record. It is awaited before the entry's next
 * record; where it throws, the message counts as given up.
 *
 * `ExportFunction<'monitoring'>` takes records of that topic; without a topic, `record.topic` tells
 * which one it is.
 */
export type ExportFunction<T extends AnyTopic = AnyTopic> = (
  message: StreamRecordOf<T>,
  context: ExportContext<T>,
) => void | Promise<void>

/** What an `open` of a module gets. */
export type ModuleContext = Pick<OutputContext, 'log' | 'topics' | 'stopping'> & {
  /** Aborts when the 10 s of a shutdown are over. */
  readonly signal: AbortSignal
  readonly options: ModuleOptions
}

type UserModule = {
  /** An `ExportFunction`, as far as can be known of a file that a user wrote. */
  exportData(message: AnyRecord, context: ExportContext): unknown
  open?(context: ModuleContext): unknown
  close?(): unknown
}

/**
 * Opens a user's module: its default export is called with every message, in order per entry, and
 * awaited; `open` and `close` are optional. Delivered means: the function returned, or what it
 * returned resolved.
 * @throws StreamError `exporter-unusable` with path and reason
 */
export async function openModule(type: string, context: OutputContext): Promise<Output> {
  const { target } = splitType(type)
  const pairs = optionPairs(type).map(([name, value = '']) => [name, value])
  const options = Object.freeze(Object.fromEntries(pairs))
  const { exportData, open, close } = await load(target, context.cwd)
  const { counters, graceOver: signal, log, topics, stopping } = context

  // One listener for all pending calls: a listener for each message would pile up on the signal.
  const pending = new Set<() => void>()
  signal.addEventListener('abort', () => {
    for (const expire of pending) expire()
  })
  /** Settles as the promise does, but at the end of the grace period at the latest, then with an error. */
  const inTime = (work: unknown) =>
    new Promise<void>((resolve, reject) => {
      const expire = () => reject(new Error('it took longer than the end of the program allows'))
      if (signal.aborted) expire()
      pending.add(expire)
      Promise.resolve(work)
        .then(() => resolve(), reject)
        .finally(() => pending.delete(expire))
    })

  const deliver = (message: StreamMessage): unknown => {
    const { customer, topic, record } = message
    return exportData(record, {
      customer,
      topic,
      signal,
      options,
      // A copy: other outputs make their form of the message from these bytes.
      get frame() {
        return Buffer.from(message.frame)
      },
    })
  }

  try {
    await inTime(open?.({ log, topics, stopping, signal, options }))
  } catch (error) {
    throw unusable(target, `its open() failed: ${errorText(error)}`)
  }

  return {
    needs: 'record',
    async write(messages) {
      counters.waiting += messages.length
      for (const message of messages) {
        try {
          const result = deliver(message)
          if (isThenable(result)) await inTime(result)
          counters.delivered++
        } catch (error) {
          const why = `${target}: ${errorText(error)}`
          context.giveUp(message, new StreamError('export-failed', why))
        }
        counters.waiting--
      }
    },
    async close() {
      if (!close) return
      try {
        await inTime(close())
      } catch (error) {
        log.warn(`${target}: its close() failed: ${errorText(error)}`)
      }
    },
  }
}

async function load(target: string, cwd: string): Promise<UserModule> {
  const path = resolve(cwd, target)
  let exports: Record<string, unknown>
  try {
    if (!statSync(path).isFile()) throw new Error('it is a folder or a device, not a file')
    exports = await import(pathToFileURL(path).href)
  } catch (error) {
    throw unusable(target, loadFault(error, path))
  }
  const { open, close } = exports
  const exportData = defaultOf(exports.default)
  if (typeof exportData !== 'function') {
    throw unusable(target, `its default export must be a function; got ${kindOf(exportData)}`)
  }
  for (const [name, value] of Object.entries({ open, close })) {
    if (value !== undefined && typeof value !== 'function') {
      throw unusable(target, `its export "${name}" must be a function; got ${kindOf(value)}`)
    }
  }
  return { exportData, open, close } as UserModule
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
  const hint = error instanceof SyntaxError ? ` (node --check ${path} shows where)` : ''
  return `${errorText(error)}${place ? ` (at ${place})` : hint}`
}

function unusable(target: string, reason: string): StreamError {
  return new StreamError('exporter-unusable', `--export_data ${target}: ${reason}`)
}

function kindOf(value: unknown): string {
  return value === undefined ? 'none' : typeof value
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  )
}
