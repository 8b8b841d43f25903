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

  test('says what it expected in place of a text of base64, or of a wrong option', () => {
    const bytes = new Uint8Array()
    const wrong: readonly [frame: unknown, options: unknown, message: RegExp][] = [
      ['CAE=', { topic: 'presence' }, /^frame: expected bytes, .*; got string$/],
      [undefined, { topic: 'presence' }, /^frame: expected bytes, .*; got undefined$/],
      [bytes, { topic: 'presense' }, /^options\.topic: expected one of .*; got "presense"$/],
      [bytes, undefined, /^options: expected an object; got nothing$/],
      [bytes, {}, /^options\.topic: expected one of .*; got nothing$/],
      [bytes, { topic: 5n }, /^options\.topic: expected a string; got a bigint$/],
      [
        bytes,
        { topic: 'audit', readabel: true },
        /^options\.readabel: there is no such option; did you mean "readable"\?$/,
      ],
      [bytes, { topic: 'audit', readable: 1 }, /^options\.readable: expected true or false;/],
    ]
    for (const [frame, options, message] of wrong) {
      assert.throws(() => decode(frame as Uint8Array, options as { topic: 'presence' }), {
        code: 'input-invalid',
        message,
      })
    }
  })
})
