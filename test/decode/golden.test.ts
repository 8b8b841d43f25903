import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { createDecoder } from '../../src/classic/message.js'
import { loadSchema } from '../../src/classic/schema.js'
import type { Topic } from '../../src/classic/topics.js'

type Golden = { topic: Topic; frame: string; kind?: string; decoded: object }

const FILES = { realistic: 120, edge: 120, evolved: 72 }

/** Numbers count as numbers, so -0 and 0 agree. */
function normal(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

for (const [name, count] of Object.entries(FILES)) {
  describe(`golden frames: ${name}`, () => {
    const path = new URL(`../fixtures/golden/${name}.jsonl`, import.meta.url)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')

    for (const first of ['record', 'line'] as const) {
      it(`decodes all ${count} as the reference does, by way of the ${first}`, () => {
        let compared = 0
        for (const [index, text] of lines.entries()) {
          const golden: Golden = JSON.parse(text)
          const decoder = createDecoder({ customer: 'A', schema: loadSchema(golden.topic) })
          const bytes = Buffer.from(golden.frame, 'base64')
          const message = decoder.decode({ bytes, receivedAt: 0, text: false }, first)
          const json = JSON.parse(Buffer.from(message.line).toString())
          const expected = { customer: 'A', ...golden.decoded }
          const where = `line ${index + 1} (${golden.kind ?? golden.topic})`
          assert.deepEqual(json, normal(expected), where)
          assert.deepEqual(message.record, normal(expected), where)
          compared++
        }
        assert.equal(compared, count)
      })
    }
  })
}
