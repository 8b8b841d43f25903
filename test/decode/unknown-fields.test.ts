import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createDecoder, createDecoders } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import type { UnknownField } from '../../src/decode/unknown-fields.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { bytes, frameOf, int } from '../helpers/wire.js'

function counting() {
  const news: UnknownField[][] = []
  const decoder = createDecoder({
    customer: 'A',
    schema: loadSchema('monitoring'),
    onUnknown: (found) => news.push([...found]),
  })
  const decode = (payload: Uint8Array, first: 'record' | 'line' = 'line') =>
    decoder.decode({ bytes: frameOf(payload), receivedAt: 0, text: false }, first)
  return { news, decoder, decode }
}

const FIELD_41 = 'field 41 of Interface'
const INTERFACE = 8

describe('unknown fields', () => {
  it('are none where the schema knows everything', () => {
    const { news, decoder, decode } = counting()
    decode(bytes(INTERFACE, int(16, 3)))
    assert.deepEqual(news, [])
    assert.equal(decoder.unknownTotal, 0)
  })

  it('are reported once, and counted each time', () => {
    const { news, decoder, decode } = counting()
    const payload = Buffer.concat([bytes(INTERFACE, int(41, 1)), bytes(INTERFACE, int(41, 2))])
    decode(payload)
    assert.deepEqual(news, [[{ message: 'Interface', field: 41, value: 0, text: FIELD_41 }]])
    decode(payload, 'record')
    assert.equal(news.length, 1)
    assert.equal(decoder.unknownTotal, 4)
  })

  it('are counted once a frame, whichever forms are made of it', () => {
    const { decoder, decode } = counting()
    const message = decode(bytes(INTERFACE, int(41, 1)))
    assert.ok(message.record)
    assert.equal(decoder.unknownTotal, 1)
    // Fields out of order, so the line is made of the record.
    decode(bytes(INTERFACE, int(41, 1), int(11, 1), int(1, 1)))
    assert.equal(decoder.unknownTotal, 2)
  })

  it('are enum values and wire types as well, reported together for a frame', () => {
    const { news, decode } = counting()
    decode(bytes(INTERFACE, int(2, 6), int(16, 6)))
    assert.deepEqual(
      news.map((found) => found.map(({ text }) => text)),
      [['wire type 0 of field 2 of Interface', 'value 6 of Interface.speed']],
    )
  })

  it('are not taken from a frame that cannot be decoded', () => {
    const { news, decoder, decode } = counting()
    assert.throws(() => decode(Buffer.concat([int(4000, 1), Uint8Array.of(0x0a, 9)])))
    decode(int(39, 1))
    assert.deepEqual(news, [])
    assert.equal(decoder.unknownTotal, 0)
  })

  it('fill no memory, whatever numbers a sender invents', () => {
    const { news, decoder, decode } = counting()
    for (let start = 1000; start < 3000; start += 500) {
      decode(Buffer.concat(Array.from({ length: 500 }, (_, index) => int(start + index, 1))))
    }
    assert.equal(news.flat().length, 100)
    assert.equal(decoder.unknownTotal, 400, 'a hundred numbers of each frame are told apart')
  })
})

function logging(protoDir?: string) {
  const lines: string[] = []
  const debug: string[] = []
  const log = loggerTo((level: LogLevel, message: string) => {
    if (level === 'debug') debug.push(message)
    else lines.push(`${level}: ${message}`)
  })
  const decoders = createDecoders({ protoDir, readable: false, log })
  const decode = (payload: Uint8Array, name = 'A', envelope: Uint8Array = new Uint8Array()) => {
    const frame = Buffer.concat([frameOf(payload), envelope])
    const decoder = decoders.of({ name, topic: 'monitoring' })
    return decoder.decode({ bytes: frame, receivedAt: 0, text: false }, 'line')
  }
  return { lines, debug, decode }
}

/** A folder with the shipped file for monitoring, changed. */
function olderFolder(t: TestContext, change: (text: string) => string): string {
  const folder = tempFolder(t)
  const shipped = new URL('../../proto/classic/monitoring.proto', import.meta.url)
  const text = readFileSync(shipped, 'utf8')
  const changed = change(text)
  assert.notEqual(changed, text)
  writeFileSync(join(folder, 'monitoring.proto'), changed)
  return folder
}

