import { loadSchema, type Schema } from '../../classic/schema.js'
import type { Topic } from '../../classic/topics.js'
import { getOrMake } from '../../maps.js'

/** A payload in the names of its `.proto` file: enums as names, bytes as bytes. */
export type Payload = Readonly<Record<string, unknown>>

/** The envelope's fields other than `subject` and `data`. */
type EnvelopeFields = {
  /** Nanoseconds since the epoch. */
  readonly timestamp: string
  readonly customer_id: string
}

const schemas = new Map<Topic, Schema>()

/** Encodes a payload and the envelope around it. */
export function encodeFrame(topic: Topic, payload: Payload, fields: EnvelopeFields): Uint8Array {
  const schema = getOrMake(schemas, topic, () => loadSchema(topic))
  const data = schema.payload.encode(schema.payload.fromObject(payload)).finish()
  const { envelope } = schema
  return envelope.encode(envelope.fromObject({ subject: topic, data, ...fields })).finish()
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
