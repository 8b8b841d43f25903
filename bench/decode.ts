import { readFileSync } from 'node:fs'
import type protobuf from 'protobufjs'
import { createDecoder } from '../src/decode/decoder.js'
import { loadSchema, type Schema } from '../src/schema/load-schema.js'
import { TOPICS, type Topic } from '../src/schema/topics.js'

const ROUNDS = 15
const ROUND_MS = 200

type Sample = { topic: Topic; bytes: Buffer }

const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const samples = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Sample => {
    const { topic, frame } = JSON.parse(line)
    return { topic, bytes: Buffer.from(frame, 'base64') }
  })
const frames = samples.map(({ topic, bytes }) => ({
  topic,
  frame: { bytes, receivedAt: 0, text: false },
}))
const schemas = new Map<Topic, Schema>(TOPICS.map((topic) => [topic, loadSchema(topic)]))
const decoders = new Map(
  [...schemas].map(([topic, schema]) => [topic, createDecoder({ customer: 'A', schema })]),
)

const NAIVE: protobuf.IConversionOptions = { longs: String, enums: String, bytes: String }

function naive({ topic, bytes }: Sample): object {
  const { envelope, payload } = schemas.get(topic) as Schema
  const outer = envelope.toObject(envelope.decode(bytes), { longs: String })
  const data = payload.toObject(payload.decode(outer.data), NAIVE)
  return { customer: 'A', topic: outer.subject, timestamp: outer.timestamp, data }
}

const records = frames.map(
  ({ topic, frame }) => decoders.get(topic)?.decode(frame, 'record').record,
)

const contestants: Record<string, () => void> = {
  'ours to object': () => {
    for (const { topic, frame } of frames) decoders.get(topic)?.decode(frame, 'record')
  },
  'ours to NDJSON': () => {
    for (const { topic, frame } of frames) decoders.get(topic)?.decode(frame, 'line')
  },
  'protobufjs to object': () => {
    for (const sample of samples) naive(sample)
  },
  'protobufjs to JSON': () => {
    for (const sample of samples) JSON.stringify(naive(sample))
  },
  'JSON.stringify alone': () => {
    for (const record of records) JSON.stringify(record)
  },
}

function rate(run: () => void): number {
  const start = performance.now()
  let rounds = 0
  do {
    run()
    rounds++
  } while (performance.now() - start < ROUND_MS)
  return (rounds * frames.length * 1000) / (performance.now() - start)
}

const rates = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(contestants)) rates.get(name)?.push(rate(run))
}
for (const [name, all] of rates) {
  all.sort((a, b) => a - b)
  process.stdout.write(`${name.padEnd(22)} ${Math.round(all[all.length >> 1] as number)}\n`)
}
