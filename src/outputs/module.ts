import { statSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { StreamMessage } from '../classic/message.js'
import type { StreamRecord } from '../classic/record.js'
import { errorText, StreamError } from '../errors.js'
import type { ExportContext } from './export-function.js'
import type { Exporter, ExporterContext } from './output.js'

/** What an `open` of a module gets. */
export type ModuleContext = Pick<ExporterContext, 'log' | 'topics' | 'stopping' | 'signal'>

type UserModule = {
  /** An `ExportFunction`, as far as can be known of a file that a user wrote. */
  exportData(message: StreamRecord, context: ExportContext): unknown
  open?(context: ModuleContext): unknown
  close?(): unknown
}

/**
 * Opens a user's module: its default export is called with every message, in order per entry, and
 * awaited; `open` and `close` are optional. Delivered means: the function returned, or what it
 * returned resolved.
 * @throws StreamError `exporter-unusable` with path and reason
 */
export async function openModule(target: string, context: ExporterContext): Promise<Exporter> {
  const { exportData, open, close } = await load(target, context.cwd)
  const { counters, signal, log, topics, stopping } = context

  // One listener for all that hangs: a listener a message would pile up on the signal.
  const hanging = new Set<() => void>()
  signal.addEventListener('abort', () => {
    for (const giveUp of hanging) giveUp()
  })
  /** Settles as the promise does, but at the end of the shutdown at the latest, then with an error. */
  const inTime = (work: PromiseLike<unknown>) =>
    new Promise<void>((resolve, reject) => {
      const expire = () => reject(new Error('it took longer than the end of the program allows'))
      if (signal.aborted) expire()
      hanging.add(expire)
      Promise.resolve(work)
        .then(() => resolve(), reject)
        .finally(() => hanging.delete(expire))
    })

  const giveUp = (message: StreamMessage, error: unknown) =>
    context.giveUp(message, new StreamError('export-failed', `${target}: ${errorText(error)}`))

  const taken = async (message: StreamMessage, work: PromiseLike<unknown>) => {
    counters.waiting++
    try {
      await inTime(work)
      counters.delivered++
    } catch (error) {
      giveUp(message, error)
    } finally {
      counters.waiting--
    }
  }

  try {
    await inTime(Promise.resolve(open?.({ log, topics, stopping, signal })))
  } catch (error) {
    throw unusable(target, `its open() failed: ${errorText(error)}`)
  }

  return {
    needs: 'record',
    export(message) {
      const { customer, topic, record } = message
      try {
        const result = exportData(record, {
          customer,
          topic,
          signal,
          // A copy: others make their form of the message from these bytes.
          get frame() {
            return Buffer.from(message.frame)
          },
        })
        if (isThenable(result)) return taken(message, result)
        counters.delivered++
      } catch (error) {
        giveUp(message, error)
      }
    },
    async close() {
      if (!close) return
      try {
        await inTime(Promise.resolve(close()))
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
