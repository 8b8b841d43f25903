import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { StreamError } from '../../src/errors.js'
import { openPostgres } from '../../src/outputs/postgres.js'
import type { StreamMessage } from '../../src/service.js'
import { closedPort } from '../helpers/central.js'
import { until, untilTicked } from '../helpers/clock.js'
import { type FakeContext, fakeContext, fakeMessage, numbers } from '../helpers/export-fakes.js'
import { replayTo } from '../helpers/here.js'
import { exportUnderKills } from '../helpers/mortal.js'
import { needs, SYSTEM_ENV } from '../helpers/needs.js'
import { noPostgres, type PostgresServer, startPostgres } from '../helpers/postgres-server.js'
import { sendOne } from '../helpers/send-one.js'
import { sized } from '../helpers/settings.js'
import { mountSmallDisk, noSmallDisk } from '../helpers/small-disk.js'
import { listen } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'

const live = { skip: noPostgres }
const MESSAGES = sized(10_000, 50_000)
const ENTRIES = 20
/** More than a small disk holds. */
const FILLING = sized(4_000, 40_000)

const messages = (count: number, customer = 'a') =>
  numbers(count).map((n) => fakeMessage(customer, n))
const spread = (count: number) => numbers(count).map((n) => fakeMessage(`c${n % ENTRIES}`, n))

/** A message with a character that jsonb refuses. */
function withNul(n: number): ReturnType<typeof fakeMessage> {
  const message = fakeMessage('a', n)
  const line = message.line.toString().replace('"pad":"', '"pad":"\\u0000')
  return { ...message, line: Buffer.from(line) }
}

/** An event of New Central without a time; each has other bytes. */
function fakeEvent(bytes: string) {
  const { customer, label, receivedAt } = fakeMessage('n', 0)
  const record = {
    ...{ customer, topic: 'wids' as const, timestamp: null, customer_id: 'c', id: '1' },
    ...{ type: 'w', source: 'source', data: {} },
  }
  const line = Buffer.from(`${JSON.stringify(record)}\n`)
  return { customer, label, receivedAt, record, line, frame: Buffer.from(bytes), part: 1 }
}

let databases = 0

/** An output to an empty database of its own, and what it reports. */
async function open(
  server: PostgresServer,
  {
    database = `d${++databases}`,
    login = 'postgres',
    query = '',
    port = server.port,
    made = true,
    readable = true,
    env = {},
  } = {},
) {
  if (made) await server.createDatabase(database)
  const context = fakeContext({ readable, env: { PGSSLMODE: 'disable', ...env } })
  const target = `postgres://${login}@127.0.0.1:${port}/${database}${query}`
  const output = await openPostgres(target, context)
  const sql = (text: string) => server.query(database, text)
  return { output, context, database, sql }
}

/** The numbers that a table holds, in order, with repeats. */
async function stored(server: PostgresServer, database: string, table = 'aruba_stream') {
  const text = `select (data->>'n')::int as n from ${table} order by n`
  return (await server.query(database, text)).map(({ n }) => n)
}

/** Numbers the rows of a table in the order in which they are stored. */
const NUMBERED = 'alter table aruba_stream add column nr bigint generated always as identity'

/** One a microsecond, which the column `time` tells apart. */
const apart = (all: readonly StreamMessage[]) =>
  all.map((message) => ({ ...message, timestamp: (message.timestamp ?? 0n) * 1000n }))

const settled = ({ counters }: FakeContext) => ({ ...counters, retried: 0 })
const counted = (delivered: number, givenUp = 0) => ({
  ...{ delivered, givenUp, retried: 0, kept: 0, waiting: 0 },
})
const linesOf = ({ logged }: FakeContext) =>
  logged.map(({ level, message }) => `${level} ${message}`)
const hasLogged = ({ logged }: FakeContext, pattern: RegExp) =>
  logged.some(({ message }) => pattern.test(message))

const unusable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StreamError)
  assert.equal(error.code, 'exporter-unusable')
  assert.match(error.message, pattern)
  assert.doesNotMatch(error.message, /hunter2/)
  return true
}

