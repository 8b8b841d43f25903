import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { dataOf, faultOf, outcomeOf, schemaOf } from '../helpers/decode.js'
import { bytes, fixed32, fixed64, frameOf, group, int, varint } from '../helpers/wire.js'

const PROTO2 = schemaOf(`
  syntax = "proto2";
  message M {
    optional int32 i32 = 1; optional int64 i64 = 2; optional uint32 u32 = 3; optional uint64 u64 = 4;
    optional sint32 s32 = 5; optional sint64 s64 = 6; optional fixed32 f32 = 7;
    optional fixed64 f64 = 8; optional sfixed32 sf32 = 9; optional sfixed64 sf64 = 10;
    optional float flt = 11; optional double dbl = 12; optional bool flag = 13;
    optional string str = 14; optional bytes raw = 15; optional Kind kind = 16;
    optional M sub = 17; repeated M subs = 18; repeated int32 nums = 19;
    repeated string strs = 20; repeated sint64 packed64 = 21 [packed = true];
    required string must = 22; repeated Kind kinds = 23; optional group Grp = 24 { optional int32 x = 1; optional string y = 2; }
    repeated group Reps = 25 { optional int32 x = 1; }
    oneof choice { int32 one = 26; M other = 27; string third = 28; }
    optional string constructor = 29; optional M toString = 30; repeated int32 valueOf = 31;
    extensions 100 to 199;
    optional string far = 536870911;
  }
  enum Kind { NONE = 0; SOME = 5; BELOW = -1; }
`)
const PROTO3 = schemaOf(`
  syntax = "proto3"; package p.q;
  message M {
    int32 i32 = 1; int64 i64 = 2; string str = 3; bytes raw = 4; bool flag = 5; Kind kind = 6;
    double dbl = 7; float flt = 8; M sub = 9; optional int32 there = 10; repeated int32 nums = 11;
    oneof choice { int32 one = 12; string two = 13; }
    map<string, int32> ages = 14; map<int64, M> parts = 15; map<bool, Kind> kinds = 16;
    fixed32 f32 = 17; sfixed64 sf64 = 18; sint32 s32 = 19; map<int32, string> texts = 20;
  }
  enum Kind { NONE = 0; SOME = 5; }
`)

const data2 = (...payload: Uint8Array[]) => dataOf(PROTO2, frameOf(...payload))
const data3 = (...payload: Uint8Array[]) => dataOf(PROTO3, frameOf(...payload))
const fault2 = (...payload: Uint8Array[]) => faultOf(PROTO2, frameOf(...payload))

