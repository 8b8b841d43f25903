import type { IncomingHttpHeaders } from 'node:http'
import type * as classic from './classic/record.js'
import * as classicTopics from './classic/topics.js'
import type { StreamError } from './errors.js'
import type { CustomerEntry } from './input/entries.js'
import type { Host } from './net/host.js'
import type * as newCentral from './newcentral/record.js'
import * as newCentralTopics from './newcentral/topics.js'
import type { Secret } from './secret.js'

/** One message of either service, as it was decoded or as a transform made it. */
export interface StreamMessage<Record extends AnyRecord = AnyRecord> {
  /** Name of the entry in the input file. */
  readonly customer: string
  /** One word for entry and topic. */
  readonly label: string
  readonly topic: AnyTopic
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** The bytes of the WebSocket message. */
  readonly frame: Uint8Array
  /** When it was sent, nanoseconds since the epoch, whatever a transform made of the record. */
  readonly timestamp: bigint | undefined
  /** The id of the event, where the service has ids. */
  readonly identity: string | undefined
  /** Of the records that a transform made of the frame, which one this is, from 1. */
  readonly part: number
  /** The record as an object. What a transform returned need not have the fields of one. */
  readonly record: Record
  /** The record as one line of UTF-8 JSON with its newline. */
  readonly line: Uint8Array
  /** The lines of its rows, where the decoder has made them at once. */
  readonly rows?: Uint8Array | undefined
}

/**
 * One of Central's services. A folder for each service implements these types. `connection/` knows nothing
 * else of a service, and neither does `pipeline/`, except where it joins the services (`services.ts`) and
 * where the library has one for a topic (`stream.ts`, `stream-options.ts`, `decode-frame.ts`).
 */
export interface Service<T extends AnyTopic = AnyTopic> {
  readonly decoders: Decoders<T>
  /**
   * Makes the endpoints of entries that are new or have changed, in the order of the entries. Checks
   * their credentials first where the service can do so without a connection.
   * @throws the signal's reason as soon as it aborts
   */
  endpoints(entries: readonly CustomerEntry<T>[], signal: AbortSignal): Promise<readonly Endpoint[]>
}

/** Makes the decoders of a service. `replay` needs nothing else of it. */
export interface Decoders<T extends AnyTopic = AnyTopic> {
  /**
   * Loads what decoding these topics takes.
   * @throws StreamError `schema-invalid`
   */
  load(topics: Iterable<T>): void
  /** @param entry its label is that of its messages; the name by default */
  of(entry: { readonly name: string; readonly topic: T; readonly label?: string }): Decoder
}

/** What is made of a frame: its record, the line of its record, or the lines of its rows. */
export type Form = 'record' | 'line' | 'rows'

/** Turns the frames of one subscription into messages. */
export interface Decoder<Message extends StreamMessage = StreamMessage> {
  /**
   * @param first the form that is made at once; record and line are made later where they are asked for
   * @throws StreamError `frame-undecodable`, with offset and reason; with `eventType` where no schema has
   *   the message
   */
  decode(frame: Frame, first: Form): Message
  /** Text frames mean nothing: they are skipped. */
  readonly skipsText: boolean
  /**
   * The id of the frame's event; undefined for an event without one. Where a service has ids, repeats are
   * dropped.
   */
  readonly identify?: ((frame: Frame) => string | undefined) | undefined
  /** How often anything came that the schema does not know. */
  readonly unknownTotal: number
  /** The timestamp of the last decoded message, nanoseconds since the epoch. */
  readonly lastTimestamp: bigint | undefined
}

/** How one subscription reaches its service. */
export interface Endpoint {
  /** The server of the WebSocket. Handshakes that are under way are limited for each server. */
  readonly host: Host
  /**
   * Whether the server is known to answer pings. Where it is not, silence ends a connection only
   * after this connection has had a pong, and pinging stops after three pings without one.
   */
  readonly answersPings: boolean
  /**
   * What the next handshake carries. May fetch a credential.
   * @param resume how far the subscription has come; undefined before its first frame
   * @throws StreamError; with `retry` the subscription waits as after a 5xx, else it is refused
   */
  handshake(resume: ResumePoint | undefined, signal: AbortSignal): Promise<Handshake>
  /**
   * Called when the handshake was answered with 401. Resolves when another try can be made at once.
   * @param refused the credential that was refused
   * @throws StreamError; with `retry` the subscription waits as after a 5xx, else it is refused
   */
  renewCredential(refused: Secret, signal: AbortSignal): Promise<void>
  /**
   * The error for an answer that opens no connection. Answers with 1xx, 408, 429 and 5xx, and those of
   * a proxy, mean the same for every service and do not come here.
   * @returns `unauthorized` leads to `renewCredential`, any other code without `retry` is a refusal
   */
  refusal(answer: Answer): StreamError
  /**
   * Called when the server has ended an open connection, which may be because of its credential.
   * Where a service has it, a connection that is lost is opened again at once.
   */
  onServerEnd?(credential: Secret): void
  /** Seconds since the credential was issued; undefined where that is not known. */
  credentialAge(nowMs: number): number | undefined
  /** The subscription has ended. */
  close(): void
}

/** What a handshake carries. */
export type Handshake = {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** Is in the headers. It is masked where a text of the server is shown. */
  readonly credential: Secret
  /**
   * Milliseconds until the connection is to be replaced, before its credential ends; 0 where that is
   * due. Undefined where a connection outlives its credential.
   */
  readonly replaceInMs?: () => number
}

/** The answer to a handshake. */
export type Answer = {
  readonly url: URL
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The beginning of its body. */
  readonly body: string
  readonly credential: Secret
}

/** How far a subscription has come; what the next connection needs to go on from there. */
export type ResumePoint = {
  /** When the last frame came, milliseconds since the epoch. */
  readonly receivedAt: number
  /** Timestamp of the last message decoded, nanoseconds since the epoch; undefined before the first. */
  readonly timestamp: bigint | undefined
  /** When the first handshake began, milliseconds since the epoch. */
  readonly askedAt: number
}

/** One WebSocket message as it arrived. */
export type Frame = {
  readonly bytes: Uint8Array
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  /** Text frames are not expected from Central: they are recorded, but never decoded. */
  readonly text: boolean
}

/** A topic of either service. */
export type AnyTopic = classicTopics.Topic | newCentralTopics.Topic

/** The topics of both services. A topic's name tells which of them it is of. */
export const ALL_TOPICS: readonly AnyTopic[] = [...classicTopics.TOPICS, ...newCentralTopics.TOPICS]

/** The services, as labels name them. */
export type ServiceName = 'classic' | 'newcentral'

export function serviceOf(topic: AnyTopic): ServiceName {
  return classicTopics.isTopic(topic) ? 'classic' : 'newcentral'
}

/** Whether a text is a topic of either service. */
export function isAnyTopic(text: string): text is AnyTopic {
  return classicTopics.isTopic(text) || newCentralTopics.isTopic(text)
}

/** One record of either service, as printed. */
export type AnyRecord = classic.StreamRecord | newCentral.EventRecord

/**
 * The record of a topic of either service, with the fields of its payload; without a topic a union over all
 * of them, which `topic` tells apart. It describes the shipped schema. A newer sender can have more fields,
 * and `--proto_dir` other ones. `topic` of Classic Central is the subject of the envelope as it was sent,
 * also where that is none of the topics.
 */
export type StreamRecordOf<T extends AnyTopic = AnyTopic> = T extends classicTopics.Topic
  ? classic.ClassicRecordOf<T>
  : T extends newCentralTopics.Topic
    ? newCentral.EventRecordOf<T>
    : never
