import type { StreamRecordOf } from '../classic/record.js'
import type { Topic } from '../classic/topics.js'

/** What an export function is told beside the record. */
export type ExportContext<T extends Topic = Topic> = {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: T
  /** The bytes of the WebSocket message; a copy, made when it is asked for. */
  readonly frame: Uint8Array
  /** Aborts when the 10 s of a shutdown are over. */
  readonly signal: AbortSignal
}

/**
 * The default export of an exporter module: takes one record. It is awaited before the entry's next
 * record; where it throws, the message counts as given up.
 *
 * `ExportFunction<'monitoring'>` takes records of that topic; without a topic, `record.topic` tells
 * which one it is.
 */
export type ExportFunction<T extends Topic = Topic> = (
  message: StreamRecordOf<T>,
  context: ExportContext<T>,
) => void | Promise<void>
