import assert from 'node:assert/strict'
import { it } from 'node:test'
import { JsonWriter } from '../../src/decode/json-writer.js'
import { int64Text, shortestFloat32 } from '../../src/decode/numbers.js'
import { SCALARS, type Scalar } from '../../src/decode/scalars.js'
import { UnknownFields } from '../../src/decode/unknown-fields.js'
import { WireReader } from '../../src/decode/wire-reader.js'

const view = new DataView(new ArrayBuffer(8))

/** 32-bit patterns all over the range, at every exponent. */
function* patterns(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield Math.imul(index, 0x9e3779b1) >>> 0
}

/** The text of a JsonWriter after one call. */
function written(write: (out: JsonWriter) => void): string {
  const out = new JsonWriter()
  write(out)
  return Buffer.from(out.take()).toString()
}

it('reads the shortest float back to the same 32 bits, and no shorter one would do', () => {
  for (const pattern of patterns(50_000)) {
    view.setUint32(0, pattern)
    const value = view.getFloat32(0)
    if (Number.isNaN(value)) continue
    const short = shortestFloat32(value)
    assert.equal(Math.fround(short), value)
    const digits = short.toExponential().replace(/e.*|[-.]/g, '').length
    if (digits > 6) {
      assert.notEqual(Math.fround(Number(value.toPrecision(digits - 1))), value, `${short}`)
    }
  }
})

it('rounds a float that lies half-way between two decimals to the even one', () => {
  assert.equal(shortestFloat32(2 ** -12), 0.00024414062) // 0.000244140625
  assert.equal(shortestFloat32(-15 * 2 ** -11), -0.0073242188) // -0.00732421875
})

it('writes 64-bit integers as BigInt does', () => {
  const edges = [0, 1, 9, 10, 999_999, 1e6, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, 1e15, 1e19]
  const values = edges.flatMap((edge) => [BigInt(edge), BigInt(edge) - 1n, -BigInt(edge)])
  for (const pattern of patterns(5_000)) values.push(BigInt(pattern) * 4_294_967_311n)
  for (const value of values) {
    view.setBigUint64(0, BigInt.asUintN(64, value))
    const [high, low] = [view.getInt32(0), view.getInt32(4)]
    for (const signed of [true, false]) {
      const expected = String(signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value))
      assert.equal(int64Text(low, high, signed), expected)
      assert.equal(
        written((out) => out.int64(low, high, signed)),
        `"${expected}"`,
      )
    }
  }
})

it('writes numbers as JSON.stringify does', () => {
  const values = [0, -0, 1, 1.5, -1.5, 1e21, 1e-7, 123456789012, -5, 2 ** 53, 5e-324]
  for (const value of values)
    assert.equal(
      written((out) => out.number(value)),
      JSON.stringify(value),
    )
})

/** What a scalar type reads from a value with a length. */
function read(type: string, content: Buffer): unknown {
  const wire = new WireReader()
  const bytes = Buffer.concat([Uint8Array.of(content.length), content])
  wire.open(bytes, 'A', new UnknownFields(() => {}))
  return (SCALARS[type] as Scalar).read(wire)
}

it('makes text and base64 of any length as Buffer does', () => {
  for (let length = 0; length <= 20; length++) {
    const ascii = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length) & 0x7f))
    assert.equal(read('string', ascii), ascii.toString())
    const bytes = Buffer.from(ascii.map((byte, index) => (index % 2 === 0 ? byte | 0x80 : byte)))
    assert.equal(read('bytes', bytes), bytes.toString('base64'))
    assert.equal(read('string', bytes), bytes.toString())
  }
})

it('keeps what was taken as it is while it writes on', () => {
  const out = new JsonWriter()
  const taken = ['a', 'b'.repeat(10_000), 'é', 'c'.repeat(100_000), 'd'].map((text) => {
    out.text(text)
    return { text, bytes: out.take() }
  })
  for (const { text, bytes } of taken) assert.equal(Buffer.from(bytes).toString(), `"${text}"`)
})

it('keeps a text until it is given back, and then uses its memory for another one', () => {
  const out = new JsonWriter()
  const take = (text: string) => {
    out.text(text)
    return out.take()
  }
  const texts = Array.from({ length: 200 }, (_, index) => `${index} `.padEnd(1000, '.'))
  const kept: Uint8Array[] = []
  const memory = new Set<ArrayBufferLike>()
  for (let round = 0; round < 20; round++) {
    const taken = texts.map(take)
    assert.deepEqual(
      taken.map((text) => JSON.parse(Buffer.from(text).toString())),
      texts,
    )
    for (const [index, text] of taken.entries()) {
      memory.add(text.buffer)
      if (index === round) kept.push(text)
      else out.slabs.giveBack(text)
    }
  }
  // Each round keeps one text, and with it one slab.
  assert.ok(memory.size < 20 + 20, `${memory.size} slabs`)
  assert.deepEqual(
    kept.map((text) => JSON.parse(Buffer.from(text).toString())),
    texts.slice(0, 20),
  )
})

it('ignores a text that is given back and was made elsewhere, or takes a slab of its own', () => {
  const out = new JsonWriter()
  out.slabs.giveBack(Buffer.from('"elsewhere"'))
  const long = 'x'.repeat(100_000)
  out.text(long)
  const first = out.take()
  out.slabs.giveBack(first)
  out.text(long.toUpperCase())
  const second = out.take()
  assert.notEqual(second.buffer, first.buffer)
  assert.equal(JSON.parse(Buffer.from(first).toString()), long)
})
