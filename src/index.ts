/**
 * What the package offers to code: the records of a topic as an async iterable, the decoder of one frame,
 * and the types of modules. The command line is `aruba-stream`.
 */

export type { Phase, Progress, Status } from './connection/status.js'
export type { JsonValue } from './decode/to-object.js'
export { type FailureCode, StreamError } from './errors.js'
export type { LogFields, Logger, LogLevel } from './log.js'
export type {
  ExportBatchContext,
  ExportBatchFunction,
  ExportContext,
  ExportFunction,
  ModuleContext,
  ModuleOptions,
} from './outputs/module.js'
export type { TransformContext, Transformed, TransformFunction } from './outputs/transform.js'
export { type DecodeOptions, decode } from './pipeline/decode-frame.js'
export { stream } from './pipeline/stream.js'
export type {
  ClassicCredentials,
  NewCentralCredentials,
  StreamOptions,
} from './pipeline/stream-options.js'
export type { TopicPayloads } from './schema/types/index.js'
export type { NewCentralPayloads } from './schema/types/newcentral/index.js'
export type { BytesText, Float, Int64Text, JsonStruct, TimeText } from './schema/value-types.js'
export {
  ALL_TOPICS as TOPICS,
  type AnyRecord,
  type AnyTopic,
  isAnyTopic as isTopic,
  type StreamRecordOf,
} from './service.js'
