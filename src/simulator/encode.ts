import { loadSchema, type Schema } from '../classic/schema.js'
import type { Topic } from '../classic/topics.js'

/** The envelope's fields beside `subject` and `data`. */
export type EnvelopeFields = {
  /** Nanoseconds since the epoch. */
  readonly timestamp: string
  readonly customer_id: string
  readonly msp_id?: string
}

/** Encodes a payload, given by the names of its `.proto` file, and the envelope around it. */
export function encodeFrame(
  topic: Topic,
  payload: Readonly<Record<string, unknown>>,
  fields: EnvelopeFields,
): Uint8Array {
  const schema = schemaOf(topic)
  const data = schema.payload.encode(schema.payload.fromObject(payload)).finish()
  const { envelope } = schema
  return envelope.encode(envelope.fromObject({ subject: topic, data, ...fields })).finish()
}

const schemas = new Map<Topic, Schema>()

function schemaOf(topic: Topic): Schema {
  const known = schemas.get(topic)
  if (known !== undefined) return known
  const schema = loadSchema(topic)
  schemas.set(topic, schema)
  return schema
}