describe('scalars', () => {
  const cases: Record<string, [Uint8Array, object]> = {
    'int32 at its limits': [int(1, -(2 ** 31)), { i32: -2147483648 }],
    'an int32 written as a ten-byte varint by its low 32 bits': [
      int(1, 0x1_0000_0007n, 10),
      { i32: 7 },
    ],
    'a uint32 from a ten-byte varint by its low 32 bits': [int(3, -1n), { u32: 4294967295 }],
    'uint32 past 2^31': [int(3, 4294967295), { u32: 4294967295 }],
    'int64 at its lower limit': [int(2, -(2n ** 63n)), { i64: '-9223372036854775808' }],
    'int64 at its upper limit': [int(2, 2n ** 63n - 1n), { i64: '9223372036854775807' }],
    'a small negative int64': [int(2, -1n), { i64: '-1' }],
    'an int64 of minus 2^32': [int(2, -(2n ** 32n)), { i64: '-4294967296' }],
    'uint64 at its limit': [int(4, 2n ** 64n - 1n), { u64: '18446744073709551615' }],
    'a uint64 with zeros at its end': [int(4, 10n ** 19n), { u64: '10000000000000000000' }],
    'zigzag 32': [int(5, 2n ** 32n - 1n), { s32: -2147483648 }],
    'zigzag 64': [int(6, 2n ** 64n - 1n), { s64: '-9223372036854775808' }],
    'small zigzag 64': [int(6, 3), { s64: '-2' }],
    fixed32: [fixed32(7, (b) => b.writeUInt32LE(4294967295)), { f32: 4294967295 }],
    fixed64: [
      fixed64(8, (b) => b.writeBigUInt64LE(2n ** 64n - 1n)),
      { f64: '18446744073709551615' },
    ],
    sfixed32: [fixed32(9, (b) => b.writeInt32LE(-5)), { sf32: -5 }],
    sfixed64: [fixed64(10, (b) => b.writeBigInt64LE(-5n)), { sf64: '-5' }],
    'a float as the shortest decimal': [fixed32(11, (b) => b.writeFloatLE(4.88)), { flt: 4.88 }],
    'the smallest float as the reference has it': [
      fixed32(11, (b) => b.writeUInt32LE(1)),
      { flt: 1.4013e-45 },
    ],
    'the largest float': [fixed32(11, (b) => b.writeUInt32LE(0x7f7fffff)), { flt: 3.4028235e38 }],
    'a float that is not a number': [
      fixed32(11, (b) => b.writeFloatLE(Number.NaN)),
      { flt: 'NaN' },
    ],
    'an infinite float': [
      fixed32(11, (b) => b.writeFloatLE(Number.NEGATIVE_INFINITY)),
      { flt: '-Infinity' },
    ],
    'minus zero as zero': [fixed32(11, (b) => b.writeFloatLE(-0)), { flt: 0 }],
    'minus zero of a double as zero': [fixed64(12, (b) => b.writeDoubleLE(-0)), { dbl: 0 }],
    'a double': [fixed64(12, (b) => b.writeDoubleLE(1e-7)), { dbl: 1e-7 }],
    'a large double': [fixed64(12, (b) => b.writeDoubleLE(-1.5e300)), { dbl: -1.5e300 }],
    'an integer in a double': [fixed64(12, (b) => b.writeDoubleLE(2 ** 53)), { dbl: 2 ** 53 }],
    'an infinite double': [
      fixed64(12, (b) => b.writeDoubleLE(Number.POSITIVE_INFINITY)),
      { dbl: 'Infinity' },
    ],
    'a bool from a long varint whose low half is zero': [int(13, 2n ** 40n), { flag: true }],
    'a bool of ten bytes that is false': [int(13, 0, 10), { flag: false }],
    'empty text': [bytes(14), { str: '' }],
    'text with what JSON escapes': [
      bytes(14, '"\\\b\f\n\r\t\0\x1f\x7f\u2028é😀</script>'),
      { str: '"\\\b\f\n\r\t\0\x1f\x7f\u2028é😀</script>' },
    ],
    'text that is not UTF-8 with U+FFFD': [
      bytes(14, Uint8Array.of(0x61, 0xff, 0xe2, 0x82, 0x62, 0xed, 0xa0, 0x80, 0xf0, 0x9f)),
      { str: 'a\uFFFD\uFFFDb\uFFFD\uFFFD\uFFFD\uFFFD' },
    ],
    'text with a byte-order mark': [bytes(14, '\uFEFFa'), { str: '\uFEFFa' }],
    'bytes as base64': [bytes(15, Uint8Array.of(0xfb, 0xff, 0xbf)), { raw: '+/+/' }],
    'one byte as base64': [bytes(15, Uint8Array.of(255)), { raw: '/w==' }],
    'five bytes as base64': [bytes(15, 'hello'), { raw: 'aGVsbG8=' }],
    'no bytes': [bytes(15), { raw: '' }],
    'an enum value by its name': [int(16, 5), { kind: 'SOME' }],
    'a negative enum value by its name': [int(16, -1n), { kind: 'BELOW' }],
    'an unknown enum value as its number': [int(16, 77), { kind: 77 }],
    'an unknown negative enum value as its number': [int(16, -77n), { kind: -77 }],
    'unknown enum values in a list': [
      Buffer.concat([int(23, 5), bytes(23, varint(77), varint(0))]),
      { kinds: ['SOME', 77, 'NONE'] },
    ],
  }
  for (const [kind, [payload, expected]] of Object.entries(cases)) {
    it(`has ${kind}`, () => assert.deepEqual(data2(payload), expected))
  }
})

