/**
 * The contestants of `newcentral.ts`, in alternating rounds; writes their rates as JSON. In JavaScript and in
 * a process of its own: code that is compiled on the fly runs a seventh slower.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import { createDecoder } from '../src/newcentral/record.ts'
import { loadSchema } from '../src/newcentral/schema.ts'
import { TOPIC_FACTS, TOPICS } from '../src/newcentral/topics.ts'
import { givingBack } from './giving-back.mjs'

const ROUNDS = 15
const ROUND_MS = 100

const golden = new URL('../test/fixtures/golden/newcentral.jsonl', import.meta.url)
const topicOf = new Map(TOPICS.map((topic) => [TOPIC_FACTS[topic].path, topic]))
const decoders = new Map(
  TOPICS.map((topic) => [topic, createDecoder({ customer: 'A', schema: loadSchema(topic) })]),
)

/** Each contestant gets the payload's message with the frame: the others have no part that finds it. */
const frames = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
  .filter(({ decoded }) => decoded.message !== null)
  .map(({ endpoint, kind, frame, decoded }) => ({
    kind,
    topic: topicOf.get(endpoint),
    message: decoded.message,
    bytes: Buffer.from(frame, 'base64'),
    receivedAt: 0,
    text: false,
  }))

const types = new Map()
const descriptors = new Map()
const envelopeType = load('cloudevent', 'CloudEvent')
const envelopeDescriptor = describe(envelopeType)
for (const { topic, message } of frames) {
  const key = `${topic} ${message}`
  if (types.has(key)) continue
  const type = load(topic, message)
  types.set(key, type)
  descriptors.set(key, describe(type))
}

function load(file, message) {
  const path = fileURLToPath(new URL(`../proto/newcentral/${file}.proto`, import.meta.url))
  const root = new protobuf.Root().loadSync(path, { keepCase: true })
  root.resolveAll()
  return find(root, message)
}

function find(namespace, name) {
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Type && child.name === name) return child
    const found = child instanceof protobuf.Namespace ? find(child, name) : undefined
    if (found) return found
  }
  return undefined
}

const records = frames.map((frame) => decoders.get(frame.topic).decode(frame, 'record').record)

const contestants = {
  'aruba-stream: frame to object': (frame) => decoders.get(frame.topic).decode(frame, 'record'),
  'aruba-stream: frame to NDJSON': (frame) => decoders.get(frame.topic).decode(frame, 'line'),
  'the same, memory given back': givingBack((frame) =>
    decoders.get(frame.topic).decode(frame, 'line'),
  ),
  'protobufjs: frame to object': naive,
  'protobufjs: frame to NDJSON': (frame) => lineOf(naive(frame)),
  '@bufbuild/protobuf: frame to object': bufbuild,
  '@bufbuild/protobuf: frame to NDJSON': (frame) => lineOf(bufbuild(frame)),
  'JSON.stringify of ready objects': (_, index) => JSON.stringify(records[index]),
}

/** A line as a file or a socket takes it, as ours is. */
function lineOf(record) {
  return Buffer.from(`${JSON.stringify(record)}\n`)
}

const TO_JSON = { useProtoFieldName: true }
/** An Any without a type, and without a message that a registry would have to know. */
const NO_DATA = { case: undefined }
const OPTIONS = { longs: String, enums: String, bytes: String }

/** Its well-known types stay plain messages, which is less than the JSON mapping asks for. */
function naive({ topic, message, bytes }) {
  const envelope = envelopeType.decode(bytes)
  const { id, source, type, attributes, time } = envelopeType.toObject(envelope, OPTIONS)
  const payload = types.get(`${topic} ${message}`)
  const data = payload.toObject(
    payload.decode(envelope.proto_data?.value ?? envelope.binary_data),
    OPTIONS,
  )
  const timestamp = time ? `${time.seconds}${String(time.nanos ?? 0).padStart(9, '0')}` : null
  return recordOf({
    topic,
    timestamp,
    subject: attributes?.subject?.ce_string,
    id,
    source,
    type,
    data,
  })
}

function bufbuild({ topic, message, bytes }) {
  const envelope = fromBinary(envelopeDescriptor, bytes)
  const { id, source, type, time, data } = envelope
  const payload = descriptors.get(`${topic} ${message}`)
  const held = data.case === 'protoData' ? data.value.value : data.value
  const decoded = toJson(payload, fromBinary(payload, held), TO_JSON)
  const timestamp = time ? `${time.seconds}${String(time.nanos).padStart(9, '0')}` : null
  const subject = envelope.attributes.subject?.value.value
  let attributes
  if (Object.keys(envelope.attributes).length > 1) {
    ;({ attributes } = toJson(envelopeDescriptor, { ...envelope, data: NO_DATA }, TO_JSON))
  }
  return recordOf({ topic, timestamp, subject, id, source, type, data: decoded }, attributes)
}

function recordOf({ topic, timestamp, subject, id, source, type, data }, attributes = {}) {
  const record = { customer: 'A', topic, timestamp, customer_id: subject, id, type, source, data }
  return Object.keys(attributes).length > 1 ? { ...record, attributes } : record
}

/** The message as `@bufbuild/protobuf` describes it, by way of a descriptor. */
function describe(type) {
  const set = type.root.toDescriptor('proto3')
  const [google] = set.file.filter((file) => file.package === 'google.protobuf')
  const others = set.file.filter((file) => file !== google && file.messageType?.length > 0)
  for (const file of others) file.dependency = google ? [google.name] : []
  set.file = google ? [google, ...others] : others
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
function qualify(message, parent) {
  const type = parent.get(message.name)
  for (const field of message.field ?? []) {
    const { map, resolvedType } = type.fieldsById[field.number]
    if (!resolvedType && !map) continue
    if (!map) {
      field.typeName = resolvedType.fullName
      continue
    }
    const entry = message.nestedType.find(({ name }) => field.typeName.endsWith(name))
    field.typeName = `${type.fullName}.${entry.name}`
    if (resolvedType) entry.field[1].typeName = resolvedType.fullName
  }
  for (const nested of message.nestedType ?? []) {
    if (type.get(nested.name)) qualify(nested, type)
  }
}

/** By the clock, and by the CPU time of all threads, those that collect the garbage included. */
function framesPerSecond(run) {
  const startMs = performance.now()
  const startCpu = process.cpuUsage()
  let passes = 0
  let clockMs = 0
  while (clockMs < ROUND_MS) {
    for (const [index, frame] of frames.entries()) run(frame, index)
    passes++
    clockMs = performance.now() - startMs
  }
  const { user, system } = process.cpuUsage(startCpu)
  const done = passes * frames.length * 1000
  return { clock: done / clockMs, cpu: (done * 1000) / (user + system) }
}

// Contestants make the same records, but for floats, of which others print more digits than were sent.
const rounded = (json) =>
  JSON.parse(json, (_, value) => (typeof value === 'number' ? Math.fround(value) : value))
for (const frame of frames) {
  if (frame.kind !== 'realistic') continue
  const mine = Buffer.from(decoders.get(frame.topic).decode(frame, 'line').line).toString()
  assert.deepEqual(rounded(JSON.stringify(bufbuild(frame))), rounded(mine))
}

const rates = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))
for (const run of Object.values(contestants))
  for (let time = 0; time < 3; time++) framesPerSecond(run) // warms up
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(contestants)) rates[name].push(framesPerSecond(run))
}
process.stdout.write(JSON.stringify(rates))
