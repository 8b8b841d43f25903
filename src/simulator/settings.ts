import { isTopic, TOPICS, type Topic } from '../classic/topics.js'
import { StreamError } from '../errors.js'

/** What `aruba-stream simulate` is asked to do. */
export type SimulateSettings = {
  readonly port: number
  /** Messages a second and topic. With a file of frames 0: as fast as they are taken. */
  readonly rate: number
  /** Send the frames of this file in place of made-up traffic. */
  readonly framesFile: string | undefined
  /** Begin the file again at its end. */
  readonly loop: boolean
  /** Messages for each socket; undefined: no end. */
  readonly count: number | undefined
  readonly unsubscribed: readonly Topic[]
  /** Keys for which validation answers a renewed one. */
  readonly expiredKeys: readonly string[]
  readonly refusedKeys: readonly string[]
  /** Break each socket at random after about so many seconds. */
  readonly flakySeconds: number | undefined
  /** Write an input file to try with; it must not exist. */
  readonly inputFile: string | undefined
}

/** An option of the command line: for commander, and for the help. */
export type SimulateOption = {
  readonly flags: string
  readonly description: string
  /** May be given more than once; its values make a list. */
  readonly repeatable?: true
}

/** Default of `--port`. */
export const DEFAULT_PORT = 8765
/** Default of `--rate`. */
const DEFAULT_RATE = 2

/** The options of `aruba-stream simulate`, in the order of its help. */
export const SIMULATE_OPTIONS: readonly SimulateOption[] = [
  {
    flags: '--port <N>',
    description: `listen on this port (default: ${DEFAULT_PORT}; 0: any free one)`,
  },
  {
    flags: '--rate <N>',
    description: `messages a second for each topic of a customer (default: ${DEFAULT_RATE}); 0 with --frames: as fast as they are taken`,
  },
  { flags: '--count <N>', description: 'send no more than N messages on each socket' },
  {
    flags: '--frames <FILE>',
    description: 'send the frames of a recording, those of its topic on each socket',
  },
  { flags: '--loop', description: 'begin the --frames file again at its end' },
  {
    flags: '--unsubscribed <TOPIC>',
    description: 'refuse this topic as one that is not ticked; may be repeated',
    repeatable: true,
  },
  {
    flags: '--expired_key <KEY>',
    description: 'answer the validation of this key with a renewed one; may be repeated',
    repeatable: true,
  },
  {
    flags: '--refused_key <KEY>',
    description: 'refuse this key; may be repeated',
    repeatable: true,
  },
  {
    flags: '--flaky <SECONDS>',
    description: 'break each connection at random after about so many seconds',
  },
  {
    flags: '--write_input <FILE>',
    description: 'write an input file with three customers to try with; it must not exist yet',
  },
]

type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/**
 * Reads the options as commander hands them over, by their long names.
 * @throws StreamError `usage`
 */
export function simulateSettings(values: Values): SimulateSettings {
  const framesFile = text(values, 'frames')
  const rate =
    number(values, 'rate', /^\d+(\.\d+)?$/, 100_000, 'messages a second, such as 10') ??
    DEFAULT_RATE
  if (rate === 0 && framesFile === undefined) {
    throw new StreamError(
      'usage',
      '--rate: expected more than 0 where there is no --frames; got "0"',
    )
  }
  if (values.loop && framesFile === undefined) {
    throw new StreamError('usage', '--loop: expected --frames FILE beside it')
  }
  return {
    port: number(values, 'port', /^\d{1,5}$/, 65_535, 'a port number') ?? DEFAULT_PORT,
    rate,
    framesFile,
    loop: Boolean(values.loop),
    count: number(values, 'count', /^\d+$/, Number.MAX_SAFE_INTEGER, 'a number of messages'),
    unsubscribed: list(values, 'unsubscribed').map(topic),
    expiredKeys: list(values, 'expired_key'),
    refusedKeys: list(values, 'refused_key'),
    flakySeconds: number(values, 'flaky', /^\d+(\.\d+)?$/, 86_400, 'seconds, such as 30'),
    inputFile: text(values, 'write_input'),
  }
}

function number(
  values: Values,
  name: string,
  form: RegExp,
  most: number,
  expected: string,
): number | undefined {
  const value = text(values, name)
  if (value === undefined) return undefined
  if (form.test(value) && Number(value) <= most) return Number(value)
  throw new StreamError(
    'usage',
    `--${name}: expected ${expected}, at most ${most}; got ${JSON.stringify(value)}`,
  )
}

function topic(value: string): Topic {
  if (isTopic(value)) return value
  throw new StreamError(
    'usage',
    `--unsubscribed: expected one of ${TOPICS.join(', ')}; got ${JSON.stringify(value)}`,
  )
}

function text(values: Values, name: string): string | undefined {
  const value = values[name]
  if (value === '') throw new StreamError('usage', `--${name}: expected a value; got nothing`)
  return typeof value === 'string' ? value : undefined
}

function list(values: Values, name: string): readonly string[] {
  const value = values[name]
  return Array.isArray(value) ? value : []
}