describe('messages', () => {
  it('merges a singular message that comes twice, field by field', () => {
    const first = bytes(17, int(1, 1), int(19, 1), bytes(17, int(3, 1)))
    const second = bytes(17, int(19, 2), int(1, 2), bytes(14, 'x'), bytes(17, int(4, 1)))
    const merged = { i32: 2, str: 'x', sub: { u32: 1, u64: '1' }, nums: [1, 2] }
    assert.deepEqual(data2(first, second), { sub: merged })
    assert.deepEqual(data2(first, int(1, 1), second), { i32: 1, sub: merged })
  })

  it('takes the last of a scalar that comes twice', () => {
    assert.deepEqual(data2(int(1, 1), int(1, 2)), { i32: 2 })
    assert.deepEqual(data2(int(16, 5), int(16, 77)), { kind: 77 })
  })

  it('puts fields in the order of their numbers, as the reference does', () => {
    const data = data2(bytes(14, 'x'), int(3, 1), bytes(17, int(4, 1), int(2, 1)), int(1, 1))
    assert.equal(JSON.stringify(data), '{"i32":1,"u32":1,"str":"x","sub":{"i64":"1","u64":"1"}}')
  })

  it('puts fields of a large frame in order as well, whatever is in it', () => {
    const text = 'x'.repeat(100)
    const disordered = Array.from({ length: 3000 }, (_, index) =>
      bytes(18, bytes(14, text), int(3, index), int(1, index)),
    )
    const subs = Array.from({ length: 3000 }, (_, index) => ({
      i32: index,
      u32: index,
      str: text,
    }))
    assert.equal(JSON.stringify(data2(...disordered)), JSON.stringify({ subs }))
    assert.deepEqual(data2(...disordered, int(1, 7)), { i32: 7, subs })
    assert.deepEqual(data2(...disordered, group(24, int(1, 1))), { subs, grp: { x: 1 } })
    assert.deepEqual(data2(bytes(17, int(1, 1)), ...disordered, bytes(17, int(3, 1))), {
      sub: { i32: 1, u32: 1 },
      subs,
    })
    assert.deepEqual(data2(int(26, 1), ...disordered, bytes(28, 'x')), { subs, third: 'x' })
  })

  it('joins a list that comes in parts, packed and not', () => {
    const parts = [int(19, 1), bytes(19, varint(2), varint(3)), int(1, 9), int(19, 4)]
    assert.deepEqual(data2(...parts), { i32: 9, nums: [1, 2, 3, 4] })
    assert.deepEqual(data2(int(21, 1), bytes(21, varint(2), varint(3))), {
      packed64: ['-1', '1', '-2'],
    })
  })

  it('has no list where only an empty packed one came', () => {
    assert.deepEqual(data2(bytes(19)), {})
    assert.deepEqual(data2(bytes(19), int(19, 1), bytes(19)), { nums: [1] })
  })

  it('keeps empty messages and empty text in lists', () => {
    assert.deepEqual(data2(bytes(18), bytes(18), bytes(20), bytes(20, 'a')), {
      subs: [{}, {}],
      strs: ['', 'a'],
    })
  })

  it('reads groups, singular ones merged, repeated ones in a list', () => {
    assert.deepEqual(data2(group(24, int(1, 1)), group(24, bytes(2, 'y'))), {
      grp: { x: 1, y: 'y' },
    })
    assert.deepEqual(data2(group(25, int(1, 1)), group(25)), { reps: [{ x: 1 }, {}] })
  })

  it('takes the last of a oneof', () => {
    assert.deepEqual(data2(int(26, 1), bytes(28, 'x')), { third: 'x' })
    assert.deepEqual(data2(bytes(27, int(1, 1)), int(26, 1), bytes(27, int(3, 1))), {
      other: { u32: 1 },
    })
    assert.deepEqual(data2(bytes(27, int(1, 1)), bytes(27, int(3, 1))), {
      other: { i32: 1, u32: 1 },
    })
  })

  it('has fields of names that objects inherit', () => {
    assert.deepEqual(data2(), {})
    assert.deepEqual(
      JSON.stringify(data2(bytes(29, 'a'), bytes(30, int(1, 1)), int(31, 1), int(31, 2))),
      '{"constructor":"a","toString":{"i32":1},"valueOf":[1,2]}',
    )
  })

  it('has a field of the highest number', () => {
    assert.deepEqual(data2(int(1, 1), bytes(536870911, 'x')), { i32: 1, far: 'x' })
  })

  it('decodes a message without its required fields', () =>
    assert.deepEqual(data2(int(1, 1)), { i32: 1 }))

  it('gives known extensions in brackets', () => {
    const schema = schemaOf(
      'package a; message M { optional int32 x = 1; extensions 100 to 199; } extend M { optional int32 extra = 100; }',
    )
    assert.deepEqual(dataOf(schema, frameOf(int(1, 1), int(100, 2))), { x: 1, '[a.extra]': 2 })
  })

  it('names a group by its type in lower case, in a oneof and as an extension, too', () => {
    const schema = schemaOf(`
      syntax = "proto2"; package a;
      extend M { optional group OutsideOne = 100 { optional int32 x = 1; } }
      message M {
        extensions 100 to 199;
        optional group FirstOne = 1 { optional int32 x = 1; }
        oneof choice { group SecondOne = 2 { optional int32 x = 1; } int32 y = 3; }
        optional FirstOne like_FirstOne = 4;
      }
      message Other { extend M { repeated group InsideOne = 101 { optional int32 x = 1; } } }
    `)
    const data = (...payload: Uint8Array[]) => dataOf(schema, frameOf(...payload))
    assert.deepEqual(data(group(1, int(1, 1)), group(2, int(1, 2)), bytes(4, int(1, 4))), {
      firstone: { x: 1 },
      secondone: { x: 2 },
      like_FirstOne: { x: 4 },
    })
    assert.deepEqual(data(int(3, 7), group(2, int(1, 2))), { secondone: { x: 2 } })
    assert.deepEqual(data(group(2, int(1, 2)), int(3, 7)), { y: 7 })
    assert.deepEqual(data(group(100, int(1, 1)), group(101, int(1, 2)), group(101)), {
      '[a.outsideone]': { x: 1 },
      '[a.Other.insideone]': [{ x: 2 }, {}],
    })
  })

  it('keeps the case of a field with delimited encoding in editions', () => {
    const schema = schemaOf(`
      edition = "2023"; option features.message_encoding = DELIMITED;
      message M { Sub camelCase = 1; repeated Sub Subs = 2; map<string, Sub> byName = 3; }
      message Sub { int32 x = 1; }
    `)
    const payload = [group(1, int(1, 1)), group(2), bytes(3, bytes(1, 'a'), bytes(2, int(1, 3)))]
    assert.deepEqual(dataOf(schema, frameOf(...payload)), {
      camelCase: { x: 1 },
      Subs: [{}],
      byName: { a: { x: 3 } },
    })
  })

  it('has a field, a member of a oneof and an enum value of the name __proto__', () => {
    const schema = schemaOf(`
      syntax = "proto2";
      message M {
        optional int32 before = 1; optional int32 __proto__ = 2; optional N n = 3; optional E e = 4;
      }
      message N { oneof choice { M __proto__ = 1; int32 other = 2; } }
      enum E { ZERO = 0; __proto__ = 1; }
    `)
    const json = (...payload: Uint8Array[]) => JSON.stringify(dataOf(schema, frameOf(...payload)))
    assert.equal(json(int(1, 1), int(2, 2)), '{"before":1,"__proto__":2}')
    assert.equal(json(int(2, 2), int(1, 1)), '{"before":1,"__proto__":2}')
    assert.equal(json(int(2, 2), int(2, 3)), '{"__proto__":3}')
    assert.equal(
      json(bytes(3, bytes(1, int(2, 2))), bytes(3, bytes(1, int(1, 1)))),
      '{"n":{"__proto__":{"before":1,"__proto__":2}}}',
    )
    assert.equal(json(bytes(3, bytes(1), int(2, 5))), '{"n":{"other":5}}')
    assert.equal(json(int(4, 1)), '{"e":"__proto__"}')
  })

  it('reads a MessageSet as its extensions', () => {
    const schema = schemaOf(`
      syntax = "proto2"; package a;
      message M { optional Set set = 1; optional int32 x = 2; }
      message Set { option message_set_wire_format = true; extensions 4 to max; }
      message One { extend Set { optional One message_set_extension = 1545008; } optional int32 i = 1; }
      message Two { extend Set { optional Two message_set_extension = 1547769; } optional string s = 1; }
    `)
    const one = group(1, int(2, 1545008), bytes(3, int(1, 7)))
    const two = group(1, bytes(3, bytes(1, 'x')), int(9, 1), int(2, 1547769))
    assert.deepEqual(dataOf(schema, frameOf(bytes(1, two, one), int(2, 5))), {
      set: {
        '[a.One.message_set_extension]': { i: 7 },
        '[a.Two.message_set_extension]': { s: 'x' },
      },
      x: 5,
    })
    assert.deepEqual(dataOf(schema, frameOf(bytes(1, group(1, int(2, 99), bytes(3, 'zz'))))), {
      set: {},
    })
    assert.match(
      faultOf(schema, frameOf(bytes(1, varint(11), int(2, 1545008)))),
      /a varint cut short at byte/,
    )
  })

  it('names an enum value with aliases by the first', () => {
    const schema = schemaOf(
      'message M { optional E e = 1; } enum E { option allow_alias = true; A = 1; B = 1; }',
    )
    assert.deepEqual(dataOf(schema, frameOf(int(1, 1))), { e: 'A' })
  })
})