test('postgres', live, async (t) => {
  const server = await startPostgres(t)

  await t.test('says once that the views need addresses as text', async () => {
    for (const readable of [false, true]) {
      const { output, context } = await open(server, { readable })
      await output.close()
      const said = linesOf(context).filter((line) => line.includes('--readable'))
      const line =
        'info addresses are stored as base64; the views in examples/views.sql need --readable'
      assert.deepEqual(said, readable ? [] : [line])
    }
  })

  await t.test('makes the table and fills each column', async () => {
    const { output, context, sql } = await open(server)
    const message = fakeMessage('Customer "A"; \\', 1)
    const record = {
      ...{ customer: message.customer, topic: 'x', timestamp: '1700000000123456789' },
      ...{ customer_id: 'c1', type: 'made', data: { huge: 1e308, text: 'ä\n"\\' } },
      ...{ msp_ip: 'm', attributes: { a: 1 } },
    }
    await output.write([
      {
        ...message,
        receivedAt: Date.UTC(2024, 0, 1),
        timestamp: 1_700_000_000_123_456_789n,
        line: Buffer.from(`${JSON.stringify(record)}\n`),
      },
      { ...fakeMessage('b', 2), timestamp: -5n },
    ])
    const event = { topic: 'wids', timestamp: undefined, identity: 'source 1' } as const
    await output.write([
      { ...fakeEvent('a'), ...event },
      { ...fakeEvent('b'), ...event },
    ])
    await output.close()
    const text = `select "time"::text, id, received::text, customer, topic, type, customer_id,
      "timestamp", envelope, data from aruba_stream order by "time" desc`
    const rows = await sql(`set time zone 'UTC'; ${text}`)
    assert.match(String(rows[0]?.id), /^[\w-]{43}$/)
    assert.deepEqual(
      { ...rows[0], id: '' },
      {
        id: '',
        time: '2023-11-14 22:13:20.123456+00',
        received: '2024-01-01 00:00:00+00',
        customer: 'Customer "A"; \\',
        topic: 'monitoring',
        type: 'made',
        customer_id: 'c1',
        timestamp: '1700000000123456789',
        envelope: { msp_ip: 'm', attributes: { a: 1 } },
        data: { huge: 1e308, text: 'ä\n"\\' },
      },
    )
    const early = rows.find(({ customer }) => customer === 'b')
    assert.deepEqual([early?.time, early?.type], ['1969-12-31 23:59:59.999999+00', null])
    assert.deepEqual(linesOf(context), ['info made the table "aruba_stream"'])
    assert.deepEqual(context.counters, counted(4))
    const events = rows.filter(({ topic }) => topic === 'wids')
    assert.deepEqual(
      events.map(({ time, type, timestamp }) => [time, type, timestamp]),
      [['1970-01-01 00:00:00+00', 'w', null]],
      'the same event is stored once, whatever bytes it came in',
    )
  })

  await t.test('stores an event of any time; one that no calendar shows is of 1970', async () => {
    const { output, sql, context } = await open(server, { database: `d${++databases}` })
    const year = 31_557_600_000_000_000n
    const times = [
      -62_135_596_800_000_000_000n,
      253_402_300_799_999_999_999n,
      253_402_300_800_000_000_000n,
      300_000n * year,
      -(2n ** 63n) * 1_000_000_000n,
    ]
    await output.write(times.map((timestamp, n) => ({ ...fakeMessage('a', n), timestamp })))
    await output.close()
    assert.deepEqual(context.counters, counted(times.length))
    const rows = await sql(`set time zone 'UTC'; select "time"::text from aruba_stream order by 1`)
    assert.deepEqual(
      rows.map(({ time }) => time),
      [
        '0001-01-01 00:00:00+00',
        ...Array.from({ length: 3 }, () => '1970-01-01 00:00:00+00'),
        '9999-12-31 23:59:59.999999+00',
      ],
    )
  })

  await t.test('takes another table, also in a schema', async () => {
    const database = `d${++databases}`
    await server.createDatabase(database)
    await server.query(database, 'create schema net')
    const { output } = await open(server, { database, made: false, query: '?table=net.select' })
    await output.write(messages(3))
    await output.close()
    assert.deepEqual(await stored(server, database, 'net."select"'), numbers(3))
  })

  await t.test('stores each message once, whatever order two collectors send them in', async () => {
    const first = await open(server)
    const { database } = first
    await first.sql('drop table aruba_stream')
    const second = await open(server, { database, made: false })
    const all = messages(3000)
    const chunks = (list: StreamMessage[]) =>
      numbers(30).map((n) => list.slice(n * 100, (n + 1) * 100))
    const forwards = chunks(all)
    const backwards = chunks(all.toReversed())
    for (const at of numbers(30)) {
      await Promise.all([
        first.output.write(forwards[at] ?? []),
        second.output.write(backwards[at] ?? []),
      ])
    }
    for (const { output, context } of [first, second]) {
      await output.close()
      assert.deepEqual(context.counters, counted(3000))
    }
    assert.deepEqual(await stored(server, database), numbers(3000))
  })

  await t.test('makes one table, however many make it at once', async () => {
    for (const _ of numbers(5)) {
      const database = `d${++databases}`
      await server.createDatabase(database)
      const all = await Promise.all(numbers(8).map(() => open(server, { database, made: false })))
      for (const { output, context } of all) {
        await output.close()
        assert.ok(!context.logged.some(({ level }) => level !== 'info'), linesOf(context).join())
      }
    }
  })

  await t.test(
    'gives up the one message of a thousand that holds NUL, and stores the others',
    async () => {
      const { output, context, sql } = await open(server)
      await sql(NUMBERED)
      const all = apart(messages(1000).with(617, withNul(617)))
      await output.write(all)
      await output.close()
      assert.deepEqual(context.counters, counted(999, 1))
      assert.equal(context.givenUp[0]?.message, all[617])
      assert.match(context.givenUp[0]?.error.message ?? '', /unsupported Unicode escape.*\(22P05\)/)
      const rows = await sql("select (data->>'n')::int as n from aruba_stream order by nr")
      assert.deepEqual(
        rows.map(({ n }) => n),
        numbers(1000).filter((n) => n !== 617),
      )
    },
  )

  await t.test(
    'gives up what no row can hold: names with NUL, halves of characters, deep nesting',
    async () => {
      const { output, context, database } = await open(server)
      const line = (data: string) =>
        Buffer.from(`{"customer":"a","topic":"t","timestamp":"1","data":${data}}\n`)
      const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
      const bad = [
        { ...fakeMessage('a', 1), line: line('{"a":"\\ud800"}') },
        { ...fakeMessage('a', 2), line: line(deep) },
        { ...fakeMessage('a', 3), line: line('1e999999999') },
        fakeMessage('nul\0', 4),
      ]
      await output.write([fakeMessage('a', 0), ...bad, fakeMessage('a', 5)])
      await output.close()
      assert.deepEqual(settled(context), counted(2, 4))
      assert.deepEqual(
        context.givenUp.map(({ message }) => message),
        bad,
      )
      assert.deepEqual(await stored(server, database), [0, 5])
    },
  )

  await t.test('keeps a refused message until the database has accepted another one', async () => {
    const { output, context, database } = await open(server)
    await output.write([withNul(0)])
    await until(() => hasLogged(context, /22P05.*nothing after that was accepted/))
    assert.equal(context.counters.givenUp, 0)
    await output.write(messages(2).slice(1))
    await until(() => context.counters.delivered === 1)
    assert.equal(context.counters.givenUp, 1)
    await output.close()
    assert.deepEqual(await stored(server, database), [1])
  })

  await t.test('waits while every message is refused, and loses none', async () => {
    const { output, context, database, sql } = await open(server)
    await sql('alter table aruba_stream alter customer type varchar(1)')
    await output.write(messages(50, 'long'))
    await until(() => hasLogged(context, /too long for type.*22001.*messages wait/))
    await until(() => context.counters.retried > 200)
    assert.equal(context.counters.givenUp, 0)
    await sql('alter table aruba_stream alter customer type text')
    await output.close()
    assert.deepEqual(settled(context), counted(50))
    assert.deepEqual(await stored(server, database), numbers(50))
  })

  await t.test('makes a table again that was dropped', async () => {
    const { output, context, database, sql } = await open(server)
    await output.write(messages(10))
    await until(() => context.counters.delivered === 10)
    await sql('drop table aruba_stream')
    await output.write(messages(10))
    await output.close()
    assert.deepEqual(context.counters, counted(20))
    assert.deepEqual(await stored(server, database), numbers(10))
    assert.equal(context.logged.length, 2)
  })

  for (const [what, spoil, mend, line] of [
    [
      'a column is gone',
      'alter table aruba_stream drop column envelope',
      'alter table aruba_stream add column envelope jsonb',
      /^error .*column "envelope" of relation "aruba_stream" does not exist \(42703\); fix "aruba_stream", or move it away/,
    ],
    [
      'a column has another type',
      'alter table aruba_stream alter data type int using 1',
      'alter table aruba_stream alter data type jsonb using null',
      /^error .*column "data" is of type integer .* \(42804\); fix/,
    ],
    [
      'the primary key is gone',
      'alter table aruba_stream drop constraint aruba_stream_pkey',
      'alter table aruba_stream add primary key ("time", id)',
      /^error .*\(42P10\); repeats need it: alter table "aruba_stream" add primary key \(time, id\)/,
    ],
    [
      'the database is read-only',
      // It waits for the end of the connection: a batch on its way would meet that first.
      'alter role postgres in database DB set default_transaction_read_only = on; select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = $$DB$$ and pid <> pg_backend_pid()',
      'set transaction_read_only = off; alter role postgres in database DB reset default_transaction_read_only',
      /^warn .*read-only transaction \(25006\); it is read-only at present/,
    ],
    [
      'the disk is full',
      'create function full_disk() returns trigger language plpgsql as $$begin raise exception $x$could not extend file: No space left on device$x$ using errcode = $x$53100$x$; end$$; create trigger full_disk before insert on aruba_stream execute function full_disk()',
      'drop trigger full_disk on aruba_stream',
      /^warn .*No space left on device \(53100\)/,
    ],
  ] as const) {
    await t.test(`waits with one line while ${what}, and goes on when it is mended`, async () => {
      const { output, context, database, sql } = await open(server)
      await sql(spoil.replaceAll('DB', database))
      await output.write(messages(20))
      await until(() => context.counters.retried > 60)
      const lines = linesOf(context).filter((each) => !/made the table/.test(each))
      assert.equal(lines.length, 1, lines.join('\n'))
      assert.match(lines[0] ?? '', line)
      await sql(mend.replaceAll('DB', database))
      await output.close()
      assert.deepEqual(settled(context), counted(20))
      assert.deepEqual(await stored(server, database), numbers(20))
      assert.match(linesOf(context).at(-1) ?? '', /^info works again/)
    })
  }

  await t.test(
    'sends smaller batches where the statement timeout is too short for large ones',
    async () => {
      const { output, context, database, sql } = await open(server)
      await sql(`create function slow() returns trigger language plpgsql as
      $$begin perform pg_sleep(0.02); return new; end$$;
      create trigger slow before insert on aruba_stream for each row execute function slow();
      alter role postgres in database ${database} set statement_timeout = '150ms';
      select pg_terminate_backend(pid, 60000) from pg_stat_activity
        where datname = '${database}' and pid <> pg_backend_pid()`)
      await output.write(messages(32))
      await output.close()
      assert.deepEqual(settled(context), counted(32))
      assert.ok(hasLogged(context, /canceling statement due to statement timeout \(57014\)/))
      await server.query('postgres', `alter role postgres in database ${database} reset all`)
      assert.deepEqual(await stored(server, database), numbers(32))
    },
  )

  await t.test('ends a query that gets no answer, on the server too, and repeats it', async (t) => {
    const { output, context, database, sql } = await open(server)
    const holder = new pg.Client({
      port: server.port,
      host: '127.0.0.1',
      database,
      user: 'postgres',
    })
    await holder.connect()
    await holder.query('begin; lock table aruba_stream')
    const waiting = async () =>
      sql(
        `select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = '${database}'`,
      )
    await output.write(messages(5))
    t.mock.timers.enable({ apis: ['setTimeout'] })
    for (const retried of [5, 10]) {
      await until(async () => (await waiting()).length === 1)
      await untilTicked(t, 45_000, () => context.counters.retried >= retried)
    }
    t.mock.timers.reset()
    assert.ok(hasLogged(context, /no answer within 90 s/))
    // Each query that was given up is ended: else they are two by now.
    await until(async () => (await waiting()).length <= 1)
    await holder.end()
    await output.close()
    assert.deepEqual(settled(context), counted(5))
    assert.deepEqual(await stored(server, database), numbers(5))
  })

  await t.test('repeats a batch whose commit was not heard of, and stores it once', async () => {
    const proxy = await cuttingProxy(t, server.port)
    const { output, context, database } = await open(server, { port: proxy.port })
    for (const n of numbers(5)) {
      proxy.cutAnswer()
      await output.write(messages(20).slice(n * 4, (n + 1) * 4))
      await until(() => context.counters.delivered === (n + 1) * 4)
    }
    await output.close()
    assert.equal(context.counters.retried, 20)
    assert.equal(proxy.cuts(), 5)
    assert.deepEqual(await stored(server, database), numbers(20))
  })

  await t.test('waits for a database that is not there yet', async () => {
    const { output, context, database } = await open(server, { made: false })
    await output.write(messages(10))
    await until(() => context.counters.retried > 0)
    assert.match(
      linesOf(context)[0] ?? '',
      new RegExp(
        `^error .*database "${database}" does not exist \\(3D000\\); make it with: createdb`,
      ),
    )
    await server.createDatabase(database)
    await output.close()
    assert.deepEqual(settled(context), counted(10))
    assert.deepEqual(await stored(server, database), numbers(10))
  })

  await t.test('begins without a server that takes connections and never answers', async (t) => {
    const silent = await silentServer(t)
    t.mock.method(AbortSignal, 'timeout', () => AbortSignal.abort())
    const { output, context } = await open(server, { port: silent, made: false })
    await output.write(messages(3))
    assert.match(linesOf(context)[0] ?? '', /^warn .*no answer within 5 s; trying again/)
    context.expire()
    await output.close()
    assert.deepEqual(settled(context), counted(0, 3))
  })

  await t.test('gives up what is left when the time for a shutdown is over', async () => {
    const port = await closedPort()
    const { output, context } = await open(server, { port, made: false })
    await output.write(messages(10))
    context.expire()
    await output.write(messages(1))
    await output.close()
    assert.deepEqual(settled(context), counted(0, 11))
  })

  await t.test(
    'refuses to start where the login is refused, by its password or for lack of one',
    async (t) => {
      await server.query('postgres', "create role me login password 'hunter2'")
      await server.allow('host all all 127.0.0.1/32 scram-sha-256\n')
      const openAs = (env: Record<string, string>) => open(server, { login: 'me', env })
      await assert.rejects(
        openAs({ PGPASSWORD: 'hunter3' }),
        unusable(/password authentication failed for user "me" \(28P01\); check PGUSER/),
      )
      await assert.rejects(openAs({}), unusable(/asks for the password of "me"; set PGPASSWORD/))
      const nobody = open(server, { login: 'nobody', env: { PGPASSWORD: 'hunter2' } })
      await assert.rejects(nobody, unusable(/\(28P01\)/))
      const target = `postgres://me@127.0.0.1:${server.port}/postgres`
      const { code, stderr } = await replayTo(t, target, { PGPASSWORD: 'hunter3' })
      assert.equal(code, 2)
      assert.match(stderr, /password authentication failed for user "me" \(28P01\)/)
      assert.doesNotMatch(stderr, /hunter3/)
    },
  )

  await t.test(
    'waits while a login is refused that was taken before, and never shows it',
    async () => {
      const database = `d${++databases}`
      await server.createDatabase(database)
      await server.query(database, 'grant all on schema public to me')
      const env = { PGPASSWORD: 'hunter2' }
      const { output, context } = await open(server, { login: 'me', database, made: false, env })
      await output.write(messages(5))
      await until(() => context.counters.delivered === 5)
      await server.query(
        'postgres',
        `alter role me password 'changed'; select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = '${database}'`,
      )
      await output.write(messages(10).slice(5))
      await until(() => hasLogged(context, /28P01/) && context.counters.retried > 20)
      const refused = linesOf(context).filter((line) => line.includes('28P01'))
      assert.equal(refused.length, 1)
      assert.match(refused[0] ?? '', /^error .*check PGUSER/)
      await server.query('postgres', "alter role me password 'hunter2'")
      await output.close()
      assert.deepEqual(settled(context), counted(10))
      assert.deepEqual(await stored(server, database), numbers(10))
      assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
    },
  )

  await t.test('needs no right but to insert and select where the table is there', async () => {
    const database = `d${++databases}`
    const owner = await open(server, { database })
    await owner.output.close()
    await owner.sql('grant insert, select ("time", id) on aruba_stream to me')
    const env = { PGPASSWORD: 'hunter2' }
    const { output, context } = await open(server, { login: 'me', database, made: false, env })
    await output.write(messages(3))
    await output.close()
    assert.deepEqual(context.counters, counted(3))
    await server.allow('host all all 127.0.0.1/32 trust\n')
  })

  await t.test(
    'works behind a pooler that gives each transaction another connection',
    needs('pgbouncer'),
    async (t) => {
      const database = `d${++databases}`
      await server.createDatabase(database)
      const pooler = await startPooler(t, server.port)
      const first = await open(server, { database, made: false, port: pooler.port })
      const second = await open(server, { database, made: false, port: pooler.port })
      const all = messages(2000)
      for (const at of numbers(20)) {
        const some = all.slice(at * 100, (at + 1) * 100)
        await Promise.all([first.output.write(some), second.output.write(some)])
      }
      for (const { output, context } of [first, second]) {
        await output.close()
        assert.deepEqual(context.counters, counted(2000))
      }
      assert.deepEqual(await stored(server, database), numbers(2000))
    },
  )
})