const withoutFields = (...names: string[]) => {
  const line = new RegExp(`^ +(optional|repeated) \\S+ (${names.join('|')}) = \\d+.*;\\n`, 'gm')
  return (text: string) => text.replace(line, '')
}

describe('the log of unknown fields', () => {
  it('advises --proto_dir where the shipped schema is in use', () => {
    const { lines, decode } = logging()
    decode(bytes(INTERFACE, int(41, 1)))
    assert.deepEqual(lines, [
      `warn: monitoring: the schema does not know ${FIELD_41}; download newer .proto files from Central and use --proto_dir`,
    ])
  })

  it('is one line a topic for what many entries and frames bring', () => {
    const { lines, decode } = logging()
    for (const name of ['A', 'B', 'A']) decode(bytes(INTERFACE, int(41, 1)), name)
    assert.equal(lines.length, 1)
  })

  it('sums many fields up in one line, and names each of them at level debug', () => {
    const { lines, debug, decode } = logging()
    decode(Buffer.concat(Array.from({ length: 40 }, (_, index) => int(2000 + index, 1))))
    assert.equal(lines.length, 1)
    assert.match(
      lines[0] ?? '',
      /^warn: monitoring: the schema does not know 40 fields and values \(field 2000 of MonitoringInformation, .* and others; --log_level debug names all\); download/,
    )
    assert.equal(debug.length, 40)
    assert.ok(
      debug.includes('monitoring: the schema does not know field 2039 of MonitoringInformation'),
    )
  })

  it('grows by few lines where new fields come one by one', () => {
    const { lines, decode } = logging()
    for (let number = 2000; number < 2060; number++) decode(int(number, 1))
    assert.equal(lines.length, 6)
    assert.match(lines.at(-1) ?? '', /does not know 32 fields and values \(field 2016 of /)
  })

  it('advises to update or remove files that lack what the shipped ones know', (t) => {
    const folder = olderFolder(t, withoutFields('speed', 'duplex_mode', 'mtu'))
    const { lines, decode } = logging(folder)
    decode(bytes(INTERFACE, int(16, 3)))
    assert.deepEqual(
      lines.filter((line) => line.includes('know')),
      [
        `warn: monitoring: the .proto files in ${folder} do not know field 16 of Interface, but the shipped ones do; update or remove them`,
      ],
    )
  })

  it('knows enum values and wire types of the shipped schema, too', (t) => {
    const folder = olderFolder(t, (text) =>
      text
        .replace(/^ +SPEED_10000 = \d+;\n/m, '')
        .replace('optional string device_id = 2;', 'optional uint32 device_id = 2;'),
    )
    const { lines, decode } = logging(folder)
    decode(bytes(INTERFACE, bytes(2, 'SN1'), int(16, 5)))
    decode(bytes(INTERFACE, int(16, 900)))
    assert.deepEqual(
      lines.map((line) => line.replace(folder, 'DIR')),
      [
        'warn: monitoring: the .proto files in DIR do not know 2 fields and values (wire type 2 of field 2 of Interface, value 5 of Interface.speed), but the shipped ones do; update or remove them',
        'warn: monitoring: neither the .proto files in DIR nor the shipped ones know value 900 of Interface.speed; download newer ones from Central',
      ],
    )
  })

  it('says what neither knows where a folder is in use', (t) => {
    const folder = olderFolder(t, withoutFields('mtu', 'speed'))
    const { lines, decode } = logging(folder)
    decode(bytes(INTERFACE, int(16, 3), int(41, 1)))
    assert.deepEqual(
      lines.map((line) => /know .*/.exec(line)?.[0]),
      [
        'know field 16 of Interface, but the shipped ones do; update or remove them',
        `know ${FIELD_41}; download newer ones from Central`,
      ],
    )
  })

  it('fits where the folder has the envelope alone', (t) => {
    const folder = tempFolder(t)
    writeFileSync(join(folder, 'streaming.proto'), 'message MsgProto { optional bytes data = 3; }')
    const { lines, decode } = logging(folder)
    decode(bytes(INTERFACE, int(41, 1)), 'A', int(4, 1))
    assert.deepEqual(lines.map((line) => line.replaceAll(folder, 'DIR')).slice(1), [
      'warn: monitoring: the .proto files in DIR do not know field 4 of MsgProto, but the shipped ones do; update or remove them',
      `warn: monitoring: neither the .proto files in DIR nor the shipped ones know ${FIELD_41}; download newer ones from Central`,
    ])
  })
})
