import type { Option } from 'commander'
import { parseDuration } from '../clock.js'
import { StreamError } from '../errors.js'
import { LOG_LEVELS } from '../log.js'
import { parseHost } from '../net/host.js'
import { EXPORT_TYPES, MODULE_TYPE } from '../outputs/export-type.js'
import { loadCommonJs } from '../packages.js'
import { ALL_TOPICS, type ServiceName } from '../service.js'
import { DEFAULT_SIMULATION, readSetting } from '../simulator/settings.js'
import { maskTokens } from '../text.js'
import type { ListenAddress } from './settings.js'

const commander = loadCommonJs<typeof import('commander')>('commander')

/** Reads the value of an option; undefined where the text is not what is expected. */
type Value<T> = { readonly expected: string; readonly read: (text: string) => T | undefined }

const TEXT: Value<string> = { expected: 'a value', read: (text) => text }

/** The options of each command, in the order of its help. Each has one long name and no short one. */
export const OPTIONS = {
  stream: () => [
    ...reach(),
    option('--start_seq <N>', 'ask for messages from sequence number N on', integer),
    flag('--deliver_last', 'ask for the last message first'),
    flag('--deliver_all', 'ask for all messages that Central still has'),
    option('--since_time <DURATION>', 'ask for the messages of the past 1h, 5m, 1h30m', duration),
    flag('--no_reconnect', 'end a stream when its connection ends'),
    option('--record <FILE>', 'append every frame as received to FILE, for replay'),
    option(
      '--metrics <[HOST:]PORT>',
      'serve a status page, /metrics (Prometheus) and pages for probes',
      listenAddress,
    ),
    ...delivery(),
  ],
  check: () => [
    ...reach(),
    flag('--offline', 'check the file alone, without --hostname'),
    flag('--json', 'print the findings as JSON'),
  ],
  replay: () => delivery(),
  topics: () => [flag('--json', 'print the topics, or the fields of TOPIC, as JSON')],
  simulate: () => [
    option('--port <N>', 'listen on this port; 0: any free one', upTo(65_535, 'a port')).default(
      DEFAULT_SIMULATION.port,
    ),
    option(
      '--rate <N>',
      'messages a second for each topic of a customer; 0, with --frames: as fast as they are taken',
      upTo(100_000, 'messages a second', /^\d+(\.\d+)?$/),
    ).default(DEFAULT_SIMULATION.rate),
    option(
      '--count <N>',
      'send no more than N messages on each socket',
      upTo(Number.MAX_SAFE_INTEGER, 'a number of messages'),
    ),
    option('--frames <FILE>', 'send the frames of a recording, on each socket those of its topic'),
    flag('--loop', 'begin the --frames file again at its end'),
    repeatable(
      '--unsubscribed <TOPIC>',
      'refuse this topic as one that is not ticked; may be repeated',
      oneOf(ALL_TOPICS),
    ),
    repeatable(
      '--expired_key <KEY>',
      'answer the validation of this key with a renewed one; may be repeated',
    ),
    repeatable('--refused_key <KEY>', 'refuse this key; may be repeated'),
    option(
      '--flaky <SECONDS>',
      'break each connection at random after about SECONDS',
      upTo(86_400, 'seconds', /^\d+(\.\d+)?$/),
    ),
    option(
      '--write_input <FILE>',
      'write an input file with three customers to try with; it must not exist yet',
    ),
    option('--services <LIST>', 'whose customers that file has: classic, newcentral', services),
    repeatable(
      '--newcentral <NAME=VALUE>',
      'what New Central does where that is not known; may be repeated',
      { expected: 'NAME=VALUE', read: readSetting },
    ),
    option('--tls_cert <FILE>', 'a certificate, PEM: speak TLS'),
    option('--tls_key <FILE>', "the certificate's key, PEM"),
  ],
}

/** How Central is reached. */
function reach(): Option[] {
  return [
    option(
      '--hostname <HOST>',
      "base URL from Central's Streaming page; only needed where an entry has none",
      host,
    ),
    option('--jsoninput <FILE>', 'the input file: customers, keys and topics; - is stdin'),
    flag('--no_valid_cert', 'do not verify certificates (for tests only)'),
  ]
}