test('postgres speaks TLS as PGSSLMODE asks for it', live, async (t) => {
  const { good, caFile } = await certificates()
  const folder = tempFolder(t)
  const server = await startPostgres(t, { running: false })
  const [cert, key] = [join(server.folder, 'cert.pem'), join(server.folder, 'key.pem')]
  await writeFile(cert, good.cert)
  await writeFile(key, good.key, { mode: 0o600 })
  if (server.uid !== undefined) await chown(key, server.uid, server.uid)
  await server.start()
  await server.createDatabase('tls')
  const openWith = (PGSSLMODE: string) =>
    open(server, { database: 'tls', made: false, env: { PGSSLMODE } })
  const encrypted = async () => {
    const [row] = await server.query(
      'tls',
      "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'aruba-stream'",
    )
    return row?.ssl
  }

  const plain = await openWith('prefer')
  assert.equal(await encrypted(), false, 'the server does not offer it')
  await plain.output.close()
  const asked = await openWith('require')
  assert.match(linesOf(asked.context)[0] ?? '', /^error .*does not offer TLS, which PGSSLMODE asks/)
  await server.kill()
  await server.configure(`ssl = on\nssl_cert_file = '${cert}'\nssl_key_file = '${key}'`)
  await server.start()
  await until(() => hasLogged(asked.context, /works again/))
  assert.equal(await encrypted(), true)
  await asked.output.close()

  const preferred = await openWith('prefer')
  assert.equal(await encrypted(), true)
  await preferred.output.close()
  const verified = await openWith('verify-full')
  assert.match(linesOf(verified.context)[0] ?? '', /its certificate is self-signed/)
  verified.context.expire()
  await verified.output.close()
  writeFileSync(join(folder, 'ca'), good.cert)
  for (const PGSSLMODE of ['verify-full', 'verify-ca']) {
    const target = `postgres://postgres@localhost:${server.port}/tls`
    const env = { PGSSLMODE, NODE_EXTRA_CA_CERTS: caFile }
    assert.equal(JSON.parse(await sendOne(target, env)).delivered, 1)
  }
})

