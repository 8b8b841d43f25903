import assert from 'node:assert/strict'
import protobuf from 'protobufjs'
import { createDecoder, type DecoderOptions } from '../../src/classic/decoder.js'
import type { Topic } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import { loadSchema, type Schema } from '../../src/schema/load-schema.js'

/** A schema whose payload is message `M` of a text in the language of `.proto` files. */
export function schemaOf(proto: string): Schema {
  const { root, package: name } = protobuf.parse(proto, { keepCase: true })
  root.resolveAll()
  const payload = root.lookupType(name ? `${name}.M` : 'M')
  return { ...loadSchema('audit'), payload }
}

/** What comes of a frame: its record, or the message of the error; the same both ways. */
export function outcomeOf(
  schema: Schema | Topic,
  bytes: Uint8Array,
  options: Partial<DecoderOptions> = {},
): { record: Record<string, unknown>; data: unknown } | string {
  const decoder = createDecoder({
    customer: 'A',
    schema: typeof schema === 'string' ? loadSchema(schema) : schema,
    ...options,
  })
  const frame = { bytes, receivedAt: 0, text: false }
  const [byRecord, byLine] = (['record', 'line'] as const).map((first) => {
    try {
      const message = decoder.decode(frame, first)
      // Whichever was made first, the other one is made from the bytes as well.
      assert.equal(Buffer.from(message.line).toString(), `${JSON.stringify(message.record)}\n`)
      return message.record
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      assert.equal(error.code, 'frame-undecodable')
      return error.message
    }
  })
  assert.deepEqual(byRecord, byLine)
  if (byRecord === undefined || typeof byRecord === 'string') return byRecord ?? ''
  return { record: byRecord, data: byRecord.data }
}

/** The data of a frame that is to decode. */
export function dataOf(...args: Parameters<typeof outcomeOf>): unknown {
  const outcome = outcomeOf(...args)
  if (typeof outcome === 'string') assert.fail(outcome)
  return outcome.data
}

/** The error of a frame that is not to decode. */
export function faultOf(...args: Parameters<typeof outcomeOf>): string {
  const outcome = outcomeOf(...args)
  if (typeof outcome !== 'string') assert.fail(JSON.stringify(outcome.data))
  return outcome
}
