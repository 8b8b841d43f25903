import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dataOf, faultOf, schemaOf } from '../helpers/decode.js'
import { bytes, fixed64, frameOf, int, varint } from '../helpers/wire.js'

const SCHEMA = schemaOf(`
  syntax = "proto3"; package p.q;
  import "google/protobuf/any.proto"; import "google/protobuf/duration.proto";
  import "google/protobuf/empty.proto"; import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto"; import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  message M {
    google.protobuf.Timestamp time = 1; repeated google.protobuf.Timestamp times = 2;
    map<string, google.protobuf.Timestamp> time_by_name = 3;
    google.protobuf.Duration duration = 4; google.protobuf.Struct struct = 5;
    google.protobuf.Value value = 6; repeated google.protobuf.Value values = 7;
    google.protobuf.ListValue list = 8; google.protobuf.FieldMask mask = 9;
    google.protobuf.Empty empty = 10; google.protobuf.Any any = 11;
    google.protobuf.Int64Value int64 = 12; google.protobuf.DoubleValue double = 13;
    google.protobuf.StringValue string = 14; google.protobuf.BoolValue bool = 15;
    google.protobuf.BytesValue bytes = 16; repeated google.protobuf.UInt32Value uint32s = 17;
    google.protobuf.NullValue null = 18; repeated google.protobuf.NullValue nulls = 19;
    oneof choice { google.protobuf.NullValue chosen_null = 20; google.protobuf.Timestamp chosen_time = 21; }
    M sub = 22; repeated M subs = 23; map<string, M> parts = 24;
    map<int32, google.protobuf.Value> by_number = 25;
    map<string, google.protobuf.NullValue> null_by_name = 26;
  }
`)

const data = (...payload: Uint8Array[]) => dataOf(SCHEMA, frameOf(...payload))

const double = (number: number, value: number) =>
  fixed64(number, (buffer) => buffer.writeDoubleLE(value))
const time = (seconds: bigint | number, nanos: number) =>
  Buffer.concat([int(1, BigInt.asUintN(64, BigInt(seconds))), int(2, BigInt(nanos))])

