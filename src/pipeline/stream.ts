import { createClassic } from '../classic/classic.js'
import { CLASSIC_ENTRIES } from '../classic/entry.js'
import type * as classic from '../classic/topics.js'
import { createFrameBudget } from '../connection/frame-queue.js'
import type { Status } from '../connection/status.js'
import { subscribe } from '../connection/subscribe.js'
import { StreamError, toStreamError } from '../errors.js'
import { checkEntry } from '../input/check-entry.js'
import type { CustomerEntry } from '../input/entries.js'
import { EVERY_ENTRY, PropertyGuess } from '../input/entry-rules.js'
import { Findings } from '../input/load-input.js'
import { parseJson } from '../input/parse-json.js'
import { redact } from '../input/redact.js'
import { type LogFields, type LogLevel, loggerTo } from '../log.js'
import { getOrMake } from '../maps.js'
import { createLimiter } from '../net/limiter.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'
import { createNewCentral } from '../newcentral/newcentral.js'
import { Tokens } from '../newcentral/tokens.js'
import { VERSION } from '../packages.js'
import type { AnyTopic, Endpoint, Service, StreamRecordOf } from '../service.js'
import { joinServices } from './services.js'

/** How an entry of the input file names the credentials of its service, and what else it asks for. */
export type ClassicCredentials = {
  /** The key, as Central's Streaming page shows it. */
  readonly wsskey: string
  readonly username?: string
}

export type NewCentralCredentials = {
  /** Of the API client, as GreenLake shows it. */
  readonly client_id: string
  readonly client_secret: string
  /** Only these types of events. Default: all. */
  readonly event_types?: readonly string[]
  /** In place of HPE's. */
  readonly token_url?: string
  /** In place of the derived one: programs with the same id share the events. */
  readonly subscriber_id?: string
  /** In place of the topic's. */
  readonly path?: string
  /** What a derived subscriber id is told from others by. Default: the name of the machine. */
  readonly instance?: string
}

export type StreamOptions<T extends AnyTopic = AnyTopic> = {
  /**
   * The base URL, as on Central's Streaming page or, for New Central, that of the REST API: `host`,
   * `host:port` or a `wss://` URL.
   */
  readonly hostname: string
  /** Says which service it is, and so which credentials: `presence` of Classic, `rssi-events` of New Central. */
  readonly topic: T
  /** `customer` of the records. Default: the topic. */
  readonly customer?: string
  /** Addresses and network names as text. Default: false. */
  readonly readable?: boolean
  /** A folder with newer `.proto` files. */
  readonly protoDir?: string
  /** Default: true. */
  readonly verifyCertificates?: boolean
  /** Ends the loop. Records that were received before still come. */
  readonly signal?: AbortSignal
  /** Called at each change: connecting, open, retrying with its cause. */
  readonly onStatus?: (status: Status) => void
  /** Called with a frame that cannot be decoded. The stream goes on. */
  readonly onUndecodable?: (error: StreamError, frame: Uint8Array) => void
  /** Called with the key that Central has given in place of `wsskey`. Keep it for the next start. */
  readonly onRenewedKey?: (wsskey: string) => void
  /** Gets what the program would log. */
  readonly onLog?: (level: LogLevel, message: string, fields: LogFields) => void
} & (T extends classic.Topic ? ClassicCredentials : NewCentralCredentials)

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
 */
export function stream<T extends AnyTopic>(
  options: StreamOptions<T>,
): AsyncGenerator<StreamRecordOf<T>, void, undefined> {
  const ended = new AbortController()
  const records = recordsOf(options, ended)
  const end = records.return.bind(records)
  // By itself a generator would end after the record that `next` waits for, which may be hours away.
  records.return = (value) => {
    ended.abort()
    return end(value)
  }
  return records
}

/** @param ended ends the stream; aborted where Central refuses */
async function* recordsOf<T extends AnyTopic>(
  options: StreamOptions<T>,
  ended: AbortController,
): AsyncGenerator<StreamRecordOf<T>, void, undefined> {
  const { signal, verifyCertificates = true, onStatus, onUndecodable } = options
  const entry = entryOf(options)
  const service = createService(options)
  service.decoders.load([entry.topic])
  const decoder = service.decoders.of({ name: entry.name, topic: entry.topic })
  const over = signal ? AbortSignal.any([signal, ended.signal]) : ended.signal
  let endpoint: Endpoint | undefined
  try {
    endpoint = (await service.endpoints([entry], over))[0]
  } catch (error) {
    if (over.aborted) return
    throw error
  }
  if (!endpoint) return
  const subscription = subscribe({
    endpoint,
    limiter: LIMITER,
    budget: BUDGET,
    signal: over,
    verifyCertificates,
    lastTimestamp: () => decoder.lastTimestamp,
    // The program waits and tries again, because somebody reads its log. Here the caller decides.
    onRefused: () => ended.abort(),
    identify: decoder.identify,
    onStatus: (status) => onStatus?.(status),
  })
  for await (const frames of subscription) {
    for (const frame of frames) {
      if (frame.text && decoder.skipsText) continue
      let record: StreamRecordOf<T>
      try {
        record = decoder.decode(frame, 'record').record as StreamRecordOf<T>
      } catch (error) {
        onUndecodable?.(toStreamError(error, 'frame-undecodable'), frame.bytes)
        continue
      }
      yield record
    }
  }
  const { status } = subscription
  if (status.type === 'refused') throw status.cause
}

type ServiceOptions = Pick<
  StreamOptions,
  'readable' | 'protoDir' | 'verifyCertificates' | 'onLog' | 'onRenewedKey'
> &
  Pick<NewCentralCredentials, 'instance'>

function createService(options: ServiceOptions): Service {
  const { readable = false, protoDir, verifyCertificates = true } = options
  const { onLog = () => {}, onRenewedKey = () => {}, instance } = options
  const log = loggerTo(onLog)
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

const SERVICES = [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES]
/** Not those that make several subscriptions of an entry, or none. */
const RULES = [...SERVICES.flatMap(({ properties }) => properties), ...EVERY_ENTRY].filter(
  ({ name }) => name !== 'topics' && name !== 'enabled',
)

/**
 * Checks options as an entry of the input file is checked.
 * @throws StreamError `input-invalid`; it shows no key
 */
function entryOf(options: object): CustomerEntry {
  const given = new Map(Object.entries(options))
  const own = RULES.map(({ name }) => name).filter((name) => given.has(name))
  const text = JSON.stringify(Object.fromEntries(own.map((name) => [name, given.get(name)])))
  const { root, fault } = parseJson(text)
  if (!root) throw new StreamError('input-invalid', `options: ${fault}`)
  const secrets = RULES.filter(({ secret }) => secret).map(({ name }) => given.get(name))
  const problems = new Findings()
  const customer = given.get('customer') ?? given.get('topic')
  const { subscriptions } = checkEntry(String(customer), root, () => 'options', {
    services: SERVICES,
    meant: new PropertyGuess(SERVICES),
    redact: redact(secrets.filter((each) => typeof each === 'string')),
    problems,
    warnings: new Findings(),
  })
  const [entry] = subscriptions
  const host = entry?.hostname
  if (entry && host && problems.count === 0) return { ...entry, host }
  if (entry && !host) {
    problems.add(() => 'options.hostname: is missing; expected the base URL of Central')
  }
  const lines = problems.lines('problems')
  throw new StreamError('input-invalid', lines.join('; '), { problems: lines })
}
