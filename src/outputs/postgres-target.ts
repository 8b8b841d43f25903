import { readFile, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { fileErrorText, StreamError } from '../errors.js'
import { redactUrl } from '../net/redact.js'
import { decodeText, readType, textForm } from './export-type.js'
import type { OutputContext } from './output.js'

/** `postgres://USER@HOST:PORT/DATABASE?table=NAME`, read. */
export type PostgresTarget = {
  /** Without brackets where it is an IPv6 address. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** The table with quotes, so that it may be a word of SQL. */
  readonly table: string
  /** The target as messages name it. */
  readonly name: string
}

const EXPECTED = '--export_data: expected postgres://[USER@]HOST[:PORT]/DATABASE[?table=NAME]'
const DEFAULT_PORT = 5432
const DEFAULT_TABLE = 'aruba_stream'
const OPTIONS = {
  /** Without capitals: a query that names the table without quotes would look for it in small letters. */
  table: textForm(
    /^[a-z_][a-z\d_]{0,62}(\.[a-z_][a-z\d_]{0,62})?$/,
    'small letters, digits and "_", with a schema and a dot before it or not',
  ),
}
/** Others must not read a file with passwords. */
const GROUP_AND_WORLD = 0o077

type Environment = Pick<OutputContext, 'env' | 'cwd'>

/** @throws StreamError `exporter-unusable` or `usage`; a password is never quoted */
export function parsePostgresTarget(type: string, env: OutputContext['env']): PostgresTarget {
  const [, login = ''] = /^\w+:\/\/(.*)@/s.exec(type) ?? []
  if (login.includes(':')) {
    throw unusable(
      `${EXPECTED}; no password in the URL, which every user of this machine can read; ` +
        'set PGPASSWORD or PGPASSFILE',
    )
  }
  const { target, options } = readType(type, OPTIONS)
  const wrong = (why: string) =>
    unusable(`${EXPECTED}; got ${JSON.stringify(redactUrl(target))} (${why})`)
  if (!URL.canParse(target)) throw wrong('it is no URL')
  const { hostname, port, username, pathname, hash } = new URL(target)
  if (!/^([\w.-]+|\[[\da-f:.]+\])$/i.test(hostname)) {
    throw wrong(hostname === '' ? 'the host is missing' : `"${hostname}" is not one host`)
  }
  const database = decodeText(pathname.slice(1))
  if (!database || database.includes('/')) throw wrong('the path is the name of one database')
  if (hash !== '') throw wrong('options stand behind "?"')
  const { table = DEFAULT_TABLE } = options
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || DEFAULT_PORT,
    database,
    user: decodeText(username) || env.PGUSER || userInfo().username,
    table: table.replaceAll(/[^.]+/g, '"$&"'),
    name: redactUrl(target),
  }
}

/**
 * How the connection is protected, by `PGSSLMODE`: what to try first, and what to try where the server
 * does not speak TLS.
 * @throws StreamError `exporter-unusable` where there is no such mode
 */
export function tlsOf({ PGSSLMODE: mode }: OutputContext['env']): (ConnectionOptions | false)[] {
  const unverified = { rejectUnauthorized: false }
  if (!mode || mode === 'prefer' || mode === 'allow') return [unverified, false]
  if (mode === 'disable') return [false]
  if (mode === 'require') return [unverified]
  if (mode === 'verify-ca') return [{ checkServerIdentity: () => undefined }]
  if (mode === 'verify-full') return [{}]
  throw unusable('PGSSLMODE: expected disable, prefer, require, verify-ca or verify-full')
}

/**
 * The password from `PGPASSWORD`, else from `PGPASSFILE`, else from `~/.pgpass`; undefined where none is
 * set.
 * @throws StreamError `exporter-unusable` where the file cannot be used; it is never quoted
 */
export async function readPassword(
  target: PostgresTarget,
  { env, cwd }: Environment,
): Promise<string | undefined> {
  if (env.PGPASSWORD) return env.PGPASSWORD
  const own = env.PGPASSFILE
  if (!own && !env.HOME) return undefined
  const path = own ? resolve(cwd, own) : join(env.HOME ?? '', '.pgpass')
  try {
    const { mode } = await stat(path)
    const open = (mode & GROUP_AND_WORLD) !== 0
    if (open) throw unusable(`${path}: other users may read it; run: chmod 600 ${path}`)
    return findPassword(await readFile(path, 'utf8'), target)
  } catch (error) {
    if (error instanceof StreamError) throw error
    if (!own) return undefined
    throw unusable(`PGPASSFILE: cannot read ${own}: ${fileErrorText(error)}`)
  }
}

/** The password of the first line `HOST:PORT:DATABASE:USER:PASSWORD` that fits. */
function findPassword(text: string, target: PostgresTarget): string | undefined {
  const wanted = [target.host, String(target.port), target.database, target.user]
  for (const line of text.split(/\r?\n/)) {
    const [password, ...fields] = splitPassLine(line).reverse()
    const given = fields.reverse()
    const fits =
      given.length === 4 && wanted.every((each, at) => ['*', each].includes(given[at] ?? ''))
    if (fits && !line.startsWith('#')) return password
  }
  return undefined
}

/** Five fields; a backslash stands before a colon or backslash that belongs to a field. */
function splitPassLine(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|:)((?:\\.|[^:\\])*)/g), ([, field = '']) =>
    field.replaceAll(/\\(.)/g, '$1'),
  )
}

function unusable(message: string): StreamError {
  return new StreamError('exporter-unusable', message)
}