describe('Timestamp', () => {
  const times: Record<string, [Uint8Array, unknown]> = {
    'without decimals': [time(1_764_089_880, 0), '2025-11-25T16:58:00Z'],
    'with three decimals': [time(1_764_089_880, 120_000_000), '2025-11-25T16:58:00.120Z'],
    'with six decimals': [time(1_764_089_880, 1000), '2025-11-25T16:58:00.000001Z'],
    'with nine decimals': [time(1_764_089_880, 999_999_999), '2025-11-25T16:58:00.999999999Z'],
    'that is empty': [Buffer.alloc(0), '1970-01-01T00:00:00Z'],
    'before the epoch': [time(-1, 500_000_000), '1969-12-31T23:59:59.500Z'],
    'on the 29th of February': [time(951_782_400, 0), '2000-02-29T00:00:00Z'],
    'on the last of February': [time(4_107_542_399, 0), '2100-02-28T23:59:59Z'],
    'at its first': [time(-62_135_596_800, 0), '0001-01-01T00:00:00Z'],
    'at its last': [time(253_402_300_799, 999_999_999), '9999-12-31T23:59:59.999999999Z'],
    'past the year 9999': [time(253_402_300_800, 0), { seconds: '253402300800' }],
    'before the year 1': [time(-62_135_596_801, 0), { seconds: '-62135596801' }],
    'with too many nanoseconds': [time(0, 1_000_000_000), { nanos: 1_000_000_000 }],
    'with negative nanoseconds': [int(2, -1n), { nanos: -1 }],
    'with seconds past 2^53': [time(2n ** 62n, 5), { seconds: '4611686018427387904', nanos: 5 }],
    'with its fields the other way round': [
      Buffer.concat([int(2, 5000), int(1, 1)]),
      '1970-01-01T00:00:01.000005Z',
    ],
    'with an unknown field': [Buffer.concat([int(1, 1), int(9, 1)]), '1970-01-01T00:00:01Z'],
  }
  for (const [kind, [content, expected]] of Object.entries(times)) {
    it(`has a form of its own: ${kind}`, () => {
      assert.deepEqual(data(bytes(1, content)), { time: expected })
      assert.deepEqual(data(bytes(2, content), bytes(2, content)), { times: [expected, expected] })
    })
  }

  it('is right on every day of four hundred years', () => {
    for (let day = -146_097; day < 146_097; day += 17) {
      const seconds = day * 86_400 + (((day * 7919) % 86_400) | 0) + 86_400
      assert.deepEqual(data(bytes(1, time(seconds, 0))), {
        time: new Date(seconds * 1000).toISOString().replace('.000', ''),
      })
    }
  })

  it('is one where it comes in parts', () => {
    assert.deepEqual(data(bytes(1, time(1, 5000)), int(18, 0), bytes(1, int(1, 2))), {
      time: '1970-01-01T00:00:02.000005Z',
    })
    assert.deepEqual(data(bytes(1, int(1, 253_402_300_800n)), bytes(1, int(1, 1))), {
      time: '1970-01-01T00:00:01Z',
    })
    // Within a message that comes in parts itself.
    assert.deepEqual(
      data(bytes(22, bytes(1, int(2, 5000)), bytes(2)), bytes(22, bytes(1, int(1, 2)), bytes(2))),
      {
        sub: {
          time: '1970-01-01T00:00:02.000005Z',
          times: ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
        },
      },
    )
  })

  it('is one in a map, in messages of a list and in a oneof', () => {
    const entry = (name: string, ...value: Uint8Array[]) => bytes(3, bytes(1, name), ...value)
    assert.deepEqual(data(entry('a', bytes(2, time(1, 0))), entry('b')), {
      time_by_name: { a: '1970-01-01T00:00:01Z', b: '1970-01-01T00:00:00Z' },
    })
    assert.deepEqual(data(bytes(23, bytes(1)), bytes(24, bytes(1, 'x'), bytes(2, bytes(1)))), {
      subs: [{ time: '1970-01-01T00:00:00Z' }],
      parts: { x: { time: '1970-01-01T00:00:00Z' } },
    })
    assert.deepEqual(data(int(20, 0), bytes(21, time(1, 0))), {
      chosen_time: '1970-01-01T00:00:01Z',
    })
  })
})

describe('Duration', () => {
  const durations: Record<string, [Uint8Array, unknown]> = {
    'without decimals': [time(3, 0), '3s'],
    'with decimals': [time(1, 500_000_000), '1.500s'],
    'below a second': [time(0, 1), '0.000000001s'],
    'that is negative': [time(-1, -500_000_000), '-1.500s'],
    'that is negative and below a second': [time(0, -1000), '-0.000001s'],
    'at its longest': [time(315_576_000_000, 999_999_999), '315576000000.999999999s'],
    'that is too long': [time(315_576_000_001, 0), { seconds: '315576000001' }],
    'with parts of different signs': [time(1, -1), { seconds: '1', nanos: -1 }],
  }
  for (const [kind, [content, expected]] of Object.entries(durations)) {
    it(`has a form of its own: ${kind}`, () =>
      assert.deepEqual(data(bytes(4, content)), { duration: expected }))
  }
})

const field = (name: string, ...value: Uint8Array[]) => bytes(1, bytes(1, name), bytes(2, ...value))
const NUMBER = double(2, 1.5)