describe('what the schema does not know', () => {
  const unknown = {
    varint: int(99, 2n ** 64n - 1n),
    'overlong varint': int(99, 1, 10),
    '64 bits': fixed64(99, () => undefined),
    '32 bits': fixed32(99, () => undefined),
    bytes: bytes(99, 'whatever'),
    group: group(
      99,
      int(1, 1),
      group(
        98,
        bytes(1, 'x'),
        fixed64(2, () => undefined),
      ),
      group(99),
    ),
  }
  for (const [kind, field] of Object.entries(unknown)) {
    it(`skips a field: ${kind}`, () => {
      assert.deepEqual(data2(field, int(1, 1), field, bytes(18, field), field), {
        i32: 1,
        subs: [{}],
      })
    })
  }

  it('skips a known field with a wrong wire type', () => {
    const odd = [bytes(1, 'x'), int(14, 5), fixed32(12, () => undefined), group(17), int(17, 1)]
    assert.deepEqual(
      data2(
        ...odd,
        fixed64(1, () => undefined),
        int(3, 3),
      ),
      { u32: 3 },
    )
  })
})

describe('proto3', () => {
  it('has no zeros of fields without presence, sent or not', () => {
    const zeros = [int(1, 0), int(2, 0, 5), bytes(3), bytes(4), int(5, 0), int(6, 0)]
    const fixed = [fixed64(7, () => undefined), fixed32(8, () => undefined)]
    assert.deepEqual(
      data3(
        ...zeros,
        ...fixed,
        fixed32(17, () => undefined),
        int(19, 0),
      ),
      {},
    )
  })

  it('treats a zero that comes last as not sent', () => {
    assert.deepEqual(data3(int(1, 5), int(1, 0)), {})
    assert.deepEqual(data3(bytes(3, 'a'), int(1, 0), bytes(3)), {})
    assert.deepEqual(data3(int(1, 0), int(1, 5)), { i32: 5 })
  })

  it('treats a 32-bit value as zero by its low 32 bits', () => {
    assert.deepEqual(data3(int(1, 2n ** 32n)), {})
    assert.deepEqual(data3(int(2, 2n ** 32n)), { i64: '4294967296' })
  })

  it('recognizes a zero whatever came before it', () => {
    const zeros = [fixed32(8, () => undefined), int(6, 0), fixed64(7, () => undefined), bytes(3)]
    for (const zero of zeros)
      assert.deepEqual(data3(int(2, 2n ** 40n), zero), { i64: `${2n ** 40n}` })
  })

  it('keeps minus zero, which does not count as not sent', () => {
    assert.deepEqual(data3(fixed64(7, (b) => b.writeDoubleLE(-0))), { dbl: 0 })
  })

  it('has zeros where presence is known: optional, oneof, messages and lists', () => {
    const data = data3(bytes(9), int(10, 0), bytes(11, varint(0)), int(12, 0))
    assert.deepEqual(data, { sub: {}, there: 0, nums: [0], one: 0 })
  })

  it('has maps as objects', () => {
    const ages = [bytes(14, bytes(1, 'b'), int(2, 7)), bytes(14, int(2, 8), bytes(1, 'a'))]
    assert.deepEqual(data3(...ages, bytes(14, bytes(1, 'b'), int(2, 9))), { ages: { b: 9, a: 8 } })
    assert.deepEqual(data3(bytes(15, int(1, -5n), bytes(2, int(1, 1)))), {
      parts: { '-5': { i32: 1 } },
    })
    assert.deepEqual(data3(bytes(16, int(1, 1), int(2, 5)), bytes(16, int(2, 9))), {
      kinds: { true: 'SOME', false: 9 },
    })
  })

  it('has the zero of a key or value that a map entry lacks', () => {
    assert.deepEqual(data3(bytes(14), bytes(15), bytes(16), bytes(20)), {
      ages: { '': 0 },
      parts: { '0': {} },
      kinds: { false: 'NONE' },
      texts: { '0': '' },
    })
  })

  it('has keys of any name in a map', () => {
    const entries = ['__proto__', 'constructor', '10', '9'].map((key, value) =>
      bytes(14, bytes(1, key), int(2, value)),
    )
    const data = data3(...entries) as { ages: object }
    assert.deepEqual(Object.entries(data.ages).sort(), [
      ['10', 2],
      ['9', 3],
      ['__proto__', 0],
      ['constructor', 1],
    ])
  })
})

