import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { Processor } from '../../src/pipeline/processor.js'

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
      exporters: [],
      counters: [],
      holds: [],
      transform: undefined,
      lost: 0,
      closeFailed: false,
      write: async () => {},
      record: async () => {},
      keepUndecodable: async (_, frame, error) =>
        void buried.push({ reason: error.message, bytes: frame.bytes }),
      reopen: async () => {},
      close: async () => {},
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
      exporters: [],
      counters: [],
      holds: [],
      transform: undefined,
      lost: 0,
      closeFailed: false,
      write: async () => {},
      record: async () => {},
      keepUndecodable: async () => void kept++,
      reopen: async () => {},
      close: async () => {},
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
