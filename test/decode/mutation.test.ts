import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { TOPICS, type Topic } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import type { StreamMessage } from '../../src/service.js'
import { allGolden } from '../helpers/golden.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'
import { bytes, frameOf, int } from '../helpers/wire.js'

// So many stack traces would take longer than all the decoding.
Error.stackTraceLimit = 0

const FRAMES = sized(30_000, 1_000_000)
/** A good frame is decoded again after so many bad ones. */
const GOOD_EVERY = 50

type Good = { topic: Topic; bytes: Buffer; payload: Buffer; line: string }

const decoders = new Map(
  TOPICS.map((topic) => [topic, createDecoder({ customer: 'A', schema: loadSchema(topic) })]),
)

function decode(topic: Topic, bytes: Uint8Array, first: 'record' | 'line'): StreamMessage {
  const decoder = decoders.get(topic)
  assert.ok(decoder)
  return decoder.decode({ bytes, receivedAt: 0, text: false }, first)
}

/** The record as JSON, made the way that is asked for; or the message of the error. */
function outcome(topic: Topic, bytes: Uint8Array, first: 'record' | 'line'): string {
  try {
    const message = decode(topic, bytes, first)
    if (first === 'record') return `${JSON.stringify(message.record)}\n`
    return Buffer.from(message.line).toString()
  } catch (error) {
    if (error instanceof StreamError && error.code === 'frame-undecodable') return error.message
    throw error
  }
}

const { envelope } = loadSchema('audit')

const good = allGolden().map(({ topic, frame }) => goodOf(topic, frame))

// Geofence notices, which the golden frames lack.
for (let count = 0; count < 20; count++) {
  const fields = [int(1, count % 3), bytes(2, `fence ${count}`), bytes(3, 'Lobby'), int(6, count)]
  good.push(goodOf('location', frameOf(...fields.slice(0, 1 + (count % 4)))))
}

function goodOf(topic: Topic, frame: Buffer): Good {
  const payload = Buffer.from(envelope.toObject(envelope.decode(frame)).data ?? [])
  const line = Buffer.from(decode(topic, frame, 'line').line).toString()
  return { topic, bytes: frame, payload, line }
}

const byTopic = new Map(TOPICS.map((name) => [name, good.filter(({ topic }) => topic === name)]))

function mutate(source: Good, random: (below: number) => number): Buffer {
  const kin = byTopic.get(source.topic) ?? []
  // Half of them keep a valid envelope; otherwise most would fail at its length.
  const part = random(2) === 0 ? 'payload' : 'bytes'
  const bytes = mutateBytes(source[part], kin[random(kin.length)]?.[part] as Buffer, random)
  return part === 'payload' ? frameOf(bytes) : bytes
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

it(`decodes ${FRAMES} mutated frames the same both ways, and good frames in between`, () => {
  const chance = seededRandom()
  const random = (below: number) => Math.floor(chance() * below)
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
  assert.ok(failed > FRAMES / 4 && failed < (FRAMES * 3) / 4, `${failed} of ${FRAMES} failed`)
})