describe('Struct, Value and ListValue', () => {
  it('are the JSON that they hold', () => {
    const struct = [
      field('null', int(1, 0)),
      field('number', NUMBER),
      field('text', bytes(3, 'é "x"\n')),
      field('flag', int(4, 1)),
      field('object', bytes(5, field('a', bytes(5)))),
      field('list', bytes(6, bytes(1, NUMBER), bytes(1, bytes(6)), bytes(1, int(1, 0)))),
    ]
    assert.equal(
      JSON.stringify(data(bytes(5, ...struct))),
      '{"struct":{"null":null,"number":1.5,"text":"é \\"x\\"\\n","flag":true,"object":{"a":{}},"list":[1.5,[],null]}}',
    )
  })

  it('are null or empty where nothing was sent in them', () => {
    assert.deepEqual(data(bytes(5), bytes(6), bytes(7), bytes(7, NUMBER), bytes(8)), {
      struct: {},
      value: null,
      values: [null, 1.5],
      list: [],
    })
  })

  it('keep zeros, which were sent', () => {
    assert.deepEqual(data(bytes(7, double(2, 0)), bytes(7, bytes(3)), bytes(7, int(4, 0))), {
      values: [0, '', false],
    })
  })

  it('leave a number that JSON cannot show a plain message', () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    assert.deepEqual(data(bytes(5, field('a', NUMBER), field('b', double(2, Number.NaN)))), {
      struct: { a: 1.5, b: { number_value: 'NaN' } },
    })
    assert.deepEqual(data(...odd.map((value) => bytes(7, double(2, value)))), {
      values: [
        { number_value: 'NaN' },
        { number_value: 'Infinity' },
        { number_value: '-Infinity' },
      ],
    })
  })

  it('have keys of any name, also twice, in the order of JavaScript’s objects', () => {
    const keys = ['b', '__proto__', '10', '9', '', 'constructor', 'é', '1a']
    const fields = keys.map((key, index) => field(key, double(2, index)))
    assert.equal(
      JSON.stringify(data(bytes(5, ...fields, field('b', double(2, 9))))),
      '{"struct":{"9":3,"10":2,"b":9,"__proto__":1,"":4,"constructor":5,"é":6,"1a":7}}',
    )
  })

  it('have many keys', () => {
    const keys = Array.from({ length: 100 }, (_, index) => `k${index}`)
    assert.deepEqual(data(bytes(5, ...keys.map((key) => field(key, bytes(3, key))))), {
      struct: Object.fromEntries(keys.map((key) => [key, key])),
    })
  })

  it('are merged where they come in parts', () => {
    assert.deepEqual(data(bytes(5, field('a', NUMBER)), bytes(5, field('b'), field('a'))), {
      struct: { a: null, b: null },
    })
    assert.deepEqual(data(bytes(6, NUMBER), bytes(6, bytes(3, 'x'))), { value: 'x' })
    assert.deepEqual(data(bytes(8, bytes(1, NUMBER)), bytes(8, bytes(1))), { list: [1.5, null] })
  })

  it('are in maps with keys of any type', () => {
    assert.deepEqual(data(bytes(25, int(1, 7), bytes(2, NUMBER)), bytes(25)), {
      by_number: { '0': null, '7': 1.5 },
    })
  })
})

describe('NullValue', () => {
  it('is null wherever it shows, whatever its number', () => {
    assert.deepEqual(data(int(18, 0), bytes(19, varint(0), varint(7)), int(20, 0)), {
      nulls: [null, null],
      chosen_null: null,
    })
    assert.deepEqual(data(int(18, 5), bytes(26, bytes(1, 'a')), bytes(26, int(2, 3))), {
      null: null,
      null_by_name: { a: null, '': null },
    })
  })
})

describe('wrappers', () => {
  it('are the values in them', () => {
    assert.deepEqual(
      data(
        bytes(12, int(1, 2n ** 53n)),
        bytes(13, double(1, 0.5)),
        bytes(14, bytes(1, 'x')),
        bytes(15, int(1, 1)),
        bytes(16, bytes(1, 'hello')),
        bytes(17, int(1, 4294967295)),
        bytes(17),
      ),
      {
        int64: '9007199254740992',
        double: 0.5,
        string: 'x',
        bool: true,
        bytes: 'aGVsbG8=',
        uint32s: [4294967295, 0],
      },
    )
  })

  it('are the zero of their type where they are empty', () => {
    assert.deepEqual(data(...[12, 13, 14, 15, 16].map((number) => bytes(number))), {
      int64: '0',
      double: 0,
      string: '',
      bool: false,
      bytes: '',
    })
    assert.deepEqual(data(bytes(13, double(1, Number.NaN))), { double: 'NaN' })
    assert.deepEqual(data(bytes(15, int(1, 1)), bytes(15, int(1, 0))), { bool: false })
  })
})

