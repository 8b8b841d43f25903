import { isUint8Array } from 'node:util/types'
import { createDecoders as createClassicDecoders } from '../classic/record.js'
import { StreamError } from '../errors.js'
import { loggerTo } from '../log.js'
import { getOrMake } from '../maps.js'
import { createDecoders as createNewCentralDecoders } from '../newcentral/record.js'
import {
  ALL_TOPICS,
  type AnyTopic,
  type Decoder,
  type Decoders,
  isAnyTopic,
  type StreamRecordOf,
} from '../service.js'
import { printable } from '../text.js'
import { checkOptions, type OptionKinds, wrongOptions } from './check-options.js'
import { joinDecoders } from './services.js'
import { checkProtoDir } from './stream-options.js'

export type DecodeOptions<T extends AnyTopic = AnyTopic> = {
  /** Which messages the frame may hold. */
  readonly topic: T
  /** `customer` of the record. Default: the topic. */
  readonly customer?: string | undefined
  /** Addresses and network names as text. Default: false. */
  readonly readable?: boolean | undefined
  /** A folder with newer `.proto` files. It is read once. */
  readonly protoDir?: string | undefined
}

/** More are of no use: a recording has a few entries. */
const MAX_KEPT = 1000
const KINDS: OptionKinds = {
  topic: 'string',
  customer: 'string',
  readable: 'boolean',
  protoDir: 'string',
}
const decodersBySchema = new Map<string, Decoders>()
const decoders = new Map<string, Decoder>()

/**
 * Decodes one frame: the bytes of a binary WebSocket message of either service, as a recording or a dead
 * letter keeps them in base64.
 *
 * @example
 * const record = decode(Buffer.from(frame, 'base64'), { topic: 'presence' })
 * @throws StreamError `frame-undecodable`, with offset and reason; `schema-invalid`; `input-invalid` for a
 *   text in place of bytes, or where an option is wrong
 */
export function decode<T extends AnyTopic>(
  frame: Uint8Array,
  options: DecodeOptions<T>,
): StreamRecordOf<T> {
  if (!isUint8Array(frame)) {
    throw new StreamError(
      'input-invalid',
      `frame: expected bytes, which Buffer.from(frame, 'base64') makes of a recording's text; got ${typeof frame}`,
    )
  }
  checkOptions(options, KINDS)
  const message = decoderOf(options).decode(
    { bytes: frame, receivedAt: Date.now(), text: false },
    'record',
  )
  return message.record as StreamRecordOf<T>
}

function decoderOf({
  topic,
  customer = topic,
  readable = false,
  protoDir,
}: DecodeOptions): Decoder {
  const key = JSON.stringify([topic, customer, readable, protoDir])
  const known = decoders.get(key)
  if (known) return known
  if (!isAnyTopic(topic)) {
    const got = topic === undefined ? 'nothing' : `"${printable(topic, 100)}"`
    throw wrongOptions([`options.topic: expected one of ${ALL_TOPICS.join(', ')}; got ${got}`])
  }
  checkProtoDir(protoDir)
  if (decoders.size >= MAX_KEPT) decoders.clear()
  const made = decodersOf(readable, protoDir).of({ name: customer, topic })
  decoders.set(key, made)
  return made
}

/** What is made of a schema once. */
function decodersOf(readable: boolean, protoDir: string | undefined): Decoders {
  const key = JSON.stringify([readable, protoDir])
  return getOrMake(decodersBySchema, key, () => {
    const options = { readable, protoDir, log: loggerTo(() => {}) }
    return joinDecoders({
      classic: createClassicDecoders(options),
      newCentral: createNewCentralDecoders(options),
    })
  })
}
