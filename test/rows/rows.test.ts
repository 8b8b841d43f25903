import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createDecoder as createClassicDecoder } from '../../src/classic/record.js'
import { loadSchema as loadClassicSchema } from '../../src/classic/schema.js'
import type { JsonObject } from '../../src/decode/to-object.js'
import { StreamError } from '../../src/errors.js'
import { createDecoder } from '../../src/newcentral/record.js'
import { loadSchema } from '../../src/newcentral/schema.js'
import { messagesOf } from '../../src/newcentral/topics.js'
import { RowWriter } from '../../src/rows/row-writer.js'
import type { AnyRecord, StreamMessage } from '../../src/service.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { goldenEvents } from '../helpers/event.js'
import { fakeMessage } from '../helpers/export-fakes.js'
import { flatten, parseRow } from '../helpers/flatten.js'
import { allGolden } from '../helpers/golden.js'
import { seededRandom } from '../helpers/random.js'

/** Columns of `ap-events` that fields of different types share. */
const SHARED = new Set(['data.status', 'data.vlan'])

const HEAD = ['table', 'time', 'customer', 'topic', 'customer_id', 'timestamp']

type Rows = Record<string, unknown>[]

const WRITERS = [false, true].map((readable) => new RowWriter({ protoDir: undefined, readable }))

function rowsOf(message: StreamMessage, readable = false): Rows {
  const text = [...(WRITERS[Number(readable)]?.texts(message) ?? [])].join('')
  assert.ok(text.endsWith('\n'))
  return text.trimEnd().split('\n').map(parseRow)
}

function rowsOfRecord(record: object): Rows {
  const { topic } = record as AnyRecord
  return rowsOf({ ...fakeMessage('A', 0), topic, record } as unknown as StreamMessage)
}

/** Compares rows with those that the rules say; returns how many values they have. */
function compare(rows: Rows, message: StreamMessage, types: Parameters<typeof flatten>[2]): number {
  const { topic, record } = message
  const shared = topic === 'ap-events' ? SHARED : undefined
  const expected = flatten(topic, record.data as JsonObject, types, shared)
  assert.equal(rows.length, expected.length)
  for (const [index, row] of rows.entries()) {
    assert.deepEqual(Object.keys(row).slice(0, HEAD.length), HEAD)
    const { table, time, ...others } = row
    assert.equal(table, expected[index]?.table)
    assert.equal(time, record.time)
    const { data, time: _, ...envelope } = record
    const values = Object.fromEntries(expected[index]?.values ?? [])
    assert.deepEqual(others, { ...envelope, ...values })
  }
  return rows.reduce((sum, row) => sum + Object.keys(row).length, 0)
}

