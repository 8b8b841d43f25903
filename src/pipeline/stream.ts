import { createClassic } from '../classic/classic.js'
import { follow } from '../clock.js'
import { createFrameBudget } from '../connection/frame-queue.js'
import { subscribe } from '../connection/subscribe.js'
import { toStreamError } from '../errors.js'
import { type Logger, loggerTo } from '../log.js'
import { getOrMake } from '../maps.js'
import { createLimiter } from '../net/limiter.js'
import { createNewCentral } from '../newcentral/newcentral.js'
import { Tokens } from '../newcentral/tokens.js'
import { VERSION } from '../packages.js'
import type { AnyTopic, Service, StreamRecordOf } from '../service.js'
import { Callbacks } from './callbacks.js'
import { joinServices } from './services.js'
import {
  type CommonOptions,
  entryOf,
  type NewCentralCredentials,
  type StreamOptions,
} from './stream-options.js'

/** Shared by all streams of the process, as by the entries of a program. */
const LIMITER = createLimiter()
const BUDGET = createFrameBudget()
const USER_AGENT = `aruba-stream/${VERSION}`
const tokens = new Map<boolean, Tokens>()

/**
 * The records of one topic of one customer, for as long as the loop runs. Connects when the loop begins,
 * and again whenever a connection is lost; renews keys and tokens. A loop that takes its time slows the
 * stream down. `break` closes the connection.
 *
 * @example
 * for await (const record of stream({ hostname, wsskey, topic: 'presence', readable: true })) {
 *   for (const { rssi_val } of record.data.pa_rssi_event?.rssi ?? []) use(rssi_val)
 * }
 * @throws StreamError, from the loop: `input-invalid` where an option is wrong, `schema-invalid`; where
 *   Central refuses, `key-refused`, `client-refused`, `topic-unsubscribed`, `redirected` or `refused`
 * @throws what a callback throws, from the loop
 */
export function stream<T extends AnyTopic>(
  options: StreamOptions<T>,
): AsyncGenerator<StreamRecordOf<T>, void, undefined> {
  const ended = new AbortController()
  const callbacks = new Callbacks(() => ended.abort())
  const records = recordsOf<T>(options, ended, callbacks)
  const end = records.return.bind(records)
  const fail = records.throw.bind(records)
  // By itself a generator would end after the record that `next` waits for, which may be hours away.
  records.return = async (value) => {
    ended.abort()
    const result = await end(value)
    callbacks.rethrow()
    return result
  }
  // A stream of Node.js calls it where it is destroyed with an error.
  records.throw = (error) => {
    ended.abort()
    return fail(error)
  }
  return records
}

/** @param ended ends the stream; aborted where Central refuses, or a callback fails */
async function* recordsOf<T extends AnyTopic>(
  options: CommonOptions & Pick<NewCentralCredentials, 'instance'>,
  ended: AbortController,
  callbacks: Callbacks,
): AsyncGenerator<StreamRecordOf<T>, void, undefined> {
  const log = loggerTo(callbacks.guard(options?.onLog))
  const entry = entryOf(options, (text) => log.warn(text))
  const { signal, verifyCertificates = true } = options
  const service = createService(options, callbacks.guard(options.onRenewedKey), log)
  const onStatus = callbacks.guard(options.onStatus)
  const onUndecodable = callbacks.guard(options.onUndecodable)
  service.decoders.load([entry.topic])
  const decoder = service.decoders.of({ name: entry.name, topic: entry.topic })
  const unfollow = signal ? follow(ended, signal) : () => {}
  try {
    const [endpoint] = await service.endpoints([entry], ended.signal)
    if (!endpoint) return
    const subscription = subscribe({
      endpoint,
      limiter: LIMITER,
      budget: BUDGET,
      stopping: ended,
      verifyCertificates,
      decoder,
      // The program waits and tries again, because somebody reads its log. Here the caller decides.
      onRefused: () => ended.abort(),
      onStatus: (status) => onStatus(status),
    })
    for await (const frames of subscription) {
      for (const frame of frames) {
        callbacks.rethrow()
        if (frame.text && decoder.skipsText) continue
        let record: StreamRecordOf<T>
        try {
          record = decoder.decode(frame, 'record').record as StreamRecordOf<T>
        } catch (error) {
          onUndecodable(toStreamError(error, 'frame-undecodable'), frame.bytes)
          continue
        }
        yield record
      }
    }
    callbacks.rethrow()
    const { status } = subscription
    if (status.type === 'refused') throw status.cause
  } catch (error) {
    callbacks.rethrow()
    // The service gives up as soon as the stream is ended.
    if (error !== ended.signal.reason) throw error
  } finally {
    unfollow()
  }
}

type ServiceOptions = Pick<CommonOptions, 'readable' | 'protoDir' | 'verifyCertificates'> &
  Pick<NewCentralCredentials, 'instance'>

function createService(
  { readable = false, protoDir, verifyCertificates = true, instance }: ServiceOptions,
  onRenewedKey: (wsskey: string) => void,
  log: Logger,
): Service {
  const common = { userAgent: USER_AGENT, verifyCertificates, protoDir, readable, log }
  return joinServices({
    classic: createClassic({
      ...common,
      replay: {},
      // There is no file: the caller keeps the key.
      file: {
        keys: async () => new Map(),
        noteKey: () => {},
        save: async (renewals) => {
          for (const { to } of renewals) onRenewedKey(to.reveal())
        },
      },
    }),
    newCentral: createNewCentral({
      ...common,
      env: { ARUBA_STREAM_INSTANCE: instance },
      asksReplay: false,
      tokens: tokensFor(verifyCertificates),
    }),
  })
}

/** All streams with the same API client share its token. */
function tokensFor(verifyCertificates: boolean): Tokens {
  const options = { userAgent: USER_AGENT, verifyCertificates, limiter: createLimiter() }
  return getOrMake(tokens, verifyCertificates, () => new Tokens(options))
}
