import { logWait } from '../delivery/wait-log.js'
import { StreamError } from '../errors.js'
import type { AnyRecord, AnyTopic, StreamMessage, StreamRecordOf } from '../service.js'
import { createTimeLimit, isThenable, loadModule } from './load-module.js'
import type { OutputContext } from './output.js'

/** What a transform gets beside the record. */
export type TransformContext<T extends AnyTopic = AnyTopic> = {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: T
  /** New Central: the type of the event. Undefined for Classic Central. */
  readonly type: string | undefined
}

/** What promises, lists, maps, functions and dates have: an object that has it cannot be a record. */
type NoRecord = {
  readonly then?: never
  readonly [Symbol.iterator]?: never
  readonly [Symbol.hasInstance]?: never
  readonly [Symbol.toPrimitive]?: never
}

/** Any other object. By the second form, an object literal may have any properties. */
type Plain = (object & NoRecord) | ({ readonly [name: string]: unknown } & NoRecord)

/**
 * What a transform returns: a record, several, or nothing. The type cannot tell what JSON has no form for:
 * an object that is empty, or that has a bigint or itself within, is given up at run time.
 */
export type Transformed = Plain | readonly Plain[] | null | undefined

/**
 * The default export of the module of `--transform`: gets each record and returns what goes on. That is
 * the record itself, another object, a list of objects, or nothing. It is awaited before the entry's next
 * record; where it throws, the message goes to the dead letter.
 *
 * It gets the records of every entry of the input file, and `record.topic` tells which one it is.
 * `TransformFunction<'presence'>` is for an input file that has no other topic.
 *
 * @example
 * const transform: TransformFunction = (record) =>
 *   record.topic === 'audit' ? undefined : record
 * export default transform
 */
export type TransformFunction<T extends AnyTopic = AnyTopic> = (
  record: StreamRecordOf<T>,
  context: TransformContext<T>,
) => Transformed | Promise<Transformed>

/** The user's transform, before all outputs. */
export type Transform = {
  /**
   * Resolves to what goes on of a message; undefined where the transform failed, and the message was
   * given up. Never rejects.
   */
  apply(message: StreamMessage): Promise<readonly StreamMessage[] | undefined>
}

/**
 * Loads the module of `--transform`.
 * @throws StreamError `exporter-unusable` with path and reason
 */
export async function openTransform(target: string, context: OutputContext): Promise<Transform> {
  const { cwd, graceOver, overdue, giveUp, log } = context
  const { main, faultText } = await loadModule(`--transform ${target}`, target, { cwd, names: [] })
  const inTime = createTimeLimit(overdue)
  const late = new StreamError('export-failed', `${target}: not transformed before the end`)
  const settled = (message: StreamMessage, promise: PromiseLike<unknown>) =>
    logWait(inTime(promise), { log, what: PROMISE, fields: { entry: message.label } })
  return {
    async apply(message) {
      if (graceOver.aborted) {
        giveUp(message, late)
        return undefined
      }
      try {
        const { record, customer, topic } = message
        const type = 'type' in record ? record.type : undefined
        const returned = main(record, { customer, topic, type })
        return messagesOf(
          message,
          isThenable(returned) ? await settled(message, returned) : returned,
        )
      } catch (error) {
        giveUp(message, new StreamError('export-failed', `${target}: ${faultText(error)}`))
        return undefined
      }
    },
  }
}

/** What the log says of a promise that does not settle. */
const PROMISE = 'the promise that holds its entry up'

/** Checks all that was returned before any of it goes on, so that a wrong part leaves nothing half done. */
function messagesOf(message: StreamMessage, returned: unknown): readonly StreamMessage[] {
  if (returned === undefined || returned === null) return []
  const many = Array.isArray(returned)
  const records: readonly unknown[] = many ? returned : [returned]
  return Array.from(records, (record, at) => {
    const text = jsonOf(record, many ? ` at ${at} of its list` : '')
    return new Made(message, at + 1, Buffer.from(`${text}\n`))
  })
}

function jsonOf(record: unknown, place: string): string {
  const wrong = (got: string) =>
    new Error(`expected a record, a list of records or nothing; got ${got}${place}`)
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw wrong(record === null ? 'null' : Array.isArray(record) ? 'a list' : typeof record)
  }
  if (isThenable(record)) throw wrong('a promise, which has to be awaited,')
  const text = JSON.stringify(record)
  if (text === '{}') throw wrong('an object that is empty as JSON')
  if (!text?.startsWith('{')) throw wrong('an object that is none as JSON')
  return text
}

/** Both forms come from one text, whatever the module does with its object later. */
class Made implements StreamMessage {
  readonly customer: string
  readonly label: string
  readonly topic: AnyTopic
  readonly receivedAt: number
  readonly frame: Uint8Array
  readonly timestamp: bigint | undefined
  readonly identity: string | undefined
  readonly part: number
  readonly line: Uint8Array
  #record: AnyRecord | undefined

  constructor(message: StreamMessage, part: number, line: Uint8Array) {
    this.customer = message.customer
    this.label = message.label
    this.topic = message.topic
    this.receivedAt = message.receivedAt
    this.frame = message.frame
    this.timestamp = message.timestamp
    this.identity = message.identity
    this.part = part
    this.line = line
  }

  get record(): AnyRecord {
    this.#record ??= JSON.parse(Buffer.from(this.line).toString()) as AnyRecord
    return this.#record
  }
}
