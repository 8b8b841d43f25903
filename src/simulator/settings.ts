import { StreamError } from '../errors.js'
import { isTopic, TOPICS } from '../newcentral/topics.js'
import type { ServiceName } from '../service.js'

/** What `aruba-stream simulate` is asked to do. */
export type SimulateSettings = {
  readonly port: number
  /** Messages a second and topic. With a file of frames 0: as fast as they are taken. */
  readonly rate: number
  /** Send the frames of this file in place of made-up traffic. */
  readonly framesFile: string | undefined
  /** Begin the file again at its end. */
  readonly loop: boolean
  /** Messages for each socket of Classic, and for each topic of a customer of New Central; undefined: no end. */
  readonly count: number | undefined
  /** Topics of either service. */
  readonly unsubscribed: readonly string[]
  /** Keys for which validation answers a renewed one. */
  readonly expiredKeys: readonly string[]
  readonly refusedKeys: readonly string[]
  /** Break each socket at random after about so many seconds. */
  readonly flakySeconds: number | undefined
  /** Write an input file to try with; it must not exist. */
  readonly inputFile: string | undefined
  /** Whose customers that file has. */
  readonly services: readonly ServiceName[]
  /** What New Central does where that is not known. */
  readonly newCentral: Partial<NewCentralSettings>
  /** Files of a certificate and its key, PEM; undefined: plain text. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
}

/** What a simulation does where nothing else is asked for. */
export const DEFAULT_SIMULATION: SimulateSettings = {
  port: 8765,
  rate: 2,
  framesFile: undefined,
  loop: false,
  count: undefined,
  unsubscribed: [],
  expiredKeys: [],
  refusedKeys: [],
  flakySeconds: undefined,
  inputFile: undefined,
  services: ['classic', 'newcentral'],
  newCentral: {},
  tls: undefined,
}

/** A setting: its default, the values that it takes, and how its text is read. */
type Setting<T> = {
  readonly initial: T
  /** Values, for the help and for errors. */
  readonly values: string
  readonly meaning: string
  /** undefined: the text is wrong. */
  readonly read: (text: string) => T | undefined
}

function choice<const T extends string>(
  meaning: string,
  initial: T,
  ...others: readonly T[]
): Setting<T> {
  const all = [initial, ...others]
  const read = (text: string) => all.find((each) => each === text)
  return { initial, values: all.join('|'), meaning, read }
}

function integer(meaning: string, initial: number, least: number, most: number): Setting<number> {
  const read = (text: string) => {
    const value = Number(text)
    return /^\d+$/.test(text) && value >= least && value <= most ? value : undefined
  }
  return { initial, values: `${least}-${most}`, meaning, read }
}

function list(
  meaning: string,
  values: string,
  isGood: (text: string) => boolean,
): Setting<readonly string[]> {
  return { initial: [], values, meaning, read: (text) => (isGood(text) ? [text] : undefined) }
}

const isId = (text: string) => text !== ''

/**
 * What New Central does. Where that is not known, either way can be chosen; the first value is the
 * default.
 */
const SETTINGS = {
  expires_in: integer('seconds that a token lives', 7199, 1, 86_400),
  expiry_at: choice(
    'when connections end: with the token, or at half of expires_in',
    'expiry',
    'half',
  ),
  expiry_close: choice(
    'how connections end then: a close code, or a cut without one',
    '1008',
    '4000',
    '1001',
    '1000',
    '1011',
    'cut',
  ),
  token_auth: choice('where client id and secret may stand', 'any', 'form', 'basic'),
  customers: choice('the customer of an API client: its own, or one for all', 'by_client', 'one'),
  refused_client: list('an API client that gets no token', 'ID', isId),
  old_client: list('an API client of the old kind: its token is answered with 403', 'ID', isId),
  missing: list('a stream that answers 404', TOPICS.join('|'), isTopic),
  error_body: choice('the body of refused handshakes', 'json', 'text', 'empty'),
  no_subscription: choice('the answer to an --unsubscribed stream', '403', 'silent'),
  wrong_type: choice('the answer to an event type that does not exist', '400', 'silent'),
  limit: integer('handshakes a minute of a customer, then 429 (0: no limit)', 0, 0, 100_000),
  token_limit: integer('tokens a minute of an API client, then 429 (0: no limit)', 0, 0, 100_000),
  retry_after: integer('seconds in Retry-After of a 429 (0: no header)', 0, 0, 3600),
  pong: choice('whether pings are answered', 'yes', 'no'),
  ping: integer('seconds between pings of the server (0: none)', 0, 0, 86_400),
  text_frames: integer('seconds between text frames (0: none)', 0, 0, 86_400),
  queue: choice(
    'where events go while an id has no connection: to that id later, to any id of the stream, nowhere',
    'by_id',
    'any',
    'none',
  ),
  clean_close: choice('the queue after a clean close of the client', 'lost', 'kept'),
  duplicates: integer('events that are sent again after an unexpected end', 0, 0, 1000),
  payload: choice('the field that holds the payload', 'proto_data', 'binary_data'),
  type_url: choice(
    'the package in type_url: as in ap.APInfo, the whole one, none, or no type_url at all',
    'short',
    'long',
    'bare',
    'empty',
  ),
  mac: choice(
    'the spelling of MAC addresses',
    'colon',
    'colon_upper',
    'dash',
    'dash_upper',
    'dot',
    'plain',
    'plain_upper',
  ),
  ap_time: choice('the form of timestamp in ap-events', 'rfc3339', 'ms'),
  time: choice('whether events have a time', 'yes', 'no'),
} as const

type Settings = typeof SETTINGS

export type NewCentralSettings = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer T> ? T : never
}

const NAMES = Object.keys(SETTINGS) as readonly (keyof Settings)[]

/** All settings, those that are not given with their defaults. */
export function withDefaults(given: Partial<NewCentralSettings>): NewCentralSettings {
  const initial = Object.fromEntries(NAMES.map((name) => [name, SETTINGS[name].initial]))
  return { ...(initial as NewCentralSettings), ...given }
}

/**
 * Reads a value of `--newcentral`, such as `queue=none`.
 * @throws StreamError `usage`
 */
export function readSetting(text: string): Partial<NewCentralSettings> {
  const [, name = text, value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? []
  const known = NAMES.find((each) => each === name)
  if (known === undefined) {
    const all = NAMES.map((each) => `${each}=${SETTINGS[each].values}`).join(', ')
    throw new StreamError('usage', `expected NAME=VALUE, one of ${all}`)
  }
  const { read, values, meaning } = SETTINGS[known]
  const found = read(value)
  if (found !== undefined) return { [known]: found }
  throw new StreamError('usage', `${known}: expected ${values} (${meaning})`)
}

/** Puts settings together: the last one of a name holds; lists take them all. */
export function mergeSettings(
  settings: readonly Partial<NewCentralSettings>[],
): Partial<NewCentralSettings> {
  const merged: Record<string, unknown> = {}
  for (const [name, value] of settings.flatMap((each) => Object.entries(each))) {
    const before = merged[name]
    merged[name] = Array.isArray(value) && Array.isArray(before) ? [...before, ...value] : value
  }
  return merged
}
