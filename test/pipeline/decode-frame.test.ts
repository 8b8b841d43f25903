import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decode, StreamError } from '../../src/index.js'
import { goldenEvents } from '../helpers/event.js'
import { allGolden } from '../helpers/golden.js'

describe('decode', () => {
  test('gives the record of each golden frame of Classic Central', () => {
    for (const { topic, frame, decoded } of allGolden()) {
      const { customer, data, timestamp, customer_id } = decode(frame, { topic, customer: 'A' })
      const expected = { ...decoded, timestamp: String(decoded.timestamp) }
      assert.equal(customer, 'A')
      assert.deepEqual([timestamp, customer_id], [expected.timestamp, expected.customer_id])
      assert.deepEqual(Object.keys(data).sort(), Object.keys(expected.data).sort())
    }
  })

  test('gives the record of each golden event of New Central that has a message', () => {
    let count = 0
    for (const { topic, bytes, decoded } of goldenEvents()) {
      if (decoded.message === null) continue
      const record = decode(bytes, { topic })
      assert.deepEqual([record.customer, record.topic], [topic, topic])
      assert.equal(record.id, decoded.envelope.id ?? '')
      count++
    }
    assert.ok(count > 400, `${count} events`)
  })

  test('makes addresses readable where asked for', () => {
    const frame = allGolden().find(({ topic }) => topic === 'location')?.frame ?? new Uint8Array()
    const plain = decode(frame, { topic: 'location' })
    const readable = decode(frame, { topic: 'location', readable: true })
    assert.equal('time' in plain, false)
    assert.equal('time' in readable, true)
  })

  test('throws a StreamError with its code for what is no frame of the topic', () => {
    for (const topic of ['presence', 'wids'] as const) {
      assert.throws(
        () => decode(Uint8Array.of(0xff), { topic }),
        (error) => error instanceof StreamError && error.code === 'frame-undecodable',
      )
    }
  })

  test('says what it expected in place of a text of base64, or of another topic', () => {
    const wrong: readonly [frame: unknown, topic: string, message: RegExp][] = [
      ['CAE=', 'presence', /^frame: expected bytes, .*; got string$/],
      [undefined, 'presence', /^frame: expected bytes, .*; got undefined$/],
      [new Uint8Array(), 'presense', /^options\.topic: expected one of .*; got "presense"$/],
    ]
    for (const [frame, topic, message] of wrong) {
      assert.throws(
        () => decode(frame as Uint8Array, { topic: topic as 'presence' }),
        (error) =>
          error instanceof StreamError &&
          error.code === 'input-invalid' &&
          message.test(error.message),
      )
    }
  })
})
