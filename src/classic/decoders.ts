import { type DecodersOptions, makeDecoders } from '../decode/decoders.js'
import type { Decoders } from '../service.js'
import { createDecoder } from './message.js'
import { loadSchema, shippedMessages } from './schema.js'
import type { Topic } from './topics.js'

/** Makes the decoders of Classic Central. */
export function createDecoders(options: DecodersOptions): Decoders<Topic> {
  return makeDecoders({ loadSchema, shippedMessages, createDecoder }, options)
}
