import assert from 'node:assert/strict'
import { it } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { createDecoder } from '../../src/newcentral/record.js'
import { loadSchema } from '../../src/newcentral/schema.js'
import { TOPICS, type Topic } from '../../src/newcentral/topics.js'
import { goldenEvents } from '../helpers/event.js'
import { bytes as field } from '../helpers/wire.js'

// A hundred thousand stack traces would take longer than all the decoding.
Error.stackTraceLimit = 0

const FRAMES = 60_000
/** A good frame is decoded again after so many bad ones. */
const GOOD_EVERY = 50

type Good = { topic: Topic; bytes: Buffer; payload: Buffer; type: string; line: string }

const decoders = new Map(
  TOPICS.map((topic) => [topic, createDecoder({ customer: 'A', schema: loadSchema(topic) })]),
)

/** The record as JSON, made the way that is asked for; or the message of the error. */
function outcome(topic: Topic, bytes: Uint8Array, first: 'record' | 'line'): string {
  try {
    const message = decoders.get(topic)?.decode({ bytes, receivedAt: 0, text: false }, first)
    assert.ok(message)
    if (first === 'record') return `${JSON.stringify(message.record)}\n`
    return Buffer.from(message.line).toString()
  } catch (error) {
    if (error instanceof StreamError && error.code === 'frame-undecodable') return error.message
    throw error
  }
}

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const { envelope } = loadSchema('ap-events')

const good = goldenEvents()
  .filter(({ decoded }) => decoded.message !== null)
  .map(({ topic, bytes, decoded }): Good => {
    const { proto_data, binary_data } = envelope.toObject(envelope.decode(bytes))
    return {
      topic,
      bytes,
      payload: Buffer.from(proto_data?.value ?? binary_data ?? []),
      type: decoded.envelope.type ?? '',
      line: outcome(topic, bytes, 'line'),
    }
  })

const byTopic = new Map(TOPICS.map((name) => [name, good.filter(({ topic }) => topic === name)]))

function mutate(source: Good, random: (below: number) => number): Buffer {
  const kin = byTopic.get(source.topic) ?? []
  // Half of them keep a valid envelope; otherwise most would fail at its length.
  const part = random(2) === 0 ? 'payload' : 'bytes'
  const bytes = mutateBytes(source[part], kin[random(kin.length)]?.[part] as Buffer, random)
  if (part === 'bytes') return bytes
  return Buffer.concat([field(4, source.type), field(8, field(2, bytes))])
}

function mutateBytes(source: Buffer, other: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(source)
  const place = () => random(bytes.length + 1)
  switch (random(7)) {
    case 0: // bit flips
      for (let flips = 1 + random(3); flips > 0 && bytes.length > 0; flips--) {
        const at = random(bytes.length)
        bytes[at] = (bytes[at] as number) ^ (1 << random(8))
      }
      return bytes
    case 1: // a cut
      return bytes.subarray(0, place())
    case 2: // bytes missing from the middle
      return Buffer.concat([bytes.subarray(0, place()), bytes.subarray(place())])
    case 3: // the beginning of one with the end of another
      return Buffer.concat([bytes.subarray(0, place()), other.subarray(random(other.length + 1))])
    case 4: // two, one after the other, which merges them
    case 5:
      return Buffer.concat([other, bytes])
    default: {
      // random bytes in the middle
      const noise = Buffer.from(Array.from({ length: 1 + random(12) }, () => random(256)))
      const at = place()
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)])
    }
  }
}

it(`decodes ${FRAMES} mutated events the same both ways, and good ones in between`, () => {
  const random = seeded(20261201)
  let failed = 0
  for (let count = 0; count < FRAMES; count++) {
    const source = good[random(good.length)] as Good
    const bytes = mutate(source, random)
    const byLine = outcome(source.topic, bytes, 'line')
    const byRecord = outcome(source.topic, bytes, 'record')
    if (byLine !== byRecord) assert.equal(byLine, byRecord, bytes.toString('base64'))
    if (!byLine.startsWith('{')) failed++
    if (count % GOOD_EVERY === 0) {
      assert.equal(outcome(source.topic, source.bytes, 'line'), source.line)
    }
  }
  // The test is useful only if many mutated frames fail and many do not.
  assert.ok(failed > FRAMES / 5 && failed < (FRAMES * 4) / 5, `${failed} of ${FRAMES} failed`)
})
