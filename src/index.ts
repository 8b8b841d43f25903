/**
 * What the package offers to code: types for export functions, the decoder, and the stream of one
 * entry. The command line is `aruba-stream`.
 */

import { createEndpoint, type EndpointOptions } from './classic/endpoint.js'
import * as connection from './connection/subscribe.js'

export type { KeySource } from './classic/entry-key.js'
export {
  createDecoder,
  type DecoderOptions,
  type StreamMessage,
} from './classic/message.js'
export type { StreamRecord } from './classic/record.js'
export type { ReplayOptions } from './classic/resume.js'
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
export type { EventRecord } from './newcentral/record.js'
export type { ExportContext, ExportFunction, ModuleContext } from './outputs/module.js'
export type { TransformContext, Transformed, TransformFunction } from './outputs/transform.js'
export type { TopicPayloads } from './schema/types/index.js'
export type { NewCentralPayloads } from './schema/types/newcentral/index.js'
export type { BytesText, Float, Int64Text, JsonStruct, TimeText } from './schema/value-types.js'
export { Secret } from './secret.js'
export type { Decoder, ResumePoint } from './service.js'
export type { AnyRecord, AnyTopic, StreamRecordOf } from './stream-record.js'

/** What a subscription is made of; its clock and its random numbers are the system's. */
export type SubscribeOptions = Omit<
  connection.SubscribeOptions,
  'endpoint' | 'clock' | 'random' | 'budget'
> &
  Pick<EndpointOptions, 'entry' | 'key' | 'userAgent' | 'replay'>

/**
 * Subscribes to one topic of Classic Central for one customer; connects when it is iterated, and again
 * whenever a connection is lost. Trouble is no exception: the iteration ends, and `status` says how.
 */
export function subscribe(options: SubscribeOptions): connection.Subscription {
  const { entry, key, userAgent, replay, ...rest } = options
  return connection.subscribe({
    ...rest,
    endpoint: createEndpoint({ entry, key, userAgent, replay }),
  })
}
