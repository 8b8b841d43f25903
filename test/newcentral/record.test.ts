import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UnknownField } from '../../src/decode/unknown-fields.js'
import { createDecoder } from '../../src/newcentral/record.js'
import { loadSchema } from '../../src/newcentral/schema.js'
import { faultOf, goldenEvents, recordOf } from '../helpers/event.js'
import { bytes, int, varint } from '../helpers/wire.js'

const attribute = (name: string, ...value: Uint8Array[]) =>
  bytes(5, bytes(1, name), bytes(2, ...value))
const SUBJECT = attribute('subject', bytes(3, 'customer 1'))

/** `proto_data` with a payload. */
const proto = (...payload: Uint8Array[]) => bytes(8, bytes(1, 'x/a.B'), bytes(2, ...payload))
/** A payload of `wids`. */
const WIDS = bytes(2, bytes(1, 'SN1'))
const DATA = { wids_signatures_event: { detecting_serial: 'SN1' } }

const wids = (...frame: Uint8Array[]) => recordOf('wids', Buffer.concat(frame))

describe('the record of an event', () => {
  it('has its parts in the order of the contract', () => {
    const frame = [
      bytes(1, 'id 1'),
      bytes(2, 'https://source'),
      bytes(3, '1.0'),
      bytes(4, 'com.hpe.x'),
      SUBJECT,
      proto(WIDS),
      bytes(9, int(1, 1_764_089_880), int(2, 120_000_000)),
      bytes(10, 'application/protobuf'),
    ]
    assert.equal(
      JSON.stringify(wids(...frame)),
      '{"customer":"A","topic":"wids","timestamp":"1764089880120000000","customer_id":"customer 1","id":"id 1","type":"com.hpe.x","source":"https://source","data":{"wids_signatures_event":{"detecting_serial":"SN1"}}}',
    )
    assert.deepEqual(wids(...frame.reverse()).data, DATA)
  })

  it('is one of empty fields where the frame is empty', () => {
    assert.deepEqual(wids(), {
      customer: 'A',
      topic: 'wids',
      timestamp: null,
      customer_id: '',
      id: '',
      type: '',
      source: '',
      data: {},
    })
  })

  const times: Record<string, [Uint8Array, string, string | null]> = {
    'that is empty': [Buffer.alloc(0), '0', '1970-01-01T00:00:00Z'],
    'below a second': [int(2, 5), '5', '1970-01-01T00:00:00.000000005Z'],
    'with small nanoseconds': [
      Buffer.concat([int(1, 7), int(2, 5)]),
      '7000000005',
      '1970-01-01T00:00:07.000000005Z',
    ],
    'before the epoch': [
      Buffer.concat([int(1, -1n), int(2, 1)]),
      '-999999999',
      '1969-12-31T23:59:59.000000001Z',
    ],
    'past 64 bits of nanoseconds': [
      int(1, 253_402_300_799n),
      '253402300799000000000',
      '9999-12-31T23:59:59Z',
    ],
    'past the year 9999': [int(1, 253_402_300_800n), '253402300800000000000', null],
    'past 2^53 seconds': [int(1, 2n ** 63n - 1n), '9223372036854775807000000000', null],
    'with odd nanoseconds': [Buffer.concat([int(1, 1), int(2, 2_000_000_000)]), '3000000000', null],
  }
  for (const [kind, [time, timestamp, text]] of Object.entries(times)) {
    it(`has a time ${kind} in nanoseconds, and as text where it can be shown`, () => {
      const frame = Buffer.concat([proto(WIDS), bytes(9, time)])
      assert.equal(recordOf('wids', frame).timestamp, timestamp)
      const readable = recordOf('wids', frame, { readable: true })
      assert.equal(readable.timestamp, timestamp)
      assert.equal(readable.time, text)
    })
  }

  it('has a time of null where none was sent', () => {
    const { timestamp, time } = recordOf('wids', proto(WIDS), { readable: true })
    assert.deepEqual({ timestamp, time }, { timestamp: null, time: null })
  })

  it('takes the last of what comes twice, and merges messages', () => {
    const record = wids(
      bytes(1, 'first'),
      bytes(9, int(1, 5), int(2, 1)),
      bytes(8, bytes(1, 'x/y'), bytes(2, bytes(1, bytes(1, 'S1')))),
      bytes(9, int(1, 6)),
      bytes(1, 'second'),
      bytes(8, bytes(2, WIDS)),
    )
    assert.equal(record.id, 'second')
    assert.equal(record.timestamp, '6000000001')
    assert.deepEqual(record.data, DATA)
  })
})

