import { errorText, type FailureCode, StreamError } from '../errors.js'
import { networkError } from '../net/network-error.js'
import { quotePeer } from '../net/redact.js'
import type { Secret } from '../secret.js'
import { isWithoutTls } from './postgres-client.js'
import type { PostgresTarget } from './postgres-target.js'

/** What the codes of PostgreSQL (SQLSTATE) mean; the first entry that fits counts. */
const MEANINGS: readonly (readonly [
  codes: RegExp,
  code: FailureCode,
  advice: (target: PostgresTarget) => string,
])[] = [
  // A value that does not fit, breaks a constraint, or is past a limit; or a trigger says no.
  [/^(22|23|54)|^P0001$/, 'export-failed', () => ''],
  [/^28/, 'output-refused', () => 'check PGUSER, and PGPASSWORD or PGPASSFILE'],
  [/^3D000$/, 'output-refused', ({ database }) => `make it with: createdb ${database}`],
  [
    /^42P10$/,
    'output-refused',
    ({ table }) => `repeats need it: alter table ${table} add primary key (time, id)`,
  ],
  [
    /^42501$/,
    'output-refused',
    ({ table, user }) => `grant select, insert on ${table} to "${user}", and create on its schema`,
  ],
  [
    /^(42|3F|0A)/,
    'output-refused',
    ({ table }) => `mend ${table}, or move it away and it is made again`,
  ],
  [/^25006$/, 'unavailable', () => 'it is read-only at present'],
  [/^57014$/, 'timed-out', () => 'its statement_timeout may be too short'],
  [/^08|^57P0[12]$/, 'connection-lost', () => ''],
]

/** The code of PostgreSQL that an error of the server, or one made of it, carries. */
export function sqlState(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (error instanceof StreamError) return sqlState(cause)
  return typeof code === 'string' && /^[\dA-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined
}

/** That the server wants a password and none is set. */
export function passwordMissing({ name, user }: PostgresTarget): StreamError {
  const why = `${name} asks for the password of "${user}"; set PGPASSWORD, or a line in PGPASSFILE`
  return new StreamError('output-refused', why, { cause: { code: '28P01' } })
}

/** Whether the server has refused the login. */
export function isLoginRefused(error: StreamError): boolean {
  return sqlState(error)?.startsWith('28') ?? false
}

/**
 * What a fault means: `export-failed` where the server refuses what it was sent, else an error that is
 * retried.
 */
export function postgresFault(
  error: unknown,
  target: PostgresTarget,
  secrets: readonly Secret[],
): StreamError {
  const { name } = target
  if (error instanceof StreamError) {
    const { code, retry, message, cause } = error
    const named = message.startsWith(name) ? message : `${name}: ${message}`
    // Such as a password file that was removed meanwhile.
    return new StreamError(retry ? code : 'output-refused', named, { cause })
  }
  const state = sqlState(error)
  if (state !== undefined) {
    const [, code = 'unavailable', advice] = MEANINGS.find(([codes]) => codes.test(state)) ?? []
    const more = advice?.(target) ?? ''
    const said = quotePeer(errorText(error), secrets)
    const message = `${name}: ${said} (${state})${more === '' ? '' : `; ${more}`}`
    // Its code alone: the detail of the error may quote what was sent.
    return new StreamError(code, message, { cause: { code: state } })
  }
  if (isWithoutTls(error)) {
    const why = 'the server does not offer TLS, which PGSSLMODE asks for'
    return new StreamError('output-refused', `${name}: ${why}`)
  }
  const text = errorText(error)
  if (/timeout expired/.test(text)) {
    return new StreamError('timed-out', `${name}: no connection within 10 s`)
  }
  if (/terminated|ended|not queryable/i.test(text)) {
    return new StreamError('connection-lost', `${name}: the server closed the connection`)
  }
  return networkError(error, name)
}
