import type { StreamRecord } from '../decode/message.js'
import type { Topic } from '../schema/topics.js'

/** What an export function gets beside the message. */
export type ExportContext = {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: Topic
  /** The bytes of the WebSocket message. */
  readonly frame: Uint8Array
  /** Aborts when the 10 s of a shutdown are over. */
  readonly signal: AbortSignal
}

/**
 * The default export of a module given to `--export_data`. Called in order per entry and awaited
 * before that entry's next message; where it throws, that message counts as given up.
 */
export type ExportFunction = (message: StreamRecord, context: ExportContext) => void | Promise<void>
