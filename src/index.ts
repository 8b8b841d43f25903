/**
 * What the package offers to code: types for export functions, the decoder, and the stream of one
 * entry. The command line is `aruba-stream`.
 */

import * as connection from './connection/subscribe.js'

export type { KeySource } from './classic/key-source.js'
export {
  createDecoder,
  type Decoder,
  type DecoderOptions,
  type StreamMessage,
} from './classic/message.js'
export type { StreamRecord, StreamRecordOf } from './classic/record.js'
export type { ReplayOptions, ReplayPoint } from './classic/resume.js'
export { loadSchema, type Schema, type SchemaOptions } from './classic/schema.js'
export { isTopic, TOPICS, type Topic } from './classic/topics.js'
export type { Frame } from './connection/frame.js'
export type { Progress, Status } from './connection/status.js'
export type { Subscription } from './connection/subscribe.js'
export type { JsonValue } from './decode/to-object.js'
export type { UnknownField } from './decode/unknown-fields.js'
export { type FailureCode, StreamError } from './errors.js'
export { type Host, parseHost } from './net/host.js'
export { createLimiter, type Limiter } from './net/limiter.js'
export type { ExportContext, ExportFunction, ModuleContext } from './outputs/module.js'
export type { TopicPayloads } from './schema/types/index.js'
export type { BytesText, Float, Int64Text } from './schema/value-types.js'
export { Secret } from './secret.js'

/** What a subscription is made of; its clock and its chance are the system's. */
export type SubscribeOptions = Omit<connection.SubscribeOptions, 'clock' | 'random'>

/**
 * Subscribes to one topic for one customer; connects when it is iterated, and again whenever a
 * connection is lost. Trouble is no exception: the iteration ends, and `status` says how.
 */
export const subscribe: (options: SubscribeOptions) => connection.Subscription =
  connection.subscribe