describe('FieldMask and Empty', () => {
  it('are paths in camel case with commas between them, and an empty object', () => {
    const mask = bytes(9, bytes(1, 'foo_bar.baz'), bytes(1, 'x'))
    assert.deepEqual(data(mask, bytes(10)), { mask: 'fooBar.baz,x', empty: {} })
    assert.deepEqual(data(bytes(9)), { mask: '' })
  })

  for (const path of ['fooBar', 'foo__bar', 'foo_3', 'foo_', 'a,b']) {
    it(`leave a mask plain whose path cannot be turned back: ${path}`, () =>
      assert.deepEqual(data(bytes(9, bytes(1, path))), { mask: { paths: [path] } }))
  }
})

describe('Any', () => {
  const anyOf = (url: string, ...value: Uint8Array[]) =>
    bytes(11, bytes(1, url), bytes(2, ...value))
  const nested = (levels: number): Buffer =>
    levels === 0 ? int(18, 1) : anyOf('x/p.q.M', nested(levels - 1))

  it('is the message that it holds, with its type', () => {
    const url = 'type.googleapis.com/p.q.M'
    assert.deepEqual(data(anyOf(url, bytes(2, time(1, 0)), int(18, 5))), {
      any: { '@type': url, times: ['1970-01-01T00:00:01Z'], null: null },
    })
    assert.deepEqual(data(bytes(11, bytes(1, url))), { any: { '@type': url } })
  })

  it('has a well-known type in it as its value', () => {
    const url = 'type.googleapis.com/google.protobuf.Duration'
    assert.deepEqual(data(anyOf(url, time(1, 0))), { any: { '@type': url, value: '1s' } })
    assert.deepEqual(data(anyOf('x/google.protobuf.Value')), {
      any: { '@type': 'x/google.protobuf.Value', value: null },
    })
  })

  it('stays a plain message where the schema does not know its type, or its bytes are wrong', () => {
    assert.deepEqual(data(anyOf('x/p.q.Gone', Buffer.from('hello'))), {
      any: { type_url: 'x/p.q.Gone', value: 'aGVsbG8=' },
    })
    assert.deepEqual(data(anyOf('x/p.q.M', Uint8Array.of(0x0a, 9))), {
      any: { type_url: 'x/p.q.M', value: 'Cgk=' },
    })
    for (const url of ['', '/', 'x/', 'x/p.q', 'x/ p.q.M', 'x/..']) {
      assert.deepEqual(data(anyOf(url, int(1, 1))), {
        any: url === '' ? { value: 'CAE=' } : { type_url: url, value: 'CAE=' },
      })
    }
    assert.deepEqual(data(bytes(11)), { any: {} })
  })

  it('makes a large frame undecodable, since what it holds could take many times its size', () => {
    const value = Buffer.alloc(2 ** 20, bytes(23))
    assert.match(
      faultOf(SCHEMA, frameOf(bytes(11, bytes(1, 'x/p.q.M'), bytes(2, value)))),
      /its record would take about [\d.]+ MiB, too much for a frame of 1\.0 MiB$/,
    )
  })

  it('is opened some levels deep, and plain below', () => {
    const json = JSON.stringify(data(nested(30)))
    assert.equal(json.split('"@type"').length - 1, 20)
    assert.ok(json.includes('"type_url"'))
  })
})

describe('types of Google’s names', () => {
  it('are plain messages where their fields are others, or their package is', () => {
    const schema = schemaOf(`
      syntax = "proto3";
      message M { Timestamp own = 1; }
      message Timestamp { int64 seconds = 1; int32 nanos = 2; }
    `)
    assert.deepEqual(dataOf(schema, frameOf(bytes(1, time(1, 0)))), { own: { seconds: '1' } })
    const google = schemaOf(`
      syntax = "proto3"; package google.protobuf;
      message M { Timestamp odd = 1; Duration right = 2; }
      message Timestamp { string text = 1; }
      message Duration { int64 seconds = 1; int32 nanos = 2; }
    `)
    assert.deepEqual(dataOf(google, frameOf(bytes(1, bytes(1, 'x')), bytes(2, time(1, 0)))), {
      odd: { text: 'x' },
      right: '1s',
    })
  })
})
