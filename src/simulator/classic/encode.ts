import type protobuf from 'protobufjs'
import { ROOT_MESSAGES, type Topic } from '../../classic/topics.js'
import { getOrMake } from '../../maps.js'
import { loadDocumented } from '../../schema/load-proto.js'
import type { Moment } from '../traffic.js'

/** A payload in the names of its `.proto` file: enums as names, bytes as bytes. */
export type Payload = Readonly<Record<string, unknown>>

/** Makes the messages of a topic, one after another. */
export type MessageMaker = (moment: Moment) => Payload

/** The envelope's fields other than `subject` and `data`. */
type EnvelopeFields = {
  /** Nanoseconds since the epoch. */
  readonly timestamp: string
  readonly customer_id: string
}

const types = new Map<string, protobuf.Type>()

/** Encodes a payload and the envelope around it. */
export function encodeFrame(topic: Topic, payload: Payload, fields: EnvelopeFields): Uint8Array {
  const data = encode(typeOf(topic, ROOT_MESSAGES[topic]), payload)
  return encode(typeOf('streaming', 'MsgProto'), { subject: topic, data, ...fields })
}

function encode(type: protobuf.Type, message: Payload): Uint8Array {
  return type.encode(type.fromObject(message)).finish()
}

function typeOf(file: string, message: string): protobuf.Type {
  return getOrMake(types, file, () => loadDocumented({ service: 'classic', file }).get(message))
}

/** A `mac_address` or `MacAddress` message. */
export function macAddress(bytes: Uint8Array): Payload {
  return { addr: bytes }
}

/** An `ip_address` or `IpAddress` message; the family follows from the length. */
export function ipAddress(bytes: Uint8Array): Payload {
  return { af: bytes.length === 4 ? 'ADDR_FAMILY_INET' : 'ADDR_FAMILY_INET6', addr: bytes }
}

/** Seconds since the epoch, from milliseconds. */
export function seconds(nowMs: number): number {
  return Math.floor(nowMs / 1000)
}
