import { CLASSIC_ENTRIES } from '../classic/entry.js'
import type * as classic from '../classic/topics.js'
import type { Status } from '../connection/status.js'
import type { StreamError } from '../errors.js'
import { checkEntry } from '../input/check-entry.js'
import type { CustomerEntry } from '../input/entries.js'
import { EVERY_ENTRY, PropertyGuess } from '../input/entry-rules.js'
import { Findings } from '../input/load-input.js'
import { parseJson } from '../input/parse-json.js'
import { redact } from '../input/redact.js'
import type { LogFields, LogLevel } from '../log.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'
import { listProtos } from '../schema/load-proto.js'
import type { AnyTopic } from '../service.js'
import { checkOptions, type OptionKinds, wrongOptions } from './check-options.js'

/** How an entry of the input file names the credentials of its service, and what else it asks for. */
export type ClassicCredentials = {
  /** The key, as Central's Streaming page shows it. */
  readonly wsskey: string
  /** Sent in the header `UserName`. Default: the header is not sent. */
  readonly username?: string | undefined
}

export type NewCentralCredentials = {
  /** Id of the API client, as GreenLake shows it. */
  readonly client_id: string
  /** Secret of the API client, as GreenLake shows it once. */
  readonly client_secret: string
  /** Only these types of events. Default: all. */
  readonly event_types?: readonly string[] | undefined
  /** The `https` URL that issues tokens. Default: `https://sso.common.cloud.hpe.com/as/token.oauth2`. */
  readonly token_url?: string | undefined
  /**
   * A UUID of version 4. Programs with the same id share the events. Default: one made from `hostname`,
   * `client_id`, `customer`, `topic` and `instance`, which a restart does not change.
   */
  readonly subscriber_id?: string | undefined
  /** Path of the stream's URL, for the day when Aruba moves it. Default: the topic's path. */
  readonly path?: string | undefined
  /**
   * A name for this program. It becomes part of the default `subscriber_id`, so programs with different names
   * each get all events. Default: the name of the machine.
   */
  readonly instance?: string | undefined
}

/** The options of a stream of either service. */
export type CommonOptions<T extends AnyTopic = AnyTopic> = {
  /**
   * The base URL, as on Central's Streaming page or, for New Central, that of the REST API: `host`,
   * `host:port` or a `wss://` URL.
   */
  readonly hostname: string
  /** Says which service it is, and so which credentials: `presence` of Classic, `rssi-events` of New Central. */
  readonly topic: T
  /** `customer` of the records. Default: the topic. */
  readonly customer?: string | undefined
  /** Addresses and network names as text. Default: false. */
  readonly readable?: boolean | undefined
  /** A folder with newer `.proto` files. */
  readonly protoDir?: string | undefined
  /** Default: true. */
  readonly verifyCertificates?: boolean | undefined
  /** Ends the loop. Records that were received before still come. */
  readonly signal?: AbortSignal | undefined
  /** Called at each change: connecting, open, retrying with its cause. */
  readonly onStatus?: ((status: Status) => void) | undefined
  /** Called with a frame that cannot be decoded. The stream goes on. Without it, nothing tells of the frame. */
  readonly onUndecodable?: ((error: StreamError, frame: Uint8Array) => void) | undefined
  /** Called with the key that Central has given in place of `wsskey`. Keep it for the next start. */
  readonly onRenewedKey?: ((wsskey: string) => void) | undefined
  /** Gets what the program would log about odd options, keys and tokens; not what the callbacks above get. */
  readonly onLog?: ((level: LogLevel, message: string, fields: LogFields) => void) | undefined
}

/**
 * The options of `stream()`. For topics of both services a union: `topic` tells which credentials there are.
 * What a callback throws, or its promise rejects with, ends the stream and comes out of the loop. No callback
 * is called after that.
 */
export type StreamOptions<T extends AnyTopic = AnyTopic> = T extends classic.Topic
  ? CommonOptions<T> & ClassicCredentials
  : CommonOptions<T> & NewCentralCredentials

const SERVICES = [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES]
/** Not those that make several subscriptions of an entry, or none. */
const RULES = [...SERVICES.flatMap(({ properties }) => properties), ...EVERY_ENTRY].filter(
  ({ name }) => name !== 'topics' && name !== 'enabled',
)
const KINDS: OptionKinds = {
  ...Object.fromEntries(RULES.map(({ name }) => [name, 'entry' as const])),
  customer: 'string',
  readable: 'boolean',
  protoDir: 'string',
  verifyCertificates: 'boolean',
  signal: 'AbortSignal',
  onStatus: 'function',
  onUndecodable: 'function',
  onRenewedKey: 'function',
  onLog: 'function',
  instance: 'string',
}

/**
 * Checks options, those of an entry of the input file as they are checked there.
 * @param warn gets what is odd, but is used
 * @throws StreamError `input-invalid`; it shows no key
 */
export function entryOf(options: CommonOptions, warn: (text: string) => void): CustomerEntry {
  checkOptions(options, KINDS)
  checkProtoDir(options.protoDir)
  const given = new Map<string, unknown>(Object.entries(options))
  const own = RULES.map(({ name }) => name).filter((name) => given.has(name))
  const text = JSON.stringify(Object.fromEntries(own.map((name) => [name, given.get(name)])))
  const { root, fault } = parseJson(text)
  if (!root) throw wrongOptions([`options: ${fault}`])
  const secrets = RULES.filter(({ secret }) => secret).map(({ name }) => given.get(name))
  const [problems, warnings] = [new Findings(), new Findings()]
  const customer = given.get('customer') ?? given.get('topic')
  const { subscriptions } = checkEntry(String(customer), root, () => 'options', {
    services: SERVICES,
    meant: new PropertyGuess(SERVICES),
    redact: redact(secrets.filter((each) => typeof each === 'string')),
    problems,
    warnings,
  })
  const [entry] = subscriptions
  const host = entry?.hostname
  if (entry && !host) {
    problems.add(() => 'options.hostname: is missing; expected the base URL of Central')
  }
  if (!entry || !host || problems.count > 0) throw wrongOptions(problems.lines('problems'))
  for (const line of warnings.lines('warnings')) warn(line)
  return { ...entry, host }
}

/** @throws StreamError `schema-invalid` where the folder has no schema */
export function checkProtoDir(protoDir: string | undefined): void {
  if (protoDir !== undefined) listProtos(protoDir, `options.protoDir: ${protoDir}`)
}