describe('large frames', () => {
  const many = (count: number, one: Uint8Array) => Buffer.alloc(count * one.length, one)
  const refused: Record<string, Uint8Array> = {
    'empty messages in a list': many(2 ** 20, bytes(18)),
    'empty messages in empty messages': many(2 ** 19, bytes(18, bytes(17))),
    'packed numbers': bytes(19, many(2 ** 21, varint(1))),
    'a message of many empty ones': bytes(17, many(2 ** 20, bytes(18))),
  }
  for (const [kind, payload] of Object.entries(refused)) {
    it(`are refused where their record is many times larger: ${kind}`, () => {
      assert.match(
        fault2(payload),
        /its record would take about [\d.]+ MiB, too much for a frame of [\d.]+ MiB$/,
      )
    })
  }

  const taken: Record<string, [Uint8Array, number]> = {
    'one long text': [bytes(14, Buffer.alloc(2 ** 22, 'x')), 2 ** 22],
    'texts of some length': [many(2 ** 17, bytes(18, bytes(14, 'a network name'))), 2 ** 20],
    'one field a million times': [many(2 ** 20, int(1, 1)), 0],
    'fields that the schema does not know': [many(2 ** 20, int(99, 1)), 0],
  }
  for (const [kind, [payload, atLeast]] of Object.entries(taken)) {
    it(`are decoded where their record is not: ${kind}`, () => {
      assert.ok(JSON.stringify(data2(payload)).length >= atLeast)
    })
  }

  it('are not weighed up to 128 KiB', () => {
    assert.deepEqual(data2(many(60_000, bytes(18))), {
      subs: Array.from({ length: 60_000 }, () => ({})),
    })
  })
})

