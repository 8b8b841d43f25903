import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { StreamError } from '../../src/errors.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import type { Outputs } from '../../src/outputs/outputs.js'
import { Processor } from '../../src/pipeline/processor.js'
import { collapseRepeats } from '../../src/report/collapse-repeats.js'
import type { Decoder } from '../../src/service.js'
import { fakeMessage } from '../helpers/export-fakes.js'

/** Outputs that take all and do nothing. */
const NO_OUTPUTS: Outputs = {
  list: [],
  counters: [],
  holds: [],
  transform: undefined,
  lost: 0,
  closeFailed: false,
  write: async () => {},
  record: async () => {},
  keepUndecodable: async () => {},
  reopen: async () => {},
  close: async () => {},
}

const decoderOf = (decode: Decoder['decode']): Decoder => ({
  ...{ skipsText: false, unknownTotal: 0, lastTimestamp: undefined, decode },
})

test('an unexpected error of the decoder costs one frame, not the stream', async () => {
  const logged: { level: LogLevel; message: string }[] = []
  const buried: { readonly reason: string; readonly bytes: Uint8Array }[] = []
  const processor = new Processor({
    entry: { name: 'A', topic: 'audit', label: 'A' },
    decoder: decoderOf(() => {
      throw new RangeError('Invalid string length')
    }),
    outputs: {
      ...NO_OUTPUTS,
      keepUndecodable: async (_, frame, error) =>
        void buried.push({ reason: error.message, bytes: frame.bytes }),
    },
    log: loggerTo((level, message) => logged.push({ level, message })),
  })
  const bytes = Uint8Array.of(1, 2, 3)
  await processor.process([{ bytes, receivedAt: 0, text: false }])
  assert.deepEqual([processor.messages, processor.undecodable], [0, 1])
  assert.deepEqual(logged, [{ level: 'error', message: 'Invalid string length' }])
  assert.equal(buried[0]?.bytes, bytes)
  assert.match(buried[0]?.reason ?? '', /Invalid string length/)
})

test('an event type that no schema knows is logged once, and each of its frames is kept', async () => {
  const logged: { level: LogLevel; message: string }[] = []
  let kept = 0
  const types = ['x', 'y', 'x', undefined, undefined]
  const processor = new Processor({
    entry: { name: 'A', topic: 'audit', label: 'A' },
    decoder: decoderOf(() => {
      const eventType = types.shift()
      const options = eventType === undefined ? {} : { eventType }
      throw new StreamError('frame-undecodable', `type ${eventType}`, options)
    }),
    outputs: {
      ...NO_OUTPUTS,
      keepUndecodable: async () => void kept++,
    },
    log: loggerTo((level, message) => logged.push({ level, message })),
  })
  const frame = { bytes: Uint8Array.of(1), receivedAt: 0, text: false }
  await processor.process([frame, frame, frame, frame, frame])
  assert.equal(kept, 5)
  assert.equal(processor.undecodable, 5)
  assert.deepEqual(
    logged.map(({ level, message }) => `${level}: ${message}`),
    [
      'error: type x',
      'error: type y',
      'debug: type x',
      'error: type undefined',
      'error: type undefined',
    ],
  )
})

test('each reason of an undecodable frame has a line, and its repeats are counted', async () => {
  const lines: string[] = []
  const log = collapseRepeats(
    loggerTo((_, message) => lines.push(message)),
    { elapsed: () => 0 },
  )
  const processor = new Processor({
    entry: { name: 'A', topic: 'audit', label: 'A' },
    decoder: createDecoder({ customer: 'A', label: 'A', schema: loadSchema('audit') }),
    outputs: NO_OUTPUTS,
    log,
  })
  const frame = (content: string, text = false) => ({
    ...{ bytes: Buffer.from(content, text ? 'utf8' : 'hex'), receivedAt: 0, text },
  })
  await processor.process([frame('hello', true), frame('ffffff'), frame('0a'), frame('hi', true)])
  log.flush()
  assert.deepEqual(lines, [
    'a text frame of 5 bytes came where a binary one was expected',
    'the frame cannot be decoded: a varint cut short at byte 0 of 3',
    'a text frame of 2 bytes came where a binary one was expected [once more in the past 0 s]',
    'the frame cannot be decoded: a varint cut short at byte 1 of 1 [once more in the past 0 s]',
  ])
})

test('each unknown event type has a line, up to twenty of them', async () => {
  for (const [types, expected] of [
    [['zzz.1', 'zzz.2', 'zzz.3'], 3],
    // Twenty, one for all others, and their sum.
    [Array.from({ length: 60 }, (_, at) => `zzz.${at}`), 22],
  ] as const) {
    const lines: string[] = []
    const log = collapseRepeats(loggerTo((_, message) => lines.push(message)))
    const left = [...types]
    const processor = new Processor({
      entry: { name: 'A', topic: 'audit', label: 'A' },
      decoder: decoderOf(() => {
        const eventType = left.shift() ?? ''
        throw new StreamError('frame-undecodable', `type ${eventType}`, { eventType })
      }),
      outputs: NO_OUTPUTS,
      log,
    })
    const frame = { bytes: Uint8Array.of(1), receivedAt: 0, text: false }
    await processor.process(types.map(() => frame))
    assert.deepEqual(
      lines.slice(0, 20),
      types.slice(0, 20).map((type) => `type ${type}`),
    )
    log.flush()
    assert.equal(lines.length, expected)
  }
})

test('a line about a text frame names an entry with several topics once', async () => {
  const logged: string[] = []
  const processor = new Processor({
    entry: { name: 'A', topic: 'audit', label: 'A.audit' },
    decoder: createDecoder({ customer: 'A', label: 'A.audit', schema: loadSchema('audit') }),
    outputs: NO_OUTPUTS,
    log: loggerTo((_, message, { entry }) => logged.push(`${entry}: ${message}`)),
  })
  await processor.process([{ bytes: Buffer.from('hello'), receivedAt: 0, text: true }])
  assert.deepEqual(logged, [
    'A.audit: a text frame of 5 bytes came where a binary one was expected',
  ])
})

test('the delay of a message is known, however large its frame is', async () => {
  const processor = new Processor({
    entry: { name: 'A', topic: 'monitoring', label: 'A' },
    decoder: decoderOf(({ bytes, receivedAt }) => ({
      ...fakeMessage('A', 1),
      ...{ frame: bytes, receivedAt, timestamp: 5_000_000_000n },
    })),
    outputs: NO_OUTPUTS,
    log: loggerTo(() => {}),
  })
  for (const [size, receivedAt, delayMs] of [
    [10, 6000, 1000],
    [1 << 20, 7000, 2000],
  ] as const) {
    await processor.process([{ bytes: Buffer.alloc(size), receivedAt, text: false }])
    assert.equal(processor.lastDelayMs, delayMs, `${size} bytes`)
  }
})
