import type { TopicPayloads } from '../schema/types/index.js'
import type { Topic } from './topics.js'

/** What `data` holds: JSON values only, as the protobuf JSON mapping gives them. */
export type JsonValue = string | number | boolean | JsonValue[] | { [name: string]: JsonValue }

/** One record, as printed. */
export type StreamRecord = {
  /** Name of the entry in the input file. */
  customer: string
  /** The envelope's `subject`. */
  topic: string
  /** Nanoseconds since the epoch, as a decimal string (past 2^53). */
  timestamp: string
  customer_id: string
  data: { [name: string]: JsonValue }
  /** The envelope's `msp_id`. */
  msp_ip: string
}

/**
 * The record of a topic, with the fields of its payload: a union over `topic` where it may be any.
 * It describes the shipped schema. A newer sender can bring more, and `--proto_dir` another one.
 */
export type StreamRecordOf<T extends Topic = Topic> = {
  [K in T]: Omit<StreamRecord, 'topic' | 'data'> & { topic: K; data: TopicPayloads[K] }
}[T]

/** One decoded message: frame, record and line are the same message in three forms. */
export interface StreamMessage {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** The entry's topic. */
  readonly topic: Topic
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** The bytes of the WebSocket message. */
  readonly frame: Uint8Array
  /** The envelope's timestamp, nanoseconds since the epoch. */
  readonly timestamp: bigint
  /** The record as an object; made when first asked for. */
  readonly record: StreamRecord
  /** The record as one line of UTF-8 JSON with its newline; made when first asked for. */
  readonly line: Uint8Array
}