/** What becomes of frames. */
function delivery(): Option[] {
  const types = [...Object.values(EXPORT_TYPES), MODULE_TYPE].join(', ')
  return [
    flag('--decode_data', 'print each decoded message on stdout'),
    // How the reference script's own documentation spells it.
    flag('--decode_decode', '').hideHelp(),
    flag('--rows', 'print flat rows in place of records, one JSON object a line'),
    flag('--brief', 'print one line for people a row: time, entry, what it is about'),
    repeatable('--export_data <TYPE>', `send each message to TYPE: ${types}; may be repeated`),
    option(
      '--transform <FILE>',
      'a module that keeps, changes or drops each record before every output',
    ),
    flag('--readable', 'MAC and IP addresses and network names as text instead of base64'),
    option('--proto_dir <DIR>', 'use the .proto files in DIR in place of the ones shipped'),
    option('--dead_letter <FILE>', 'append what could not be decoded or exported to FILE'),
    option(
      '--stats_interval <SECONDS>',
      'how often to log the counters; 0: never (default: 60; 0 on a terminal)',
      seconds,
    ),
    option('--log_format <FORMAT>', 'text or json', oneOf(['text', 'json'])).default('text'),
    option('--log_level <LEVEL>', LOG_LEVELS.join(', '), oneOf(LOG_LEVELS)).default('info'),
  ]
}

function flag(flags: string, description: string): Option {
  return new commander.Option(flags, description)
}

function option<T>(flags: string, description: string, value?: Value<T>): Option {
  const made = flag(flags, description)
  let given = false
  return made.argParser((text: string) => {
    // Commander would take the last one silently.
    if (given) throw new StreamError('usage', `${made.long} is there twice; expected it once`)
    given = true
    return readValue(made, text, value)
  })
}

/** An option whose values make a list. */
function repeatable<T>(flags: string, description: string, value?: Value<T>): Option {
  const made = flag(flags, description)
  return made.argParser((text: string, before: readonly unknown[] = []) => [
    ...before,
    readValue(made, text, value),
  ])
}

function readValue({ long }: Option, text: string, value: Value<unknown> = TEXT): unknown {
  const wrong = (problem: string) => new StreamError('usage', `${long}: ${problem}`)
  if (text === '') throw wrong('expected a value; got nothing')
  // This comes where a shell variable was empty.
  if (/^--[a-z]/.test(text)) throw wrong('expected a value; got the next option')
  let read: unknown
  try {
    read = value.read(text)
  } catch (error) {
    throw error instanceof StreamError ? wrong(error.message) : error
  }
  if (read !== undefined) return read
  throw wrong(`expected ${value.expected}; got ${maskTokens(JSON.stringify(text))}`)
}

const host = { expected: 'a host', read: parseHost }

/** Sequence numbers have 64 bits. */
const integer: Value<bigint> = {
  expected: 'an integer',
  read: (text) => (/^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined),
}

/** The header carries the duration as it is written. */
const duration: Value<string> = {
  expected: 'a duration such as 1h, 5m, 10s or 1h30m',
  read: (text) => (parseDuration(text) === undefined ? undefined : text),
}

/** Milliseconds. A timer takes 31 bits of them; a longer one would fire at once. */
const seconds: Value<number> = {
  expected: 'seconds, such as 60, or 0 for never',
  read: (text) =>
    /^\d+(\.\d+)?$/.test(text) && Number(text) * 1000 < 2 ** 31 ? Number(text) * 1000 : undefined,
}

/** `PORT`, `:PORT`, `HOST:PORT` or `[IPv6]:PORT`. */
const listenAddress: Value<ListenAddress> = {
  expected: '[HOST:]PORT, such as 9464 or 0.0.0.0:9464',
  read(text) {
    const form = /^(?:(?:\[([^\]]+)\]|([^:]*)):)?(\d{1,5})$/
    const [, bracketed, plain, digits] = form.exec(text) ?? []
    if (digits === undefined || Number(digits) > 65_535) return undefined
    return { host: bracketed ?? (plain || '127.0.0.1'), port: Number(digits) }
  },
}

const services: Value<readonly ServiceName[]> = {
  expected: 'classic, newcentral, or both with a comma',
  read(text) {
    const names = ['classic', 'newcentral'] as const
    const found = text.split(',').map((each) => names.find((name) => name === each))
    return found.every((each) => each !== undefined) ? found : undefined
  },
}

function upTo(most: number, what: string, form = /^\d+$/): Value<number> {
  return {
    expected: `${what}, at most ${most}`,
    read: (text) => (form.test(text) && Number(text) <= most ? Number(text) : undefined),
  }
}

function oneOf<T extends string>(allowed: readonly T[]): Value<T> {
  return {
    expected: `one of ${allowed.join(', ')}`,
    read: (text) => allowed.find((each) => each === text),
  }
}
