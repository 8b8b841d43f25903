import { timeText } from '../decode/time-text.js'
import type { StreamMessage } from '../service.js'
import { messageId } from './output.js'

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
