/**
 * The frames of `sizes.ts`: decodes each kind at each size and in both forms, round by round; writes CPU
 * nanoseconds a byte as JSON. In JavaScript and in a process of its own: code that is compiled on the fly
 * runs a seventh slower.
 */
import { readFileSync } from 'node:fs'
import { createDecoder } from '../src/classic/record.ts'
import { loadSchema } from '../src/classic/schema.ts'
import { createDecoder as createEventDecoder } from '../src/newcentral/record.ts'
import { loadSchema as loadEventSchema } from '../src/newcentral/schema.ts'

const KIB = 1024
const SIZES = [1, 16, 120, 140, 1024, 8 * KIB, 60 * KIB].map((kib) => kib * KIB)
/** A round decodes at least so many bytes. */
const ROUND_BYTES = KIB * KIB
const ROUNDS = 9
/** A round of the largest takes seconds. */
const LARGE_ROUNDS = 1

/** A field of bytes: its tag, the length, the bytes. */
const field = (number, bytes) =>
  Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])

function varint(value) {
  const bytes = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return Buffer.from([...bytes, rest])
}

/** The fields of a message, each with its tag. */
function fieldsOf(message) {
  const fields = []
  for (let at = 0; at < message.length; ) {
    const start = at
    const read = () => {
      let value = 0
      for (let power = 1; ; power *= 128) {
        const byte = message[at++]
        value += (byte & 0x7f) * power
        if (byte < 0x80) return value
      }
    }
    const tag = read()
    const wireType = tag & 7
    if (wireType === 0) read()
    else if (wireType === 1) at += 8
    else if (wireType === 5) at += 4
    else {
      const length = read()
      at += length
    }
    fields.push({ number: tag >>> 3, wireType, bytes: message.subarray(start, at) })
  }
  return fields
}

/** What a field of bytes holds. */
const contentOf = ({ bytes }) => {
  let at = 0
  while (bytes[at++] >= 0x80);
  while (bytes[at++] >= 0x80);
  return bytes.subarray(at)
}

const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const frames = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
/** An element of a list, as a real frame has it: a wireless client. */
const element = frames
  .filter(({ topic }) => topic === 'monitoring')
  .flatMap(({ frame }) => fieldsOf(Buffer.from(frame, 'base64')))
  .filter(({ number }) => number === 3)
  .flatMap((data) => fieldsOf(contentOf(data)))
  .find(({ number }) => number === 10)
const reversed = field(
  10,
  Buffer.concat(
    fieldsOf(contentOf(element))
      .reverse()
      .map(({ bytes }) => bytes),
  ),
)

const repeat = (part) => (size) =>
  Buffer.concat(Array(Math.max(1, Math.floor(size / part.length))).fill(part))

/** `google.protobuf.Value`: objects in each other, and a text in the innermost. */
function nested() {
  let value = field(3, Buffer.alloc(400, 'a'))
  for (let depth = 0; depth < 22; depth++) {
    const entry = Buffer.concat([field(1, Buffer.from('k')), field(2, value)])
    value = field(5, field(1, entry))
  }
  return value
}

/** Text that needs an escape now and then, and letters of two bytes. */
const TEXT = Buffer.from('Zürich, "Halle 7"; '.repeat(8))
const unknownGroup = Buffer.concat([
  varint(2000 * 8 + 3),
  Buffer.from('0801120261621801', 'hex'),
  varint(2000 * 8 + 4),
])

/** Kinds of frames: the topic, and a payload of about so many bytes. */
const KINDS = {
  'list of real elements': ['monitoring', repeat(element.bytes)],
  'the same, fields out of order': ['monitoring', repeat(reversed)],
  'one long text of ASCII': ['audit', (size) => field(5, Buffer.alloc(size, 'text '))],
  'one long text with escapes': ['audit', (size) => field(5, repeat(TEXT)(size))],
  'texts in a list': ['location', repeat(field(8, Buffer.from('aisle 12, shelf 7, left')))],
  'unknown fields': [
    'monitoring',
    repeat(Buffer.concat([field(1000, Buffer.alloc(10)), field(1001, Buffer.alloc(3))])),
  ],
  'unknown groups': ['monitoring', repeat(unknownGroup)],
  'messages in messages, 66 deep': ['audit-trail-events', deep],
}

/** A list of deep values, by way of `LogDetails` and `ChangedJSON`. */
function deep(size) {
  const list = field(6, repeat(field(1, nested()))(size))
  const entry = Buffer.concat([field(1, Buffer.from('before')), field(2, list)])
  return field(13, field(3, field(1, field(1, entry))))
}

const TYPE = 'com.hpe.greenlake.network-services.v1alpha1.audit-trail.configuration'

function makeFrame(topic, payload) {
  const bytes =
    topic === 'audit-trail-events'
      ? Buffer.concat([field(1, Buffer.from('id')), field(4, Buffer.from(TYPE)), field(6, payload)])
      : field(3, payload)
  return { bytes, receivedAt: 0, text: false }
}

function makeDecoder(topic) {
  return topic === 'audit-trail-events'
    ? createEventDecoder({ customer: 'A', schema: loadEventSchema(topic) })
    : createDecoder({ customer: 'A', schema: loadSchema(topic) })
}

/** CPU nanoseconds a byte. */
function cost(decoder, frame, form) {
  const times = Math.max(1, Math.ceil(ROUND_BYTES / frame.bytes.length))
  const start = process.cpuUsage()
  for (let time = 0; time < times; time++) decoder.decode(frame, form)
  const { user, system } = process.cpuUsage(start)
  return ((user + system) * 1000) / (times * frame.bytes.length)
}

const costs = {}
for (const [kind, [topic, payload]] of Object.entries(KINDS)) {
  const decoder = makeDecoder(topic)
  costs[kind] = {}
  for (const form of ['record', 'line']) {
    // One size after the other: what a large frame leaves behind is collected during the rounds after it.
    const rows = SIZES.map((size) => {
      const frame = makeFrame(topic, payload(size))
      const rounds = size > ROUND_BYTES ? LARGE_ROUNDS : ROUNDS
      const costs = Array.from({ length: rounds + 1 }, () => cost(decoder, frame, form))
      return { size, costs: costs.slice(1) }
    })
    costs[kind][form] = rows
  }
}
process.stdout.write(JSON.stringify(costs))
