import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { TOPICS } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import { createDecoder as createEventDecoder } from '../../src/newcentral/record.js'
import { loadSchema as loadEventSchema } from '../../src/newcentral/schema.js'
import { TOPICS as EVENT_TOPICS } from '../../src/newcentral/topics.js'
import { loadDocumented } from '../../src/schema/load-proto.js'
import { goldenEvents } from '../helpers/event.js'
import { allGolden } from '../helpers/golden.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'
import { bytes, frameOf, int } from '../helpers/wire.js'

// So many stack traces would take longer than all the decoding.
Error.stackTraceLimit = 0

/** Of each service. */
const FRAMES = sized(10_000, 400_000)
/** A good frame is decoded again after so many bad ones. */
const GOOD_EVERY = 50

type Random = (below: number) => number
type Good = {
  readonly topic: string
  readonly bytes: Buffer
  readonly payload: Buffer
  /** A frame with another payload. */
  readonly frameOf: (payload: Buffer) => Buffer
}
type Decoder = Pick<ReturnType<typeof createDecoder | typeof createEventDecoder>, 'decode'>

function classicFrames(): Good[] {
  const envelope = loadDocumented({ service: 'classic', file: 'streaming' }).get('MsgProto')
  const frames = allGolden().map(({ topic, frame }) => ({ topic, bytes: frame }))
  // Geofence notices, which the golden frames lack.
  for (let count = 0; count < 20; count++) {
    const fields = [int(1, count % 3), bytes(2, `fence ${count}`), bytes(3, 'Lobby'), int(6, count)]
    frames.push({ topic: 'location', bytes: frameOf(...fields.slice(0, 1 + (count % 4))) })
  }
  return frames.map((frame) => {
    const payload = Buffer.from(envelope.toObject(envelope.decode(frame.bytes)).data ?? [])
    return { ...frame, payload, frameOf }
  })
}

function events(): Good[] {
  const envelope = loadDocumented({ service: 'newcentral', file: 'cloudevent' }).get('CloudEvent')
  const whole = goldenEvents().filter(({ decoded }) => decoded.message !== null)
  return whole.map(({ topic, bytes: frame, decoded }) => {
    const { proto_data, binary_data } = envelope.toObject(envelope.decode(frame))
    const type = bytes(4, decoded.envelope.type ?? '')
    return {
      topic,
      bytes: frame,
      payload: Buffer.from(proto_data?.value ?? binary_data ?? []),
      frameOf: (payload) => Buffer.concat([type, bytes(8, bytes(2, payload))]),
    }
  })
}

const SERVICES: readonly (readonly [string, readonly Good[], ReadonlyMap<string, Decoder>])[] = [
  [
    'frames of Classic Central',
    classicFrames(),
    new Map(
      TOPICS.map((topic) => [topic, createDecoder({ customer: 'A', schema: loadSchema(topic) })]),
    ),
  ],
  [
    'events of New Central',
    events(),
    new Map(
      EVENT_TOPICS.map((topic) => [
        topic,
        createEventDecoder({ customer: 'A', schema: loadEventSchema(topic) }),
      ]),
    ),
  ],
]

/** The record as JSON, made the way that is asked for; or the message of the error. */
function outcome(decoder: Decoder | undefined, bytes: Buffer, first: 'record' | 'line'): string {
  try {
    const message = decoder?.decode({ bytes, receivedAt: 0, text: false }, first)
    assert.ok(message)
    if (first === 'record') return `${JSON.stringify(message.record)}\n`
    return Buffer.from(message.line).toString()
  } catch (error) {
    if (error instanceof StreamError && error.code === 'frame-undecodable') return error.message
    throw error
  }
}

function mutate(source: Good, kin: Good, random: Random): Buffer {
  // Half of them keep a valid envelope; otherwise most would fail at its length.
  if (random(2) === 0) return source.frameOf(mutateBytes(source.payload, kin.payload, random))
  return mutateBytes(source.bytes, kin.bytes, random)
}

function mutateBytes(source: Buffer, other: Buffer, random: Random): Buffer {
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

for (const [what, good, decoders] of SERVICES) {
  it(`decodes ${FRAMES} mutated ${what} the same both ways, and good ones in between`, () => {
    const chance = seededRandom()
    const random = (below: number) => Math.floor(chance() * below)
    const lines = good.map(({ topic, bytes }) => outcome(decoders.get(topic), bytes, 'line'))
    const kin = good.map(({ topic }) => good.filter((other) => other.topic === topic))
    let failed = 0
    for (let count = 0; count < FRAMES; count++) {
      const at = random(good.length)
      const source = good[at] as Good
      const others = kin[at] as Good[]
      const bytes = mutate(source, others[random(others.length)] as Good, random)
      const decoder = decoders.get(source.topic)
      const byLine = outcome(decoder, bytes, 'line')
      const byRecord = outcome(decoder, bytes, 'record')
      if (byLine !== byRecord) assert.equal(byLine, byRecord, bytes.toString('base64'))
      if (!byLine.startsWith('{')) failed++
      if (count % GOOD_EVERY === 0) {
        assert.equal(outcome(decoder, source.bytes, 'line'), lines[at])
      }
    }
    // The test is useful only if many mutated frames fail and many do not.
    assert.ok(failed > FRAMES / 5 && failed < (FRAMES * 4) / 5, `${failed} of ${FRAMES} failed`)
  })
}
