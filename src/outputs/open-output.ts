import { StreamError } from '../errors.js'
import { redactUrl } from '../net/redact.js'
import { closest } from '../suggest.js'
import { printable } from '../text.js'
import { DEFAULT_JSON_PATH } from './json-path.js'
import type { Exporter, ExporterContext, OpenExporter } from './output.js'
import { EXPORT_TYPES, MODULE_TYPE, OTHER_WAYS } from './types.js'

type Kind = {
  /** The TYPE is `NAME[:PATH]`, and the target what follows the colon; else both are `NAME://…`. */
  readonly path?: true
  /** The one file that is written, where it is one. */
  file?(target: string): string | undefined
  /** Loads the module only when the TYPE is used: start-up pays for nothing else. */
  load(): Promise<OpenExporter>
}

/** What stands behind every TYPE but modules. */
const KINDS: Readonly<Record<keyof typeof EXPORT_TYPES, Kind>> = {
  json: {
    path: true,
    file: (target) => (target.endsWith('/') ? undefined : target || DEFAULT_JSON_PATH),
    load: async () => (await import('./json.js')).openJson,
  },
  csv: {
    path: true,
    load: async () => (await import('./csv.js')).openCsv,
  },
  tcp: { load: async () => (await import('./tcp.js')).openTcp },
  tls: { load: async () => (await import('./tcp.js')).openTcp },
  http: { load: async () => (await import('./http.js')).openHttp },
  https: { load: async () => (await import('./http.js')).openHttp },
  nats: { load: async () => (await import('./nats.js')).openNats },
}

function isKind(name: string): name is keyof typeof EXPORT_TYPES {
  return Object.hasOwn(KINDS, name)
}

/** The one file that a TYPE writes, where it is one. */
export function fileOf(type: string): string | undefined {
  const [, name = '', rest = ''] = /^(\w+):?(.*)$/s.exec(type) ?? []
  return isKind(name) ? KINDS[name].file?.(rest) : undefined
}

/**
 * Opens the exporter that a TYPE of `--export_data` names.
 * @throws StreamError `usage` where there is no such TYPE, `exporter-unusable` where it cannot be opened
 */
export async function openExporter(type: string, context: ExporterContext): Promise<Exporter> {
  if (/^[./]/.test(type)) {
    const { openModule } = await import('./module.js')
    return openModule(type, context)
  }
  const [, name = '', colon, rest = ''] = /^([^:]*)(:)?(.*)$/s.exec(type) ?? []
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
  // A path without its "./" is the likelier slip where there is a dot or a slash in the name.
  const meant = /[./]/.test(name) ? `./${shown(type)}` : closest(name, Object.keys(EXPORT_TYPES))
  return new StreamError('usage', meant ? `${got} (did you mean "${meant}"?)` : got)
}

function shown(type: string): string {
  return printable(redactUrl(type), 200)
}