describe('the payload of an event', () => {
  it('is that of binary_data where it comes in place of proto_data', () => {
    assert.deepEqual(wids(bytes(6, WIDS)).data, DATA)
    assert.deepEqual(wids(proto(), bytes(6, WIDS)).data, DATA)
    assert.deepEqual(wids(bytes(6), proto(WIDS)).data, DATA)
    assert.deepEqual(wids(proto(WIDS), bytes(6), bytes(8)).data, {})
  })

  it('is undecodable where it is text', () => {
    assert.match(
      faultOf('wids', bytes(7, 'x')).message,
      /its payload is text; expected a protobuf message$/,
    )
    assert.deepEqual(wids(bytes(7, 'x'), proto(WIDS)).data, DATA)
  })

  const AP = bytes(3, 'tenant')
  const STATS = 'com.hpe.greenlake.network-monitoring.v1alpha1.aps.stats.ssid'
  const ap = (url: string, type: string) =>
    recordOf('ap-events', Buffer.concat([bytes(4, type), bytes(8, bytes(1, url), bytes(2, AP))]))
  const names: Record<string, [url: string, type: string, field: string]> = {
    'a short package': ['type.googleapis.com/ap.APInfo', 'x', 'tenant_id'],
    'a long package': ['a/network_monitoring.ap.v1alpha1.APInfo', '', 'tenant_id'],
    'no package': ['APInfo', STATS, 'tenant_id'],
    'a slash alone': ['type.googleapis.com/APInfo', STATS, 'tenant_id'],
    'another message than its type': ['x/ap.SsidStat', 'x.aps.state.device', 'serial_number'],
    'nothing, but a type': ['', STATS, 'serial_number'],
    'an unknown message, but a type': ['x/ap.New', STATS, 'serial_number'],
    'a type without what all types begin with': ['', STATS.slice(18), 'serial_number'],
  }
  for (const [kind, [url, type, field]] of Object.entries(names)) {
    it(`of ap-events is found by the last part of type_url, else by type: ${kind}`, () =>
      assert.deepEqual(ap(url, type).data, { [field]: 'tenant' }))
  }

  it('of ap-events is found by type in binary_data, too', () => {
    const frame = Buffer.concat([bytes(4, STATS), bytes(8, bytes(1, 'x/ap.APInfo')), bytes(6, AP)])
    assert.deepEqual(recordOf('ap-events', frame).data, { serial_number: 'tenant' })
  })

  for (const type of ['', 'constructor', 'com.hpe.greenlake.toString', 'a\nb']) {
    it(`of ap-events is undecodable where no schema has its message: type ${JSON.stringify(type)}`, () => {
      const fault = faultOf('ap-events', Buffer.concat([bytes(4, type), proto(AP)]))
      assert.equal(fault.eventType, type)
      assert.match(
        fault.message,
        /^A: the frame cannot be decoded: the schema does not know message B of event type \S+$/,
      )
    })
  }

  it('of location is decoded by the version of its topic', () => {
    const frame = proto(bytes(1, 'tenant'), bytes(2, bytes(4, 'mac')))
    assert.deepEqual(recordOf('location-events', frame).data, {
      tenant_id: 'tenant',
      wifi_client_location: { sta_eth_mac: 'mac' },
    })
    const old = proto(bytes(1, bytes(4, 'mac')))
    assert.deepEqual(recordOf('location-v1alpha1', old).data, {
      wifi_client_location: { sta_eth_mac: 'mac' },
    })
  })
})

describe('the attributes of an event', () => {
  it('are the customer’s id alone where there is only the subject', () => {
    const record = wids(SUBJECT, proto(WIDS))
    assert.equal(record.customer_id, 'customer 1')
    assert.equal('attributes' in record, false)
  })

  it('of all seven kinds are shown as JSON has them, the subject aside', () => {
    const record = wids(
      attribute('flag', int(1, 0)),
      attribute('number', int(2, -5n)),
      SUBJECT,
      attribute('bytes', bytes(4, 'hello')),
      attribute('uri', bytes(5, 'urn:é')),
      attribute('ref', bytes(6, '/a')),
      attribute('when', bytes(7, int(1, 5))),
      attribute('empty'),
      proto(WIDS),
    )
    assert.equal(record.customer_id, 'customer 1')
    assert.deepEqual(record.attributes, {
      flag: { ce_boolean: false },
      number: { ce_integer: -5 },
      bytes: { ce_bytes: 'aGVsbG8=' },
      uri: { ce_uri: 'urn:é' },
      ref: { ce_uri_ref: '/a' },
      when: { ce_timestamp: '1970-01-01T00:00:05Z' },
      empty: {},
    })
    assert.equal(Object.keys(record).at(-1), 'attributes')
  })

  const odd: Record<string, [Uint8Array[], string]> = {
    'as a number': [[attribute('subject', int(2, 7))], '7'],
    'as a URI': [[attribute('subject', bytes(5, 'urn:x'))], 'urn:x'],
    'as nothing': [[attribute('subject')], ''],
    'without a value': [[bytes(5, bytes(1, 'subject'))], ''],
    'with its value first': [[bytes(5, bytes(2, bytes(3, 'x')), bytes(1, 'subject'))], 'x'],
    twice: [[SUBJECT, attribute('subject', bytes(3, 'last'))], 'last'],
    'in an entry with two keys': [
      [bytes(5, bytes(1, 'x'), bytes(1, 'subject'), bytes(2, bytes(3, 'y')))],
      'y',
    ],
    'with an unknown field': [[attribute('subject', bytes(3, 'x'), int(99, 1))], 'x'],
    'with two kinds': [[attribute('subject', bytes(3, 'x'), int(2, 5))], '5'],
    'that is not UTF-8': [[attribute('subject', bytes(3, Uint8Array.of(0x61, 0xff)))], 'a\uFFFD'],
  }
  for (const [kind, [entries, id]] of Object.entries(odd)) {
    it(`give the customer’s id where it comes ${kind}`, () => {
      const record = wids(...entries, proto(WIDS))
      assert.equal(record.customer_id, id)
      assert.equal('attributes' in record, false)
    })
  }

  it('have keys of any name', () => {
    const entries = [attribute('__proto__', int(2, 1)), SUBJECT, attribute('7', int(2, 2))]
    const { attributes } = wids(...entries)
    assert.equal(JSON.stringify(attributes), '{"7":{"ce_integer":2},"__proto__":{"ce_integer":1}}')
  })
})

