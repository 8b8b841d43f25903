import { timeText } from '../decode/time-text.js'
import { errorText, type FailureCode, StreamError } from '../errors.js'
import { networkError } from '../net/network-error.js'
import { quotePeer } from '../net/redact.js'
import type { Secret } from '../secret.js'
import type { StreamMessage } from '../service.js'
import { messageId } from './output.js'
import { isWithoutTls } from './postgres-client.js'
import type { PostgresTarget } from './postgres-target.js'

export function createTableSql(table: string): string {
  return `create table if not exists ${table} (
    "time" timestamptz not null,
    id text not null,
    received timestamptz not null,
    customer text not null,
    topic text not null,
    type text,
    customer_id text,
    "timestamp" text,
    envelope jsonb,
    data jsonb,
    primary key ("time", id)
  )`
}

/**
 * One statement, unnamed and without state of a session, so that it works behind a pooler. Rows are
 * inserted in the order of their key: two collectors that insert the same rows in different orders
 * would wait for each other. `offset 0` keeps each line from being parsed once for each column.
 */
export function insertSql(table: string): string {
  return `insert into ${table}
      ("time", id, received, customer, topic, type, customer_id, "timestamp", envelope, data)
    select "time", id, received, customer, topic,
      record->>'type', record->>'customer_id', record->>'timestamp',
      record - '{customer,topic,type,customer_id,timestamp,time,data}'::text[], record->'data'
    from (
      select line::jsonb as record, "time", id, received, customer, topic
      from unnest(
        string_to_array($1::text, chr(10)), $2::timestamptz[], $3::text[], $4::timestamptz[],
        $5::text[], $6::text[]
      ) as message (line, "time", id, received, customer, topic)
      offset 0
    ) as records
    order by "time", id
    on conflict ("time", id) do nothing`
}

/** The values of the insert: the lines as one text, then a list for each of the other columns. */
export function rowsOf(
  messages: readonly StreamMessage[],
  lines: readonly Uint8Array[],
): readonly unknown[] {
  return [
    // As bytes: a list of texts would have each of its quotes escaped.
    Buffer.concat(lines).subarray(0, -1),
    messages.map(({ timestamp }) => momentText(timestamp)),
    messages.map(messageId),
    messages.map(({ receivedAt }) => new Date(receivedAt).toISOString()),
    messages.map(({ customer }) => customer),
    messages.map(({ topic }) => topic),
  ]
}

const NANOS_PER_MICRO = 1000n
const MICROS_PER_SECOND = 1_000_000n

/**
 * A timestamp in nanoseconds as PostgreSQL's type holds it, in microseconds. Without one, or outside of the
 * years 1 to 9999, it is the first moment of 1970. It is never the time of receipt, which differs each
 * time a frame is received.
 */
function momentText(timestamp = 0n): string {
  const micros = floorDivide(timestamp, NANOS_PER_MICRO)
  const seconds = floorDivide(micros, MICROS_PER_SECOND)
  const nanos = Number((micros - seconds * MICROS_PER_SECOND) * NANOS_PER_MICRO)
  return timeText(Number(seconds), nanos) ?? EPOCH
}

const EPOCH = '1970-01-01T00:00:00Z'

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return quotient * divisor > value ? quotient - 1n : quotient
}

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
    ({ table }) => `fix ${table}, or move it away and it is made again`,
  ],
  [/^25006$/, 'unavailable', () => 'it is read-only at present'],
  [/^57014$/, 'timed-out', () => 'its statement_timeout may be too short'],
  [/^08|^57P0[12]$/, 'connection-lost', () => ''],
]

/** The code of PostgreSQL that an error of the server, or one made of it, carries. */
function sqlState(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  if (error instanceof StreamError) return sqlState(cause)
  return typeof code === 'string' && /^[\dA-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined
}

/** That the server wants a password and none is set. */
export function passwordMissing({ name, user }: PostgresTarget): StreamError {
  const why = `${name} asks for the password of "${user}"; set PGPASSWORD, or a line in PGPASSFILE`
  return new StreamError('output-refused', why, { cause: { code: '28P01' } })
}

export function isTableMissing(error: unknown): boolean {
  return sqlState(error) === '42P01'
}

/** Whether another collector makes the table at the same time. */
export function isMadeByOthers(error: unknown): boolean {
  return ['42P07', '42710', '23505', 'XX000'].includes(sqlState(error) ?? '')
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
