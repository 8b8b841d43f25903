/**
 * The contestants of `decode.ts`, in alternating rounds; writes their rates as JSON. In
 * JavaScript and in a process of its own: code that is compiled on the fly runs a seventh slower.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import protobuf from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import { createDecoder } from '../src/classic/record.ts'
import { loadSchema } from '../src/classic/schema.ts'
import { ROOT_MESSAGES, TOPICS } from '../src/classic/topics.ts'
import { givingBack } from './giving-back.mjs'

const ROUNDS = 15
const ROUND_MS = 80

const decoders = {}
const types = {}
const descriptors = {}
for (const topic of TOPICS) {
  const envelope = load('streaming', 'MsgProto')
  const payload = load(topic, ROOT_MESSAGES[topic])
  decoders[topic] = createDecoder({ customer: 'A', schema: loadSchema(topic) })
  types[topic] = { envelope, payload }
  descriptors[topic] = {
    envelope: describe(envelope, 'proto3'),
    payload: describe(payload, 'proto2'),
  }
}

function load(file, message) {
  const path = fileURLToPath(new URL(`../proto/classic/${file}.proto`, import.meta.url))
  return new protobuf.Root().loadSync(path, { keepCase: true }).lookupType(message)
}

const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const frames = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { topic, frame } = JSON.parse(line)
    return { topic, bytes: Buffer.from(frame, 'base64'), receivedAt: 0, text: false }
  })
const records = frames.map((frame) => decoders[frame.topic].decode(frame, 'record').record)

const contestants = {
  'aruba-stream: frame to object': (frame) => decoders[frame.topic].decode(frame, 'record'),
  'aruba-stream: frame to NDJSON': (frame) => decoders[frame.topic].decode(frame, 'line'),
  'the same, memory given back': givingBack((frame) => decoders[frame.topic].decode(frame, 'line')),
  'protobufjs: frame to object': naive,
  'protobufjs: frame to JSON': (frame) => JSON.stringify(naive(frame)),
  '@bufbuild/protobuf: frame to object': (frame) => bufbuild(frame),
  '@bufbuild/protobuf: frame to JSON': (frame) => JSON.stringify(bufbuild(frame)),
  'JSON.stringify of ready objects': (_, index) => JSON.stringify(records[index]),
}

const OPTIONS = { longs: String, enums: String, bytes: String }

function naive({ topic, bytes }) {
  const { envelope, payload } = types[topic]
  const { subject, data, timestamp, customer_id, msp_id } = envelope.toObject(
    envelope.decode(bytes),
    { longs: String, defaults: true },
  )
  const decoded = payload.toObject(payload.decode(data), OPTIONS)
  return { customer: 'A', topic: subject, timestamp, customer_id, data: decoded, msp_ip: msp_id }
}

function bufbuild({ topic, bytes }) {
  const { envelope, payload } = descriptors[topic]
  const outer = fromBinary(envelope, bytes)
  const { subject, data, timestamp, customerId, mspId } = outer
  const decoded = toJson(payload, fromBinary(payload, data), {
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
function describe(type, syntax) {
  const registry = createFileRegistry(
    fromBinary(FileDescriptorSetSchema, descriptorsOf(type, syntax)),
  )
  const found = registry.getMessage(type.fullName.slice(1))
  if (found === undefined) throw new Error(`no descriptor of ${type.fullName}`)
  return found
}

function descriptorsOf(type, syntax) {
  type.root.resolveAll()
  const set = type.root.toDescriptor(syntax)
  for (const file of set.file ?? []) {
    const scope = type.root.lookup(file.package ?? '')
    for (const message of file.messageType ?? []) qualify(message, scope)
  }
  return descriptor.FileDescriptorSet.encode(set).finish()
}

/** protobufjs names types relative to where they are used; descriptors have full names. */
function qualify(message, parent) {
  const type = parent.get(message.name)
  for (const field of message.field ?? []) {
    const fullName = type.fields[field.name]?.resolvedType?.fullName
    if (fullName) field.typeName = fullName
  }
  for (const nested of message.nestedType ?? []) qualify(nested, type)
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

/** Writes what `python-protobuf.py` decodes; returns the path. */
function writePythonWork(folder) {
  const described = (type, syntax) => ({
    set: Buffer.from(descriptorsOf(type, syntax)).toString('base64'),
    message: type.fullName.slice(1),
  })
  const path = join(folder, 'frames.json')
  const payloads = TOPICS.map((topic) => [topic, described(types[topic].payload, 'proto2')])
  const work = {
    envelope: described(types[TOPICS[0]].envelope, 'proto3'),
    payloads: Object.fromEntries(payloads),
    frames: frames.map(({ topic, bytes }) => ({ topic, bytes: bytes.toString('base64') })),
  }
  writeFileSync(path, JSON.stringify(work))
  return path
}

/** Whether `python3` has Google's protobuf. */
function hasPython() {
  try {
    execFileSync('python3', ['-c', 'import google.protobuf'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const PYTHON = "Python's protobuf: frame to JSON"
const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
const python = hasPython()
  ? [
      fileURLToPath(new URL('../bench/python-protobuf.py', import.meta.url)),
      writePythonWork(folder),
    ]
  : undefined
const rates = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))
if (python) rates[PYTHON] = []
for (const run of Object.values(contestants))
  for (let time = 0; time < 3; time++) framesPerSecond(run) // warms up
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(contestants)) rates[name].push(framesPerSecond(run))
  if (python) rates[PYTHON].push(JSON.parse(execFileSync('python3', python, { encoding: 'utf8' })))
}
rmSync(folder, { recursive: true })
process.stdout.write(JSON.stringify(rates))
