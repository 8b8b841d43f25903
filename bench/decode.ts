/**
 * How fast frames become records and lines, beside what other libraries make of the same frames.
 * Run with `node --import tsx bench/decode.ts`.
 *
 * One process, the realistic golden frames, alternating rounds, the median of each contestant: other
 * work on the machine then hits all of them alike. Ratios are what counts.
 */
import { readFileSync } from 'node:fs'
import { createFileRegistry, type DescMessage, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import type protobuf from 'protobufjs'
import descriptor, { type IDescriptorProto } from 'protobufjs/ext/descriptor.js'
import { createDecoder, type Decoder } from '../src/decode/decoder.js'
import { loadSchema, type Schema } from '../src/schema/load-schema.js'
import { TOPICS, type Topic } from '../src/schema/topics.js'

const ROUNDS = 11
const ROUND_MS = 150

const decoders = {} as Record<Topic, Decoder>
const schemas = {} as Record<Topic, Schema>
const descriptors = {} as Record<Topic, { envelope: DescMessage; payload: DescMessage }>
for (const topic of TOPICS) {
  const schema = loadSchema(topic)
  schemas[topic] = schema
  decoders[topic] = createDecoder({ customer: 'A', schema })
  descriptors[topic] = {
    envelope: describe(schema.envelope, 'proto3'),
    payload: describe(schema.payload, 'proto2'),
  }
}

const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const frames = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { topic, frame } = JSON.parse(line) as { topic: Topic; frame: string }
    return { topic, bytes: Buffer.from(frame, 'base64'), receivedAt: 0, text: false }
  })
const records = frames.map((frame) => decoders[frame.topic].decode(frame, 'record').record)

type Run = (frame: (typeof frames)[number], index: number) => unknown

const contestants: Record<string, Run> = {
  'aruba-stream: frame to object': (frame) => decoders[frame.topic].decode(frame, 'record'),
  'aruba-stream: frame to NDJSON': (frame) => decoders[frame.topic].decode(frame, 'line'),
  'protobufjs: frame to object': naive,
  'protobufjs: frame to JSON': (frame) => JSON.stringify(naive(frame)),
  '@bufbuild/protobuf: frame to object': (frame) => bufbuild(frame),
  '@bufbuild/protobuf: frame to JSON': (frame) => JSON.stringify(bufbuild(frame)),
  'JSON.stringify of ready objects': (_, index) => JSON.stringify(records[index]),
}

const OPTIONS = { longs: String, enums: String, bytes: String }

function naive({ topic, bytes }: { topic: Topic; bytes: Uint8Array }): object {
  const { envelope, payload } = schemas[topic]
  const { subject, data, timestamp, customer_id, msp_id } = envelope.toObject(
    envelope.decode(bytes),
    { longs: String, defaults: true },
  )
  const decoded = payload.toObject(payload.decode(data), OPTIONS)
  return { customer: 'A', topic: subject, timestamp, customer_id, data: decoded, msp_ip: msp_id }
}

function bufbuild({ topic, bytes }: { topic: Topic; bytes: Uint8Array }): object {
  const { envelope, payload } = descriptors[topic]
  const outer = fromBinary(envelope, bytes) as unknown as Record<string, unknown>
  const { subject, data, timestamp, customerId, mspId } = outer
  const decoded = toJson(payload, fromBinary(payload, data as Uint8Array), {
    useProtoFieldName: true,
  })
  return {
    customer: 'A',
    topic: subject,
    timestamp: String(timestamp),
    customer_id: customerId,
    data: decoded,
    msp_ip: mspId,
  }
}

/** The message as `@bufbuild/protobuf` describes it, by way of a descriptor. */
function describe(type: protobuf.Type, syntax: string): DescMessage {
  const set = type.root.toDescriptor(syntax)
  for (const file of set.file ?? []) {
    const scope = type.root.lookup(file.package ?? '')
    for (const message of file.messageType ?? []) qualify(message, scope)
  }
  const bytes = descriptor.FileDescriptorSet.encode(set).finish()
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes))
  const found = registry.getMessage(type.fullName.slice(1))
  if (found === undefined) throw new Error(`no descriptor of ${type.fullName}`)
  return found
}

/** protobufjs names types relative to where they are used; descriptors have full names. */
function qualify(message: IDescriptorProto, parent: protobuf.ReflectionObject | null): void {
  const type = (parent as protobuf.NamespaceBase).get(message.name ?? '') as protobuf.Type
  for (const field of message.field ?? []) {
    const fullName = type.fields[field.name ?? '']?.resolvedType?.fullName
    if (fullName) field.typeName = fullName
  }
  for (const nested of message.nestedType ?? []) qualify(nested, type)
}

function framesPerSecond(run: Run): number {
  const start = performance.now()
  let passes = 0
  let elapsedMs = 0
  while (elapsedMs < ROUND_MS) {
    for (const [index, frame] of frames.entries()) run(frame, index)
    passes++
    elapsedMs = performance.now() - start
  }
  return (passes * frames.length * 1000) / elapsedMs
}

const rates = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]))
for (const run of Object.values(contestants)) framesPerSecond(run) // warms up
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(contestants)) rates.get(name)?.push(framesPerSecond(run))
}

function median(name: string): number {
  const sorted = [...(rates.get(name) ?? [])].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}

const columns = [
  'protobufjs: frame to object',
  'protobufjs: frame to JSON',
  'JSON.stringify of ready objects',
]
const table = [
  ['', 'frames/s', 'x protobufjs object', 'x protobufjs JSON', 'x JSON.stringify'],
  ...Object.keys(contestants).map((name) => [
    name,
    Math.round(median(name)).toLocaleString('en'),
    ...columns.map((column) => (median(name) / median(column)).toFixed(2)),
  ]),
]
for (const [name = '', ...cells] of table) {
  process.stdout.write(`${name.padEnd(38)}${cells.map((cell) => cell.padStart(22)).join('')}\n`)
}