describe('malformed frames', () => {
  const deep = (levels: number, wrap: (inner: Uint8Array) => Buffer) => {
    let inner: Buffer = int(1, 1)
    for (let level = 0; level < levels; level++) inner = wrap(inner)
    return inner
  }
  const ways: Record<string, (inner: Uint8Array) => Buffer> = {
    messages: (inner) => bytes(17, inner),
    groups: (inner) => group(99, inner),
  }
  for (const [kind, wrap] of Object.entries(ways)) {
    it(`nest 100 ${kind} at most`, () => {
      assert.equal(typeof data2(deep(100, wrap)), 'object')
      assert.match(fault2(deep(101, wrap)), /more than 100 nested messages at byte \d+ of \d+$/)
    })
  }

  const faults: Record<string, [Uint8Array, RegExp]> = {
    'a varint cut short': [Uint8Array.of(0x08, 0x80), /a varint cut short at byte 3 of 4/],
    'a value that is missing': [Uint8Array.of(0x08), /a varint cut short at byte 3 of 3/],
    'a varint of eleven bytes': [int(1, 1, 11), /a varint longer than 10 bytes at byte 3 of 14/],
    'a tag of six bytes': [varint(8, 6), /a field tag longer than 32 bits at byte 2/],
    'field number 0': [int(0, 1), /field number 0 at byte 2 of 4/],
    'wire type 6': [varint(14), /wire type 6, which does not exist, at byte 3/],
    'wire type 7': [varint(15), /wire type 7, which does not exist, at byte 3/],
    'a length past the end': [
      Uint8Array.of(0x72, 5, 0x61),
      /a length of 5 where 1 bytes are left at byte 3 of 5/,
    ],
    'a length of 4 GiB': [
      Buffer.concat([varint(14 * 8 + 2), varint(2 ** 32 - 1)]),
      /a length of 4294967295 where 0 bytes are left/,
    ],
    'a length past 32 bits': [
      Buffer.concat([varint(14 * 8 + 2), varint(2 ** 40)]),
      /a length of over 4 GiB where 0 bytes are left/,
    ],
    'an empty packed list with an overlong length': [
      Buffer.concat([varint(19 * 8 + 2), varint(0, 6)]),
      /a length of 0 /,
    ],
    '32 bits cut short': [Uint8Array.of(0x3d, 1, 2, 3), /a 32-bit value cut short at byte 3/],
    '64 bits cut short': [Uint8Array.of(0x41, 1, 2, 3), /a 64-bit value cut short at byte 3/],
    'a group without an end': [varint(99 * 8 + 3), /group 99 without an end/],
    'a known group without an end': [varint(24 * 8 + 3), /no end of group 24/],
    'an end of a group that was not open': [
      varint(99 * 8 + 4),
      /end of group 99, which was not open, at byte/,
    ],
    'an end of another group': [
      Buffer.concat([varint(24 * 8 + 3), varint(25 * 8 + 4)]),
      /end of group 25, which was not open,/,
    ],
    'a packed value that crosses the end of its list': [
      bytes(19, Uint8Array.of(0x80)),
      /a varint cut short at byte 5/,
    ],
    'a message that crosses the end of the one around it': [
      bytes(17, Uint8Array.of(0x72, 1)),
      /a length of 1 where 0 bytes are left/,
    ],
  }
  for (const [kind, [payload, expected]] of Object.entries(faults)) {
    it(`are errors with offset and reason: ${kind}`, () => {
      assert.match(fault2(payload), expected)
      assert.match(fault2(payload), /^A: the frame cannot be decoded: /)
    })
  }
})

