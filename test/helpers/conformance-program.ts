/**
 * What Google's conformance runner runs: it reads requests from stdin and answers on stdout. A request with a
 * protobuf payload is decoded as the payload of a frame, and answered with the record's data as JSON. The
 * argument says which way: `record` or `line`. All other requests are skipped.
 */
import { readSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { StreamError } from '../../src/errors.js'
import { parseProto } from '../../src/schema/parse-proto.js'
import type { Decoder } from '../../src/service.js'
import { frameOf } from './wire.js'

const [first = 'record', include = ''] = process.argv.slice(2)

const protocol = parseProto(join(include, 'conformance/conformance.proto'))
const Request = protocol.lookupType('conformance.ConformanceRequest')
const Response = protocol.lookupType('conformance.ConformanceResponse')
const FailureSet = protocol.lookupType('conformance.FailureSet')
const JSON_FORMAT = protocol.lookupEnum('conformance.WireFormat').values.JSON

/** By the first part of the message's package that is not common to all. */
const FILES: Readonly<Record<string, string>> = {
  'protobuf_test_messages.proto2': 'google/protobuf/test_messages_proto2.proto',
  'protobuf_test_messages.proto3': 'google/protobuf/test_messages_proto3.proto',
  'protobuf_test_messages.editions': 'google/protobuf/test_messages_edition2023.proto',
  'protobuf_test_messages.editions.proto2': 'google/protobuf/test_messages_proto2_editions.proto',
  'protobuf_test_messages.editions.proto3': 'google/protobuf/test_messages_proto3_editions.proto',
}

const decoders = new Map<string, Decoder>()

function decoderOf(message: string): Decoder {
  let decoder = decoders.get(message)
  if (decoder === undefined) {
    const name = message.slice(0, message.lastIndexOf('.'))
    const payload = parseProto(join(include, FILES[name] ?? dirname(name))).lookupType(message)
    decoder = createDecoder({ customer: 'A', schema: { ...loadSchema('audit'), payload } })
    decoders.set(message, decoder)
  }
  return decoder
}

/** What stands around the data in a line. */
const OPENING = '{"customer":"A","topic":"","timestamp":"0","customer_id":"","data":'
const CLOSING = ',"msp_ip":""}\n'

function jsonOf(message: string, payload: Uint8Array): string {
  const frame = { bytes: frameOf(payload), receivedAt: 0, text: false }
  const decoder = decoderOf(message)
  if (first === 'record') return JSON.stringify(decoder.decode(frame, 'record').record.data)
  const line = Buffer.from(decoder.decode(frame, 'line').line).toString()
  return line.slice(OPENING.length, -CLOSING.length)
}

function answer(request: Record<string, unknown>): object {
  const { message_type, protobuf_payload, requested_output_format, print_unknown_fields } = request
  if (message_type === 'conformance.FailureSet') {
    return { protobuf_payload: FailureSet.encode({}).finish() }
  }
  if (!(protobuf_payload instanceof Uint8Array) || requested_output_format !== JSON_FORMAT) {
    return { skipped: 'only protobuf to JSON' }
  }
  if (print_unknown_fields === true) return { skipped: 'unknown fields are not printed' }
  try {
    return { json_payload: jsonOf(String(message_type), protobuf_payload) }
  } catch (error) {
    if (error instanceof StreamError && error.code === 'frame-undecodable') {
      return { parse_error: error.message }
    }
    return { runtime_error: String(error) }
  }
}

function read(length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at < length; ) {
    const count = readSync(0, bytes, at, length - at, null)
    if (count === 0) return undefined
    at += count
  }
  return bytes
}

for (let length = read(4); length !== undefined; length = read(4)) {
  const bytes = read(length.readUInt32LE())
  if (bytes === undefined) break
  const request = Request.toObject(Request.decode(bytes), { oneofs: true })
  const response = Buffer.from(Response.encode(Response.create(answer(request))).finish())
  const size = Buffer.alloc(4)
  size.writeUInt32LE(response.length)
  const all = Buffer.concat([size, response])
  for (let at = 0; at < all.length; ) at += writeSync(1, all, at)
}