describe('what the schema of an event does not know', () => {
  it('is reported and counted once a frame, of envelope, payload and attributes', () => {
    for (const first of ['record', 'line'] as const) {
      const news: UnknownField[][] = []
      const decoder = createDecoder({
        customer: 'A',
        schema: loadSchema('wids'),
        onUnknown: (found) => news.push([...found]),
      })
      const frame = Buffer.concat([
        int(77, 1),
        attribute('subject', bytes(3, 'x'), int(66, 1)),
        bytes(8, int(55, 1), bytes(2, bytes(2, int(44, 1), int(3, 9)))),
        bytes(9, int(33, 1)),
      ])
      const message = decoder.decode({ bytes: frame, receivedAt: 0, text: false }, first)
      assert.ok(message.record && message.line)
      assert.deepEqual(
        news
          .flat()
          .map(({ text }) => text)
          .sort(),
        [
          'field 33 of Timestamp',
          'field 44 of WidsSignaturesEvent',
          'field 55 of Any',
          'field 66 of CloudEventAttributeValue',
          'field 77 of CloudEvent',
          'value 9 of WidsSignaturesEvent.category',
        ],
      )
      assert.equal(decoder.unknownTotal, 6)
    }
  })

  it('is counted once in frames whose fields are in any order', () => {
    for (const first of ['record', 'line'] as const) {
      const decoder = createDecoder({ customer: 'A', schema: loadSchema('wids') })
      const event = [bytes(5, 'x'), int(99, 1), bytes(1, 'y'), int(99, 1), int(3, 9)]
      const bytesOf = proto(int(99, 1), bytes(2, ...event), bytes(2, int(99, 1)))
      decoder.decode({ bytes: bytesOf, receivedAt: 0, text: false }, first)
      assert.equal(decoder.unknownTotal, 5)
    }
  })
})

describe('an event', () => {
  const decoder = createDecoder({ customer: 'A', schema: loadSchema('wids') })
  const frameOf = (...parts: Uint8Array[]) => ({
    bytes: Buffer.concat(parts),
    receivedAt: 5,
    text: false,
  })

  it('is told from others by its source and id, whatever its payload', () => {
    const event = frameOf(bytes(2, 'source'), bytes(7, 'text'), bytes(1, 'id'))
    assert.equal(decoder.identify?.(event), 'source\nid')
    assert.equal(decoder.identify?.(frameOf(bytes(2, 'source'))), undefined)
    assert.equal(decoder.identify?.(frameOf(varint(11))), undefined)
    assert.equal(decoder.identify?.({ ...event, text: true }), undefined)
  })

  it('has its time as a bigint, and the decoder that of the last', () => {
    const first = decoder.decode(frameOf(bytes(9, int(1, 7), int(2, 5))), 'line')
    const second = decoder.decode(frameOf(), 'record')
    assert.equal(first.timestamp, 7_000_000_005n)
    assert.equal(second.timestamp, undefined)
    assert.equal(decoder.lastTimestamp, 7_000_000_005n)
    assert.equal(first.receivedAt, 5)
    assert.equal(first.record.timestamp, '7000000005')
  })

  it('is undecodable as a text frame', () => {
    assert.throws(() => decoder.decode({ ...frameOf(), text: true }, 'line'), {
      code: 'frame-undecodable',
      message: /^A: a text frame of 0 bytes came where a binary one was expected$/,
    })
  })

  it('shares nothing with others that are decoded in between', () => {
    const decoders = new Map(
      (['gw-events', 'ap-events'] as const).map((topic) => [
        topic,
        createDecoder({ customer: topic, schema: loadSchema(topic) }),
      ]),
    )
    const messages = goldenEvents().flatMap(({ topic, bytes, decoded }) => {
      const own = decoders.get(topic as 'gw-events')
      if (own === undefined || decoded.message === null) return []
      return [{ decoded, message: own.decode({ bytes, receivedAt: 0, text: false }, 'line') }]
    })
    for (const { decoded, message } of messages) {
      assert.equal(message.record.customer, message.topic)
      assert.equal(message.record.id, decoded.envelope.id)
      assert.equal(JSON.parse(Buffer.from(message.line).toString()).id, decoded.envelope.id)
    }
  })
})
