import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { StreamError } from '../../src/errors.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import type { Outputs } from '../../src/outputs/outputs.js'
import { Processor } from '../../src/pipeline/processor.js'
import { fakeMessage } from '../helpers/export-fakes.js'

/** Outputs that take all and do nothing. */
const NO_OUTPUTS: Outputs = {
  exporters: [],
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

test('an unexpected error of the decoder costs one frame, not the stream', async () => {
  const logged: { level: LogLevel; message: string }[] = []
  const buried: { readonly reason: string; readonly bytes: Uint8Array }[] = []
  const processor = new Processor({
    entry: { name: 'A', topic: 'audit', label: 'A' },
    decoder: {
      skipsText: false,
      unknownTotal: 0,
      lastTimestamp: undefined,
      decode() {
        throw new RangeError('Invalid string length')
      },
    },
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
    decoder: {
      skipsText: false,
      unknownTotal: 0,
      lastTimestamp: undefined,
      decode() {
        const eventType = types.shift()
        const options = eventType === undefined ? {} : { eventType }
        throw new StreamError('frame-undecodable', `type ${eventType}`, options)
      },
    },
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
    decoder: {
      skipsText: false,
      unknownTotal: 0,
      lastTimestamp: undefined,
      decode: ({ bytes, receivedAt }) => ({
        ...fakeMessage('A', 1),
        ...{ frame: bytes, receivedAt, timestamp: 5_000_000_000n },
      }),
    },
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