describe('the envelope', () => {
  const empty = { customer: 'A', topic: '', timestamp: '0', customer_id: '', data: {}, msp_ip: '' }

  it('may be empty', () => {
    const outcome = outcomeOf('audit', new Uint8Array())
    assert.ok(typeof outcome === 'object')
    assert.deepEqual(outcome.record, empty)
  })

  it('counts the last of what comes twice, in any order, and skips what is unknown', () => {
    const outcome = outcomeOf(
      'audit',
      Buffer.concat([
        bytes(6, 'msp'),
        bytes(3, bytes(1, 'a')),
        int(4, 7),
        group(9, int(1, 1)),
        bytes(2, 'x'),
        int(4, -8n),
        bytes(3, bytes(4, 'b')),
        bytes(2, 'audit'),
        bytes(5, Uint8Array.of(0x63, 0xff)),
      ]),
    )
    assert.ok(typeof outcome === 'object')
    assert.deepEqual(outcome.record, {
      ...empty,
      topic: 'audit',
      timestamp: '-8',
      customer_id: 'c\uFFFD',
      data: { group_name: 'b' },
      msp_ip: 'msp',
    })
  })

  it('gives its timestamp as a bigint as well', () => {
    const decoder = createDecoder({ customer: 'A', schema: loadSchema('audit') })
    const frame = { bytes: int(4, 1_700_000_000_123_456_789n), receivedAt: 5, text: false }
    const message = decoder.decode(frame, 'line')
    assert.equal(message.timestamp, 1_700_000_000_123_456_789n)
    assert.equal(message.receivedAt, 5)
    assert.equal(message.topic, 'audit')
    assert.equal(message.frame, frame.bytes)
  })

  it('gives the timestamp of the last frame that could be decoded', () => {
    const decoder = createDecoder({ customer: 'A', schema: loadSchema('audit') })
    const decode = (...parts: Uint8Array[]) =>
      decoder.decode({ bytes: Buffer.concat(parts), receivedAt: 0, text: false }, 'line')
    assert.equal(decoder.lastTimestamp, undefined)
    decode(int(4, 1_700_000_000_123_456_789n))
    assert.throws(() => decode(int(4, 5), Uint8Array.of(8)))
    assert.equal(decoder.lastTimestamp, 1_700_000_000_123_456_789n)
    decode(int(4, -2n))
    assert.equal(decoder.lastTimestamp, -2n)
    decode()
    assert.equal(decoder.lastTimestamp, 0n)
  })

  it('is not looked for in a text frame', () => {
    const decoder = createDecoder({ customer: 'A', schema: loadSchema('audit') })
    const frame = { bytes: Buffer.from('hello'), receivedAt: 0, text: true }
    assert.throws(() => decoder.decode(frame, 'line'), {
      code: 'frame-undecodable',
      message: 'A: a text frame of 5 bytes came where a binary one was expected',
    })
  })

  it('may be a plain Uint8Array, somewhere in a larger buffer', () => {
    const inner = frameOf(bytes(1, 'a'))
    const larger = new Uint8Array([9, 9, ...inner, 9])
    assert.deepEqual(dataOf('audit', larger.subarray(2, 2 + inner.length)), { customer_id: 'a' })
  })
})

it('gives a line that later frames do not change', () => {
  const decoder = createDecoder({ customer: 'A', schema: loadSchema('audit') })
  const decode = (text: string) =>
    decoder.decode({ bytes: frameOf(bytes(1, text)), receivedAt: 0, text: false }, 'line').line
  const line = decode('first')
  const before = Buffer.from(line).toString()
  for (const size of [5, 5000, 3_000_000]) decode('z'.repeat(size))
  assert.equal(Buffer.from(line).toString(), before)
})
