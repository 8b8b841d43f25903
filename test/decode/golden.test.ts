import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { GOLDEN_FILES, golden, normal } from '../helpers/golden.js'

for (const name of ['realistic', 'edge', 'evolved'] as const) {
  describe(`golden frames: ${name}`, () => {
    const count = GOLDEN_FILES[name]
    const frames = golden(name)

    for (const first of ['record', 'line'] as const) {
      it(`decodes all ${count} as the reference does, by way of the ${first}`, () => {
        let compared = 0
        for (const [index, { topic, frame: bytes, kind, decoded }] of frames.entries()) {
          const decoder = createDecoder({ customer: 'A', schema: loadSchema(topic) })
          const message = decoder.decode({ bytes, receivedAt: 0, text: false }, first)
          const json = JSON.parse(Buffer.from(message.line).toString())
          const expected = { customer: 'A', ...decoded }
          const where = `line ${index + 1} (${kind ?? topic})`
          assert.deepEqual(json, normal(expected), where)
          assert.deepEqual(message.record, normal(expected), where)
          compared++
        }
        assert.equal(compared, count)
      })
    }
  })
}
