import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { expectedRecord, faultOf, goldenEvents, recordOf } from '../helpers/event.js'
import { normal } from '../helpers/golden.js'

const EVENTS = goldenEvents()

describe('golden frames of New Central', () => {
  it('are all there', () => {
    assert.equal(EVENTS.length, 532)
  })

  for (const kind of new Set(EVENTS.map((event) => event.kind))) {
    const events = EVENTS.filter((event) => event.kind === kind)
    if (kind === 'unknown-message') continue
    it(`become the records that Python’s decoder gives, both ways: ${events.length} of kind ${kind}`, () => {
      for (const [index, event] of events.entries()) {
        const where = `${event.topic}, number ${index} of its kind`
        assert.deepEqual(
          normal(recordOf(event.topic, event.bytes)),
          normal(expectedRecord(event)),
          where,
        )
      }
    })
  }

  it('are undecodable where no schema has the message, with its type in the error', () => {
    const events = EVENTS.filter(({ decoded }) => decoded.message === null)
    assert.equal(events.length, 2)
    for (const { topic, bytes, decoded } of events) {
      const { message, eventType } = faultOf(topic, bytes)
      assert.equal(eventType, decoded.envelope.type)
      assert.match(message, /the schema does not know message BrandNew of event type com\.hpe\./)
      assert.ok(message.includes(String(decoded.envelope.type)))
    }
  })

  it('keep their time as text under --readable, with the digits it has', () => {
    for (const { topic, bytes, decoded } of EVENTS) {
      if (decoded.message === null) continue
      const record = recordOf(topic, bytes, { readable: true })
      assert.equal(record.time, decoded.envelope.time ?? null)
      assert.deepEqual(Object.keys(record).slice(2, 4), ['timestamp', 'time'])
    }
  })
})
