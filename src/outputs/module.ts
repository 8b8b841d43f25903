import { errorText, StreamError } from '../errors.js'
import type { StreamMessage } from '../service.js'
import type { AnyTopic, StreamRecordOf } from '../stream-record.js'
import { createTimeLimit, isThenable, loadModule, unusableModule } from './load-module.js'
import { noteTime, type Output, type OutputContext } from './output.js'
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
  const label = `--export_data ${target}`
  const { main: exportData, named } = await loadModule(label, target, {
    cwd: context.cwd,
    names: ['open', 'close'],
  })
  const { counters, graceOver: signal, log, topics, stopping } = context

  const inTime = createTimeLimit(signal)

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
    await inTime(named.open?.({ log, topics, stopping, signal, options }))
  } catch (error) {
    throw unusableModule(label, `its open() failed: ${errorText(error)}`)
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
          noteTime(message, context)
        } catch (error) {
          const why = `${target}: ${errorText(error)}`
          context.giveUp(message, new StreamError('export-failed', why))
        }
        counters.waiting--
      }
    },
    async close() {
      if (!named.close) return
      try {
        await inTime(named.close())
      } catch (error) {
        log.warn(`${target}: its close() failed: ${errorText(error)}`)
      }
    },
  }
}
