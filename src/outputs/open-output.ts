import { StreamError } from '../errors.js'
import type { NamedFile } from '../files/distinct-files.js'
import { pathFrom } from '../files/open-file.js'
import { type Logger, loggerTo } from '../log.js'
import { redactUrl } from '../net/redact.js'
import type { Program } from '../program.js'
import { closest, printable, withoutStart } from '../text.js'
import { EXPORT_TYPES, MODULE_TYPE, OTHER_WAYS, splitType, withoutNumber } from './export-type.js'
import type { OpenOutput, Output, OutputContext } from './output.js'
import type { OutputsSettings } from './outputs.js'

type Kind = {
  /** The TYPE is `NAME[:PATH][?OPTIONS]`, and the target what follows the colon; else both are `NAME://…`. */
  readonly path?: true
  /** The file that is written, or the folder and how its files end; and how many are kept by rotation. */
  writes?(target: string, type: string): Promise<Omit<NamedFile, 'option'>>
  /** Loads the module only when the TYPE is used: start-up pays for nothing else. */
  load(): Promise<OpenOutput>
}

/** How each TYPE is opened, modules aside. */
const KINDS: Readonly<Record<keyof typeof EXPORT_TYPES, Kind>> = {
  json: {
    path: true,
    async writes(path, type) {
      const { DEFAULT_JSON_PATH, JSON_ENDING, rotationOf } = await import('./json.js')
      const rotation = rotationOf(type)
      return {
        ...(path.endsWith('/')
          ? { path, ending: JSON_ENDING }
          : { path: path || DEFAULT_JSON_PATH }),
        ...(rotation && { keep: rotation.keep }),
      }
    },
    load: async () => (await import('./json.js')).openJson,
  },
  csv: {
    path: true,
    async writes(target) {
      const { CSV_ENDING, csvFolder } = await import('./csv.js')
      return { path: csvFolder(target), ending: CSV_ENDING }
    },
    load: async () => (await import('./csv.js')).openCsv,
  },
  tcp: { load: async () => (await import('./tcp.js')).openTcp },
  tls: { load: async () => (await import('./tcp.js')).openTcp },
  http: { load: async () => (await import('./http.js')).openHttp },
  https: { load: async () => (await import('./http.js')).openHttp },
  nats: { load: async () => (await import('./nats.js')).openNats },
  kafka: { load: async () => (await import('./kafka.js')).openKafka },
  kafkas: { load: async () => (await import('./kafka.js')).openKafka },
  postgres: { load: async () => (await import('./postgres.js')).openPostgres },
}

function isKind(name: string): name is keyof typeof EXPORT_TYPES {
  return Object.hasOwn(KINDS, name)
}

/** What must not be written: the input, and the file that stdout was redirected to. */
export function filesRead({ source, print }: OutputsSettings, { stdout }: Program): NamedFile[] {
  const redirected = print && stdout.file !== undefined
  return [
    ...(source ? [source] : []),
    ...(redirected ? [{ option: 'stdout', path: `/dev/fd/${stdout.file}` }] : []),
  ]
}

/** What a command line has written on this machine. Relative paths start from `cwd`. */
export async function filesWritten(
  settings: OutputsSettings,
  cwd: string,
): Promise<readonly NamedFile[]> {
  const { recordFile, deadLetterFile, exports } = settings
  return [
    ...(recordFile ? [{ option: `--record ${recordFile}`, path: recordFile }] : []),
    ...(deadLetterFile
      ? [{ option: `--dead_letter ${deadLetterFile}`, path: deadLetterFile }]
      : []),
    ...(await Promise.all(exports.map((type) => filesOf(type, cwd)))).flat(),
  ]
}

export async function filesOf(type: string, cwd: string): Promise<readonly NamedFile[]> {
  const [, name = '', rest = ''] = /^(\w+):?(.*)$/s.exec(type) ?? []
  const { target } = splitType(rest)
  const written = isKind(name) ? await KINDS[name].writes?.(target, rest) : undefined
  if (!written) return []
  return [{ option: `--export_data ${type}`, ...written, path: pathFrom(cwd, written.path) }]
}

/**
 * Opens the output that a TYPE of `--export_data` names.
 * @throws StreamError `usage` where there is no such TYPE, `exporter-unusable` where it cannot be opened
 */
export async function openOutput(type: string, context: OutputContext): Promise<Output> {
  if (/^[./]/.test(type)) {
    const { openModule } = await import('./module.js')
    return openModule(type, context)
  }
  const [, name = '', colon, rest = ''] = /^([^:?]*)(:)?(.*)$/s.exec(type) ?? []
  if (!isKind(name)) throw unknownType(type, name)
  const kind = KINDS[name]
  if (kind.path ? colon && rest === '' : !rest.startsWith('//')) {
    const form = EXPORT_TYPES[name]
    throw new StreamError('usage', `--export_data: expected ${form}; got "${shown(type)}"`)
  }
  const open = await kind.load()
  return open(kind.path ? rest : type, context)
}

function unknownType(type: string, name: string): StreamError {
  const other = OTHER_WAYS.get(name.toLowerCase())
  if (other !== undefined) {
    return new StreamError('usage', `--export_data: "${shown(type)}" is no TYPE; ${other}`)
  }
  const forms = [...Object.values(EXPORT_TYPES), MODULE_TYPE]
  const got = `--export_data: expected one of ${forms.join(', ')}; got "${shown(type)}"`
  const lower = name.toLowerCase()
  const meant = isKind(lower) ? shown(lower + type.slice(name.length)) : meantBy(type, name)
  if (meant !== undefined) return new StreamError('usage', `${got} (did you mean "${meant}"?)`)
  // The name of a class of the sample script, which has one for each topic.
  const isClass = /^\w+export(?:er)?$/i.test(type)
  const hint = '; a class of wsclient_public.py becomes a module, see docs/coming-from-wsclient.md'
  return new StreamError('usage', isClass ? got + hint : got)
}

/** A path without its "./" or its TYPE is the likelier slip where a dot or a slash is in the name. */
function meantBy(type: string, name: string): string | undefined {
  if (!/[./]/.test(name)) return closest(name, Object.keys(EXPORT_TYPES))
  if (/\.(nd)?jsonl?$/.test(name)) return `json:${shown(type)}`
  if (/\.csv$/.test(name)) return 'csv:FOLDER'
  return /\.[cm]?[jt]s$/.test(name) ? `./${shown(type)}` : undefined
}

function shown(type: string): string {
  return printable(redactUrl(type), 200)
}

/** A logger whose lines carry the output's name, and so need not have it at their start. */
export function namedOnce(log: Logger, type: string): Logger {
  const own = log.child({ exporter: type })
  const shown = withoutNumber(type)
  const starts = [`--export_data ${shown}: `, `${shown}: `]
  return loggerTo((level, message, fields) => {
    const text = withoutStart(message, ...starts)
    const rest = withoutStart(text, `cannot reach ${shown}: `)
    own[level](rest === text ? text : `cannot be reached: ${rest}`, fields)
  })
}
