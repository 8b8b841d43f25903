import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDecoder } from '../../src/classic/decoder.js'
import type { Drift } from '../../src/decode/drift.js'
import { loadSchema } from '../../src/schema/load-schema.js'
import { bytes, frameOf, int } from '../helpers/wire.js'

function drifting() {
  const reports: Drift[] = []
  const schema = loadSchema('monitoring')
  const decoder = createDecoder({ customer: 'A', schema, onDrift: (drift) => reports.push(drift) })
  const decode = (payload: Uint8Array, first: 'record' | 'line' = 'line') =>
    decoder.decode({ bytes: frameOf(payload), receivedAt: 0, text: false }, first)
  return { reports, counts: decoder.driftCounts, decoder, decode }
}

const HINT = 'download the newer .proto from Central and use --proto_dir'
const UNKNOWN = `monitoring: field 41 of Interface is not in the schema; ${HINT}`

describe('schema drift', () => {
  it('is nothing where the schema knows all', () => {
    const { reports, counts, decode } = drifting()
    decode(bytes(8, int(16, 3)))
    assert.deepEqual(reports, [])
    assert.equal(counts.size, 0)
  })

  it('is reported once, and counted each time', () => {
    const { reports, counts, decoder, decode } = drifting()
    const payload = Buffer.concat([bytes(8, int(41, 1)), bytes(8, int(41, 2))])
    decode(payload)
    const expected = { topic: 'monitoring', message: 'Interface', field: 41, sentence: UNKNOWN }
    assert.deepEqual(reports, [expected])
    decode(payload, 'record')
    assert.equal(reports.length, 1)
    assert.deepEqual([...counts], [[UNKNOWN, 4]])
    assert.equal(decoder.drifts, 4)
  })

  it('is counted once a frame, however many forms are made of it', () => {
    const { counts, decode } = drifting()
    const message = decode(bytes(8, int(41, 1)))
    assert.ok(message.record)
    assert.equal(counts.get(UNKNOWN), 1)
    // Out of order, so the line is made by way of the record.
    decode(bytes(8, int(41, 1), int(11, 1), int(1, 1)))
    assert.equal(counts.get(UNKNOWN), 2)
  })

  it('is an enum value as well', () => {
    const { reports, decode } = drifting()
    decode(bytes(8, int(16, 6)))
    assert.deepEqual(
      reports.map(({ sentence }) => sentence),
      [`monitoring: the value 6 of Interface.speed is not in the schema; ${HINT}`],
    )
  })

  it('is a wire type that does not belong to a field', () => {
    const { reports, decode } = drifting()
    decode(bytes(8, int(2, 6)))
    assert.deepEqual(
      reports.map(({ sentence }) => sentence),
      [
        `monitoring: field 2 of Interface comes with wire type 0, which the schema does not have; ${HINT}`,
      ],
    )
  })

  it('is not taken from a frame that cannot be decoded', () => {
    const { reports, counts, decode } = drifting()
    assert.throws(() => decode(Buffer.concat([int(4000, 1), Uint8Array.of(0x0a, 9)])))
    decode(int(39, 1))
    assert.deepEqual(reports, [])
    assert.equal(counts.size, 0)
  })

  it('fills no memory, whatever numbers a sender invents', () => {
    const { reports, counts, decoder, decode } = drifting()
    for (let start = 1000; start < 3000; start += 500) {
      decode(Buffer.concat(Array.from({ length: 500 }, (_, index) => int(start + index, 1))))
    }
    assert.equal(reports.length, 100)
    assert.equal(counts.size, 100)
    assert.equal(decoder.drifts, 400, 'a hundred numbers of each frame are told apart')
  })
})
