import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { DecoderOptions } from '../../src/decode/frame-decoder.js'
import { StreamError } from '../../src/errors.js'
import type { EventRecord } from '../../src/newcentral/record.js'
import { createDecoder } from '../../src/newcentral/record.js'
import { loadSchema, type Schema } from '../../src/newcentral/schema.js'
import { TOPIC_FACTS, TOPICS, type Topic } from '../../src/newcentral/topics.js'
import { decodeBothWays } from './decode.js'

/** What the golden file has of an event: Python's decoding of envelope and payload. */
type GoldenEvent = {
  readonly topic: Topic
  readonly kind: string
  readonly bytes: Buffer
  readonly decoded: {
    readonly envelope: {
      readonly id?: string
      readonly type?: string
      readonly source?: string
      readonly time?: string
      readonly attributes?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    }
    /** Name of the payload's message; null where no schema has it. */
    readonly message: string | null
    readonly payload: unknown
  }
}

/** The golden frames of New Central. */
export function goldenEvents(): GoldenEvent[] {
  const file = new URL('../fixtures/golden/newcentral.jsonl', import.meta.url)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { endpoint, frame, ...rest } = JSON.parse(line)
      const topic = TOPICS.find((name) => TOPIC_FACTS[name].path === endpoint)
      assert.ok(topic, endpoint)
      return { topic, bytes: Buffer.from(frame, 'base64'), ...rest }
    })
}

/** The record that the contract makes of Python's decoding. */
export function expectedRecord({ topic, decoded }: GoldenEvent, customer = 'A'): object {
  const { id = '', type = '', source = '', time, attributes = {} } = decoded.envelope
  const { subject, ...others } = attributes
  return {
    customer,
    topic,
    timestamp: time === undefined ? null : nanosOf(time),
    customer_id: subject?.ce_string ?? '',
    id,
    type,
    source,
    data: decoded.payload,
    ...(Object.keys(others).length > 0 ? { attributes: others } : {}),
  }
}

/** Nanoseconds since the epoch of a time that Python's decoder printed. */
function nanosOf(time: string): string {
  const [, upToSeconds, decimals = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? []
  const seconds = BigInt(Date.parse(`${upToSeconds}Z`) / 1000)
  return String(seconds * 1_000_000_000n + BigInt(decimals.padEnd(9, '0')))
}

/** What comes of a frame: its record, or the error. */
export function outcomeOf(
  schema: Schema | Topic,
  bytes: Uint8Array,
  options: Partial<DecoderOptions<Schema>> = {},
): EventRecord | StreamError {
  const decoder = createDecoder({
    customer: 'A',
    schema: typeof schema === 'string' ? loadSchema(schema) : schema,
    ...options,
  })
  return decodeBothWays(decoder, bytes)
}

/** The record of a frame that is to decode. */
export function recordOf(...args: Parameters<typeof outcomeOf>): EventRecord {
  const outcome = outcomeOf(...args)
  if (outcome instanceof StreamError) throw outcome
  return outcome
}

/** The error of a frame that is not to decode. */
export function faultOf(...args: Parameters<typeof outcomeOf>): StreamError {
  const outcome = outcomeOf(...args)
  if (!(outcome instanceof StreamError)) assert.fail(JSON.stringify(outcome))
  assert.equal(outcome.code, 'frame-undecodable')
  return outcome
}