describe('rows', () => {
  test('have every value of the golden frames of Classic Central, each element in one row', (t) => {
    let rows = 0
    let values = 0
    for (const { topic, frame: bytes } of allGolden()) {
      const schema = loadClassicSchema(topic)
      const frame = { bytes, receivedAt: 0, text: false }
      const plain = createClassicDecoder({ customer: 'A', schema }).decode(frame, 'record')
      const readable = createClassicDecoder({ customer: 'A', schema, readable: true })
      const message = readable.decode(frame, 'record')
      const types = [schema.payload, ...(schema.notice ? [schema.notice] : [])]
      const made = rowsOf({
        ...plain,
        topic,
        record: { ...plain.record, topic: message.record.topic },
      })
      values += compare(made, { ...message, topic, record: message.record }, types)
      // A record that is readable already gives the same rows.
      assert.deepEqual(rowsOf({ ...message, topic, record: message.record }, true), made)
      rows += made.length
    }
    t.diagnostic(`${rows} rows, ${values} values`)
  })

  test('made from the bytes of a frame are those of its record, and so are the faults', (t) => {
    const random = seededRandom()
    let direct = 0
    let faults = 0
    for (const { topic, frame } of allGolden()) {
      const mutated = Buffer.from(frame)
      mutated[Math.floor(random() * mutated.length)] = Math.floor(random() * 256)
      for (const bytes of [frame, mutated]) {
        const outcomes = (['rows', 'record'] as const).map((first) => {
          const decoder = createClassicDecoder({ customer: 'A', schema: loadClassicSchema(topic) })
          try {
            const message = decoder.decode({ bytes, receivedAt: 0, text: false }, first)
            const made = message.rows && Buffer.from(message.rows).toString()
            if (made !== undefined) direct++
            const text = made ?? [...(WRITERS[0]?.texts(message) ?? [])].join('')
            return { text, unknown: decoder.unknownTotal, timestamp: decoder.lastTimestamp }
          } catch (error) {
            assert.ok(error instanceof StreamError)
            faults++
            return error.message
          }
        })
        assert.deepEqual(outcomes[0], outcomes[1])
      }
    }
    assert.ok(direct > 400, `only ${direct} frames`)
    t.diagnostic(`${direct} frames without a record, ${faults} faults`)
  })

  test('of a frame with very many elements are made from its record, in pieces', () => {
    const rssi = Array.from({ length: 5000 }, () => ({ rssi_val: -1 }))
    const payload = { pa_rssi_event: { rssi } }
    const bytes = encodeFrame('presence', payload, { timestamp: '1', customer_id: 'c'.repeat(32) })
    const schema = loadClassicSchema('presence')
    const decoder = createClassicDecoder({ customer: 'A', schema })
    const message = decoder.decode({ bytes, receivedAt: 0, text: false }, 'rows')
    assert.equal(message.rows, undefined)
    const pieces = [...(WRITERS[0]?.texts(message) ?? [])]
    assert.ok(pieces.length > 5)
    assert.equal(pieces.join('').split('\n').length, 5002)
  })

  test('have every value of the golden events of New Central, each element in one row', (t) => {
    let rows = 0
    let values = 0
    for (const { topic, bytes, decoded } of goldenEvents()) {
      if (decoded.message === null) continue
      const schema = loadSchema(topic)
      const frame = { bytes, receivedAt: 0, text: false }
      const plain = createDecoder({ customer: 'A', schema }).decode(frame, 'record')
      const readable = createDecoder({ customer: 'A', schema, readable: true })
      const message = readable.decode(frame, 'record')
      const types = messagesOf(topic).flatMap((name) => schema.message(name) ?? [])
      const made = rowsOf({ ...plain, topic, record: plain.record } as StreamMessage)
      values += compare(
        made,
        { ...message, topic, record: message.record } as StreamMessage,
        types.filter(({ name }) => topic !== 'ap-events' || name === decoded.message),
      )
      rows += made.length
    }
    t.diagnostic(`${rows} rows, ${values} values`)
  })

  test('of a geofence notice on location have its values', () => {
    const record = {
      customer: 'A',
      topic: 'location',
      timestamp: '1700000000000000001',
      customer_id: 'c',
      data: { geofence_event: 'ZONE_IN', geofence_id: 'Zm9v', geofence_name: 'Lobby' },
      msp_ip: '',
    }
    assert.deepEqual(rowsOfRecord(record), [
      {
        table: 'location',
        time: '2023-11-14T22:13:20.000000001Z',
        customer: 'A',
        topic: 'location',
        customer_id: 'c',
        timestamp: '1700000000000000001',
        msp_ip: '',
        'data.geofence_event': 'ZONE_IN',
        'data.geofence_id': 'foo',
        'data.geofence_name': 'Lobby',
      },
    ])
  })

  test('have the time of the whole range of RFC 3339, and none beyond it', () => {
    const record = {
      customer: 'A',
      topic: 'wids',
      customer_id: 'c',
      data: {},
      id: '',
      type: '',
      source: '',
    }
    const times = [
      '-62135596800000000000',
      '-1',
      '253402300799999999999',
      '253402300800000000000',
      '9223372036854775807999999999',
    ].map((timestamp) => rowsOfRecord({ ...record, timestamp }).map(({ time }) => time))
    assert.deepEqual(times, [
      ['0001-01-01T00:00:00Z'],
      ['1969-12-31T23:59:59.999999999Z'],
      ['9999-12-31T23:59:59.999999999Z'],
      [null],
      [null],
    ])
  })

  test('give a record that a module has changed: new keys by their path, wrong types as text', () => {
    const record = {
      customer: 'A',
      topic: 'presence',
      timestamp: 5,
      site: { name: 'HQ', floors: [1, 2] },
      table: 'mine',
      data: {
        timestamp: 'soon',
        event: 7,
        event_type: 3,
        building: { a: { b: true } },
        pa_client_state: 'none',
        pa_rssi_event: {
          rssi: [
            { rssi_val: 'strong', sta_eth_mac: 'x', ap_name: 'AP-1', is_ap: 1, age: null },
            'loose',
            null,
          ],
          seen: 1,
        },
      },
    }
    const own = {
      time: null,
      customer: 'A',
      topic: 'presence',
      timestamp: '5',
      'data.timestamp': 'soon',
      'data.event': '7',
      'data.event_type': '3',
      'data.building.a.b': true,
      'data.pa_client_state': 'none',
      'data.pa_rssi_event.seen': 1,
      'site.name': 'HQ',
      'site.floors': [1, 2],
      'extra.table': 'mine',
    }
    const table = 'presence.pa_rssi_event.rssi'
    const path = 'data.pa_rssi_event.rssi'
    assert.deepEqual(rowsOfRecord(record), [
      { table: 'presence', ...own },
      {
        table,
        ...own,
        [`${path}.rssi_val`]: 'strong',
        [`${path}.sta_eth_mac`]: 'x',
        [`${path}.ap_name`]: 'AP-1',
        [`${path}.is_ap`]: '1',
        [`${path}.age`]: null,
      },
      { table, ...own, [path]: 'loose' },
      { table, ...own, [path]: null },
    ])
    for (const data of ['text', 7, null, [1], undefined]) {
      const [row] = rowsOfRecord({ customer: 'A', topic: 'audit', data })
      assert.deepEqual(row?.data, data)
    }
  })

  test('keep all digits of 64-bit integers as numbers', () => {
    const writer = new RowWriter({ protoDir: undefined, readable: false })
    const data = { device_stats: [{ uptime: '18446744073709551615', mem_free: 7 }] }
    const record = { customer: 'A', topic: 'monitoring', timestamp: '1', data }
    const message = { ...fakeMessage('A', 0), record } as unknown as StreamMessage
    const text = [...writer.texts(message)].join('')
    assert.match(
      text,
      /"data\.device_stats\.uptime":18446744073709551615,"data\.device_stats\.mem_free":7\}/,
    )
  })

  test('of a million elements are made in pieces', () => {
    const writer = new RowWriter({ protoDir: undefined, readable: false })
    let made = 0
    const rssi = new Proxy(new Array(1_000_000).fill({}), {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) made++
        return Reflect.get(target, name)
      },
    })
    const record = { customer: 'A', topic: 'presence', data: { pa_rssi_event: { rssi } } }
    const message = {
      ...fakeMessage('A', 0),
      topic: 'presence',
      record,
    } as unknown as StreamMessage
    const { value } = writer.texts(message).next()
    assert.ok(made < 2000, `${made} rows for the first piece`)
    assert.ok(value && value.length < 70_000)
  })
})
