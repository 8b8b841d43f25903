import { StreamError } from '../errors.js'
import { MASK, redactUrl } from '../net/redact.js'
import { closest, printable } from '../text.js'

/** How each TYPE of `--export_data` is written, by its name: what help and errors list. */
export const EXPORT_TYPES = {
  json: 'json[:PATH]',
  csv: 'csv[:FOLDER]',
  tcp: 'tcp://HOST:PORT',
  tls: 'tls://HOST:PORT',
  http: 'http://HOST/PATH',
  https: 'https://HOST/PATH',
  nats: 'nats://HOST:4222/PREFIX',
  kafka: 'kafka://HOST:9092/PREFIX',
  kafkas: 'kafkas://HOST:9092/PREFIX',
  postgres: 'postgres://HOST/DATABASE',
} as const

/** How a module is written; it is known by the dot or slash that it starts with. */
export const MODULE_TYPE = './MODULE.mjs'

const STDOUT_WAY = '--decode_data prints records on stdout'
const MODULE_WAY = `write a module, ${MODULE_TYPE}, that sends each record`

/** What people ask for that is no TYPE, and how records get there. */
export const OTHER_WAYS: ReadonlyMap<string, string> = new Map([
  [
    'mqtt',
    'print records with --decode_data, and pipe them to mosquitto_pub -h BROKER -t TOPIC -l',
  ],
  ...['elasticsearch', 'opensearch', 'mysql', 'mongodb', 'amqp', 'syslog'].map(
    (name) => [name, MODULE_WAY] as const,
  ),
  ...['influxdb', 'sqlite'].map(
    (name) => [name, `use the module examples/${name}.mjs of the package`] as const,
  ),
  ...['-', 'stdout', 'console'].map((name) => [name, STDOUT_WAY] as const),
  ['file', 'write json:PATH'],
  ['postgresql', `write ${EXPORT_TYPES.postgres}`],
])

/** How the value of an option is written, and read. */
export type OptionForm<Value> = {
  /** What is expected, for the message: `SIZE,COUNT such as 100MB,10`. */
  readonly expected: string
  /**
   * @param value undefined for a name without `=`
   * @returns undefined where the value is wrong
   */
  read(value: string | undefined): Value | undefined
}

/** The options of one kind of output, by name. */
type OptionForms = { readonly [name: string]: OptionForm<unknown> }

/** What was given of these options. */
type OptionsOf<Forms extends OptionForms> = {
  readonly [Name in keyof Forms]?: Forms[Name] extends OptionForm<infer Value> ? Value : never
}

/** An option that is on when it is named, and takes no value. */
export const FLAG: OptionForm<true> = {
  expected: 'no value behind it',
  read: (value) => (value === undefined ? true : undefined),
}

/** The option of outputs of lines that makes them send rows in place of records. */
export const ROWS = { rows: FLAG }

/** A text that the pattern fits. */
export function textForm(pattern: RegExp, expected: string): OptionForm<string> {
  return {
    expected,
    read: (value) => (value !== undefined && pattern.test(value) ? value : undefined),
  }
}

/** One of these words. */
export function wordForm(...words: readonly string[]): OptionForm<string> {
  return {
    expected: words.join(' or '),
    read: (value) => words.find((word) => word === value),
  }
}

/** A whole number. */
export function numberForm(least: number, most: number): OptionForm<number> {
  return {
    expected: `a number from ${least} to ${most}`,
    read: (value = '') => {
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
      return number >= least && number <= most ? number : undefined
    },
  }
}

/**
 * A TYPE without its options, and what stands behind the mark: `#` for http, where the query is the other
 * side's, else `?`.
 */
export function splitType(type: string): { readonly target: string; readonly options: string } {
  const at = type.indexOf(/^https?:/i.test(type) ? '#' : '?')
  return at === -1
    ? { target: type, options: '' }
    : { target: type.slice(0, at), options: type.slice(at + 1) }
}

/**
 * A TYPE with its options, for a command line that is logged. Masked are the login, the query of http, and
 * the values of a module's options: any of them may be a secret.
 */
export function redactType(type: string): string {
  const { target, options } = splitType(type)
  const query = /^https?:[^?]*\?/i.test(target) ? `?${MASK}` : ''
  const mark = type.slice(target.length, target.length + 1)
  const isModule = /^[./]/.test(type)
  return (
    redactUrl(target) + query + mark + (isModule ? options.replace(/=[^&]+/g, `=${MASK}`) : options)
  )
}

