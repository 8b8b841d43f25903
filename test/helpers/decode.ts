import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDecoder } from '../../src/classic/record.js'
import { loadSchema, type Schema } from '../../src/classic/schema.js'
import type { Topic } from '../../src/classic/topics.js'
import type { DecoderOptions } from '../../src/decode/frame-decoder.js'
import { StreamError } from '../../src/errors.js'
import { readProto } from '../../src/schema/load-proto.js'
import type { AnyRecord, Decoder, StreamMessage } from '../../src/service.js'

/** A schema whose payload is message `M` of the text of a `.proto` file. */
export function schemaOf(proto: string): Schema {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-'))
  try {
    writeFileSync(join(folder, 'm.proto'), proto)
    return { ...loadSchema('audit'), payload: readProto(join(folder, 'm.proto')).get('M') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a decoder makes of a frame: its record, or the error; the same whether record or line is made first. */
export function decodeBothWays<R extends AnyRecord>(
  decoder: Decoder<StreamMessage<R>>,
  bytes: Uint8Array,
): R | StreamError {
  const frame = { bytes, receivedAt: 0, text: false }
  const [byRecord, byLine] = (['record', 'line'] as const).map((first) => {
    try {
      const message = decoder.decode(frame, first)
      // The other form is made from the bytes as well.
      assert.equal(Buffer.from(message.line).toString(), `${JSON.stringify(message.record)}\n`)
      return message.record
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      assert.equal(error.code, 'frame-undecodable')
      return error
    }
  })
  assert.ok(byRecord && byLine)
  if (byRecord instanceof StreamError) {
    assert.ok(byLine instanceof StreamError)
    assert.equal(byLine.message, byRecord.message)
  } else assert.deepEqual(byLine, byRecord)
  return byRecord
}

/** What comes of a frame: its record, or the message of the error. */
export function outcomeOf(
  schema: Schema | Topic,
  bytes: Uint8Array,
  options: Partial<DecoderOptions<Schema>> = {},
): { record: Record<string, unknown>; data: unknown } | string {
  const decoder = createDecoder({
    customer: 'A',
    schema: typeof schema === 'string' ? loadSchema(schema) : schema,
    ...options,
  })
  const outcome = decodeBothWays(decoder, bytes)
  return outcome instanceof StreamError ? outcome.message : { record: outcome, data: outcome.data }
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