test('postgres loses nothing while its disk is full, says so once, and goes on', {
  skip: noPostgres || noSmallDisk,
}, async (t) => {
  const server = await startPostgres(t)
  const disk = mountSmallDisk(t, 1 << 20)
  if (server.uid !== undefined) await chown(disk.folder, server.uid, server.uid)
  await server.query('postgres', `create tablespace small location '${disk.folder}'`)
  const database = 'filled'
  await server.createDatabase(database)
  await server.query(database, `alter database ${database} set default_tablespace = small`)
  const { output, context } = await open(server, { database, made: false })
  for (const message of messages(FILLING)) output.write([message])
  await until(() => context.counters.retried > 5 * 1000)
  const lines = linesOf(context).filter((line) => !line.startsWith('info'))
  assert.equal(lines.length, 1, lines.join('\n'))
  assert.match(lines[0] ?? '', /No space left on device \(53100\).*messages wait/)
  assert.equal(context.state.up, false)
  disk.resize(1 << 30)
  await output.close()
  assert.deepEqual(settled(context), counted(FILLING))
  assert.deepEqual(await stored(server, database), numbers(FILLING))
  assert.match(linesOf(context).at(-1) ?? '', /^info works again/)
})

test(
  'postgres stores every message once and in order while the server starts late and is killed ten times',
  live,
  async (t: TestContext) => {
    const server = await startPostgres(t)
    await server.createDatabase('net')
    await server.kill()
    const { output, context, sql } = await open(server, { database: 'net', made: false })
    const all = apart(spread(MESSAGES))
    const early = all.splice(0, 100)
    await output.write(early)
    await until(() => hasLogged(context, /refuses connections/))
    await server.start()
    await until(() => context.counters.delivered === early.length)
    await sql(NUMBERED)
    await exportUnderKills(output, all, server, {
      arrived: () => until(() => context.counters.delivered > 0),
    })
    assert.ok(context.counters.retried > 0)
    assert.deepEqual(settled(context), counted(MESSAGES))
    assert.deepEqual(await stored(server, 'net'), numbers(MESSAGES))
    const entries = await sql(
      "select customer, array_agg((data->>'n')::int order by nr) as ns from aruba_stream group by 1",
    )
    assert.equal(entries.length, ENTRIES)
    for (const { customer, ns } of entries) {
      const entry = Number(String(customer).slice(1))
      const own = numbers(MESSAGES).filter((n) => n % ENTRIES === entry)
      assert.deepEqual(ns, own, 'rows are stored in the order of their entry')
    }
  },
)