/**
 * What logs and metrics call an output. Two that differ only in what is masked, as webhooks of one host do, must
 * be told apart.
 */
export function outputName(type: string, others: readonly { readonly name: string }[]): string {
  const name = redactUrl(type)
  const same = others.filter((other) => withoutNumber(other.name) === name).length
  return same === 0 ? name : `${name} (${same + 1})`
}

/** The name of an output as its own messages have it. */
export function withoutNumber(name: string): string {
  return name.replace(/ \(\d+\)$/, '')
}

/** Options as names and values, in their order: `a=1&b`, behind `#` also with commas. */
export function optionPairs(type: string): [name: string, value: string | undefined][] {
  const { target, options } = splitType(type)
  const separator = type[target.length] === '#' ? /[&,]/ : '&'
  return options
    .split(separator)
    .filter((option) => option !== '')
    .map((option) => {
      const [name = '', ...value] = option.split('=')
      return [decodeText(name), value.length === 0 ? undefined : decodeText(value.join('='))]
    })
}

/**
 * Reads the options of a TYPE.
 * @param kind stands before a target that is only a path: `json`
 * @throws StreamError `usage` where an option is not known, given twice, or has a wrong value
 */
export function readType<Forms extends OptionForms>(
  type: string,
  forms: Forms,
  kind = '',
): { readonly target: string; readonly options: OptionsOf<Forms> } {
  const { target } = splitType(type)
  const named = [kind, target].filter(Boolean).join(':')
  const wrong = (why: string) =>
    new StreamError('usage', `--export_data ${redactUrl(named)}: ${why}`)
  const names = Object.keys(forms)
  const options = new Map<string, unknown>()
  for (const [name, value] of optionPairs(type)) {
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined
    if (!form) throw wrong(unknownOption(name, names))
    if (options.has(name)) throw wrong(`expected the option "${name}" once; got it twice`)
    const read = form.read(value)
    if (read === undefined) throw wrong(`${name}: expected ${form.expected}; got ${shown(value)}`)
    options.set(name, read)
  }
  return { target, options: Object.fromEntries(options) as OptionsOf<Forms> }
}

/** How a TYPE with several hosts is written, for its errors. */
type ServersForm = {
  readonly expected: string
  /** The variables that a login is in. */
  readonly login: string
  readonly defaultPort: number
}

/**
 * Reads a TYPE that names several hosts and a prefix: `nats://HOST:PORT,HOST:PORT/PREFIX?OPTIONS`.
 * @returns what it holds, and `wrong`, which makes the error for another fault of it
 * @throws StreamError `exporter-unusable` or `usage`; a login is never quoted
 */
export function readServers<Forms extends OptionForms>(
  type: string,
  forms: Forms,
  { expected, login, defaultPort }: ServersForm,
) {
  const unusable = (why: string) => new StreamError('exporter-unusable', `${expected}${why}`)
  if (type.includes('@')) {
    const why = 'no user or password in the URL, which every user of this machine can read'
    throw unusable(`; ${why}; set ${login}`)
  }
  const { target, options } = readType(type, forms)
  const wrong = (why: string) => unusable(`; got ${JSON.stringify(redactUrl(target))} (${why})`)
  const [, scheme = '', hosts = '', prefix = ''] =
    /^(\w+):\/\/([^/#]*)\/?([^#]*)$/s.exec(target) ?? []
  const servers = hosts.split(',').map((host) => {
    try {
      const { hostname, port } = new URL(`tcp://${host}`)
      if (hostname !== '' && port !== '0') return { hostname, port: Number(port || defaultPort) }
    } catch {}
    throw wrong(host === '' ? 'a host is missing' : `"${host}" is no host`)
  })
  if (!/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(prefix)) {
    throw wrong('the prefix is words of letters, digits, "_" and "-" with dots between them')
  }
  return { scheme, servers, prefix, options, wrong }
}

function unknownOption(name: string, names: readonly string[]): string {
  // What is no name may be a part of a login.
  const got = `got ${/^[\w.-]{1,40}$/.test(name) ? `"${name}"` : 'something else'}`
  if (names.length === 0) return `expected no options; ${got}`
  const meant = closest(name, names)
  const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`
  return `expected the option ${names.join(' or ')}; ${got}${hint}`
}

function shown(value: string | undefined): string {
  return value === undefined ? 'no value' : `"${printable(value, 100)}"`
}

/** Without percent-encoding; the text itself where that is wrong. */
export function decodeText(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
