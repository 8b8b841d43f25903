import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { Processor } from '../../src/pipeline/processor.js'

test('an unexpected error of the decoder costs one frame, not the stream', async () => {
  const logged: { level: LogLevel; message: string }[] = []
  const buried: { readonly reason: string; readonly bytes: Uint8Array }[] = []
  const processor = new Processor({
    entry: { name: 'A', topic: 'audit' },
    decoder: {
      unknownTotal: 0,
      lastTimestamp: undefined,
      decode() {
        throw new RangeError('Invalid string length')
      },
    },
    outputs: {
      exporters: [],
      counters: [],
      deadLetter: undefined,
      recording: undefined,
      lost: 0,
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