/** @returns the port of a server that takes connections and says nothing */
function silentServer(t: TestContext): Promise<number> {
  return listen(
    t,
    createServer((socket) => socket.on('error', () => {})),
  )
}

/** A way to the server on which the answer to a batch can be lost after it was committed. */
async function cuttingProxy(t: TestContext, port: number) {
  let cutting = false
  let cuts = 0
  const proxy = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('close', () => upstream.destroy())
    client.pipe(upstream)
    upstream.on('end', () => client.end())
    upstream.on('data', (chunk) => {
      // What the server says of rows that it has stored; it says so after the commit.
      if (!cutting || !/INSERT 0 [1-9]/.test(chunk.toString('latin1'))) {
        client.write(chunk)
        return
      }
      cutting = false
      cuts++
      client.resetAndDestroy()
      upstream.destroy()
    })
  })
  return {
    port: await listen(t, proxy),
    cuts: () => cuts,
    cutAnswer() {
      cutting = true
    },
  }
}

/** pgbouncer in transaction mode: what one client sends may go over another connection each time. */
async function startPooler(t: TestContext, serverPort: number): Promise<{ port: number }> {
  const folder = tempFolder(t)
  const port = await closedPort()
  writeFileSync(join(folder, 'users'), '"postgres" ""\n')
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=127.0.0.1 port=${serverPort}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users')}
pool_mode = transaction
default_pool_size = 2
`,
  )
  spawnSync('chmod', ['-R', 'a+rX', folder])
  const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
  const child = spawn('pgbouncer', [...user, join(folder, 'pgbouncer.ini')], {
    env: SYSTEM_ENV,
    stdio: 'ignore',
  })
  t.after(() => child.kill('SIGKILL'))
  for (;;) {
    assert.equal(child.exitCode, null, 'pgbouncer ended')
    const socket = connect(port, '127.0.0.1')
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (listens) return { port }
    await sleep(20)
  }
}
