import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import papaparse from 'papaparse'
import type { StreamRecord } from '../../src/classic/record.js'
import { loadSchema } from '../../src/classic/schema.js'
import { TOPICS, type Topic } from '../../src/classic/topics.js'
import type { JsonValue } from '../../src/decode/to-object.js'
import type { StreamError } from '../../src/errors.js'
import { createDecoder } from '../../src/newcentral/record.js'
import { loadSchema as schemaOfEvents } from '../../src/newcentral/schema.js'
import { openCsv } from '../../src/outputs/csv.js'
import { csvRows, GUARDED, HEADS, heading, PLAIN } from '../../src/outputs/csv-rows.js'
import { openOutput } from '../../src/outputs/open-output.js'
import { RowWriter } from '../../src/rows/row-writer.js'
import { tableOf } from '../../src/rows/tables.js'
import { type FieldType, isMessage, type MessageType } from '../../src/schema/message-type.js'
import { ALL_TOPICS, type StreamMessage } from '../../src/service.js'
import { until } from '../helpers/clock.js'
import { outcomeOf, schemaOf } from '../helpers/decode.js'
import { goldenEvents } from '../helpers/event.js'
import { fakeContext, fakeMessage, isPending } from '../helpers/export-fakes.js'
import { parseRow } from '../helpers/flatten.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { bytes, frameOf, int } from '../helpers/wire.js'

type Row = Readonly<Record<string, string>>

const FIXTURES = join(import.meta.dirname, '../fixtures/golden')

function goldenMessages(file: string): StreamMessage<StreamRecord>[] {
  return readFileSync(join(FIXTURES, file), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line, n) => {
      const { topic, decoded } = JSON.parse(line)
      return messageOf({ customer: `entry ${n % 3}`, ...decoded }, topic)
    })
}

function messageOf(record: StreamRecord, topic: Topic): StreamMessage<StreamRecord> {
  return { ...fakeMessage(record.customer, 0, { topic }), record }
}

function readCsv(path: string): Row[] {
  const parsed = papaparse.parse<Row>(readFileSync(path, 'utf8'), {
    header: true,
    skipEmptyLines: true,
  })
  assert.deepEqual(parsed.errors, [])
  return parsed.data
}

/** Rows as the rules say they must be, worked out from the record without the code under test. */
function expectedRows(
  messages: readonly StreamMessage<StreamRecord>[],
  topic: Topic,
  list: string[],
): Row[] {
  const { payload } = loadSchema(topic)
  return messages
    .filter((message) => message.topic === topic)
    .flatMap(({ record }) => {
      const { customer, timestamp, customer_id, msp_ip } = record
      const own: Record<string, string> = {
        time: spreadsheetTime(timestamp),
        customer,
        topic: record.topic,
        timestamp,
        customer_id,
        msp_ip,
      }
      addCells(own, 'data', record.data, payload, true)
      if (list.length === 0) return [own]
      let type = payload
      let value: JsonValue | undefined = record.data
      for (const name of list) {
        type = typeOf(type, name) ?? assert.fail(name)
        value = (value as { [name: string]: JsonValue } | undefined)?.[name]
      }
      return ((value ?? []) as JsonValue[]).map((element) => {
        const row = { ...own }
        addCells(row, ['data', ...list].join('.'), element, type, false)
        return row
      })
    })
}

function typeOf(type: MessageType, name: string): MessageType | undefined {
  const { resolvedType } = type.fields[name]?.resolve() ?? {}
  return isMessage(resolvedType) ? resolvedType : undefined
}

function addCells(
  row: Record<string, string>,
  prefix: string,
  value: JsonValue,
  type: MessageType,
  isPayload: boolean,
): void {
  for (const [name, held] of Object.entries(value as { [name: string]: JsonValue })) {
    const field = type.fields[name] ?? assert.fail(`${type.name}.${name}`)
    const inner = typeOf(type, name)
    const column = `${prefix}.${name}`
    if (inner && !field.repeated) addCells(row, column, held, inner, isPayload)
    else if (inner && isPayload) continue
    else if (inner) row[column] = JSON.stringify(readable(held, inner))
    else if (field.repeated) {
      const parts = (held as JsonValue[]).map((one) =>
        `${one}`.replaceAll('\\', '\\\\').replaceAll(';', '\\;'),
      )
      row[column] = parts.join(';')
    } else if (field.type === 'string' || field.type === 'bytes') {
      row[column] = String(readableField(held, type, field))
    } else
      row[column] = String(field.type === 'double' || field.type === 'float' ? Number(held) : held)
  }
}

function readable(value: JsonValue, type: MessageType): JsonValue {
  if (Array.isArray(value)) return value.map((one) => readable(one, type))
  const entries = Object.entries(value ?? {}).map(([name, held]) => {
    const inner = typeOf(type, name)
    const field = type.fields[name] ?? assert.fail(name)
    return [name, inner ? readable(held, inner) : readableField(held, type, field)]
  })
  return Object.fromEntries(entries)
}

function readableField(value: JsonValue, type: MessageType, field: FieldType): JsonValue {
  if (field.type !== 'bytes') return value
  const bytes = Buffer.from(String(value), 'base64')
  if (/^mac_?address$/i.test(type.name)) {
    const hex = bytes.length === 12 ? bytes.toString('latin1') : bytes.toString('hex')
    const pairs = /^[0-9a-f]{12}$/i.test(hex) ? hex.toLowerCase().match(/../g) : undefined
    return pairs?.join(':') ?? value
  }
  if (/^ip_?address$/i.test(type.name)) {
    if (bytes.length === 4) return Array.from(bytes).join('.')
    if (bytes.length !== 16) return value
    const groups = bytes.toString('hex').match(/..../g) ?? []
    const mapped = /^0{20}ffff/.test(bytes.toString('hex'))
    if (mapped) return `::ffff:${Array.from(bytes.subarray(12)).join('.')}`
    return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
  }
  const isName = ['essid', 'network', 'dest_url_prefix', 'geofence_id'].includes(field.name)
  return isName && Buffer.from(bytes.toString()).equals(bytes) ? bytes.toString() : value
}

function spreadsheetTime(timestamp: string): string {
  const nanos = BigInt(timestamp)
  const millis = (nanos - (((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n
  return new Date(Number(millis)).toISOString().replace(/^(\S{10})T(\S{12})Z$/, '$1 $2')
}

for (const file of ['realistic.jsonl', 'edge.jsonl']) {
  test(`csv has every value of the golden frames, read back by another parser: ${file}`, async (t) => {
    const folder = tempFolder(t)
    const context = fakeContext({ topics: TOPICS })
    const messages = goldenMessages(file)
    const output = await openOutput(`csv:${folder}?plain`, context)
    for (const message of messages) await output.write([message])
    await output.close()
    const guardedFolder = tempFolder(t)
    const guarded = await openOutput(`csv:${guardedFolder}`, fakeContext({ topics: TOPICS }))
    for (const message of messages) await guarded.write([message])
    await guarded.close()
    assert.deepEqual(context.counters, {
      delivered: messages.length,
      retried: 0,
      givenUp: 0,
      kept: 0,
      waiting: 0,
    })
    const names = readdirSync(folder)
    assert.ok(names.includes('presence.pa_proximity_event.proximity.csv'), `${names}`)
    let cells = 0
    for (const name of names) {
      const [topic, ...list] = name.split('.').slice(0, -1)
      const rows = readCsv(join(folder, name)).map((row) =>
        Object.entries(row).filter(([, cell]) => cell !== ''),
      )
      const expected = expectedRows(messages, topic as Topic, list).map((row) =>
        Object.entries(row).filter(([, cell]) => cell !== ''),
      )
      assert.equal(rows.length, expected.length, name)
      for (const [i, row] of rows.entries()) {
        assert.deepEqual(new Map(row), new Map(expected[i]), `${name}, row ${i + 1}`)
        cells += row.length
      }
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
      // The other form differs by its guards alone.
      const guards = readCsv(join(guardedFolder, name))
      assert.deepEqual(guards.map(withoutQuotes), readCsv(join(folder, name)).map(withoutQuotes))
    }
    t.diagnostic(`${names.length} files, ${cells} values`)
  })
}

function withoutQuotes(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, cell]) => [name, cell.replaceAll("'", '')]),
  )
}

const audit = (data: StreamRecord['data']) =>
  messageOf(
    { customer: 'A', topic: 'audit', timestamp: '1', customer_id: 'c', data, msp_ip: '' },
    'audit',
  )

test('csv writes what a spreadsheet would run as text, and numbers as numbers', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(folder, fakeContext())
  const formula = '=HYPERLINK("http://x.example","free wifi")'
  const rogue = {
    ssid: formula,
    rogue_name: '@SUM(A1)',
    port: '-1+1',
    mac_vendor: '',
    lan_mac: '+7',
  }
  const record = {
    customer: 'A',
    topic: 'security',
    timestamp: '1',
    customer_id: '-5',
    data: { rogue: [rogue] },
    msp_ip: '',
  }
  await output.write([messageOf(record, 'security')])
  const rssi = {
    rssi_val: -61,
    is_ap: true,
    sta_eth_mac: { addr: Buffer.from('E0F8471EAB01').toString('base64') },
  }
  const presence = { ...record, topic: 'presence', data: { pa_rssi_event: { rssi: [rssi] } } }
  await output.write([messageOf(presence, 'presence')])
  await output.close()

  const [row] = readCsv(join(folder, 'security.rogue.csv'))
  assert.equal(row?.['data.rogue.ssid'], `'${formula}`)
  assert.equal(row?.['data.rogue.rogue_name'], "'@SUM(A1)")
  assert.equal(row?.['data.rogue.port'], "'-1+1")
  assert.equal(row?.['data.rogue.lan_mac'], "'+7")
  assert.equal(row?.customer_id, "'-5")
  const text = readFileSync(join(folder, 'security.rogue.csv'), 'utf8')
  assert.match(text, /,"",/, 'an empty text differs from none')
  assert.ok(text.startsWith('\ufefftime,customer,'), 'a byte-order mark')
  const [seen] = readCsv(join(folder, 'presence.pa_rssi_event.rssi.csv'))
  assert.equal(seen?.['data.pa_rssi_event.rssi.rssi_val'], '-61')
  assert.equal(seen?.['data.pa_rssi_event.rssi.is_ap'], 'true')
  assert.equal(seen?.['data.pa_rssi_event.rssi.sta_eth_mac.addr'], 'e0:f8:47:1e:ab:01')
})

test('csv guards what a spreadsheet that splits at ";" or tabs would run', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(folder, fakeContext())
  const texts = {
    'a;=1+1': "a;'=1+1",
    'a,"b;"=cmd()"': 'a,"b;"\'=cmd()"',
    'tab\t@SUM(A1)\t+x': "tab\t'@SUM(A1)\t'+x",
    'line\n-2+3': "line\n'-2+3",
    'a;\uff1dx': "a;'\uff1dx",
    '-61;-70.5;+3': "'-61;-70.5;+3",
    'a;b=c': 'a;b=c',
  }
  await output.write(Object.keys(texts).map((target) => audit({ target })))
  await output.close()
  const rows = readCsv(join(folder, 'audit.csv'))
  assert.deepEqual(
    rows.map((row) => row['data.target']),
    Object.values(texts),
  )
})

test('a frame of a million list elements is written in pieces, none larger than what may be held', async (t) => {
  const folder = tempFolder(t)
  symlinkSync('/dev/full', join(folder, 'presence.pa_rssi_event.rssi.csv'))
  const context = fakeContext()
  const output = await openCsv(folder, context)
  let made = 0
  const rssi = new Proxy(new Array(1_000_000).fill({}), {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) made++
      return Reflect.get(target, name)
    },
  })
  const record = {
    ...{ customer: 'A', topic: 'presence', timestamp: '1', customer_id: '', msp_ip: '' },
    data: { pa_rssi_event: { rssi } },
  }
  const writing = output.write([messageOf(record, 'presence')])
  await until(() => context.counters.retried > 0)
  assert.equal(await isPending(writing), true)
  assert.ok(made < 200_000, `${made} rows were made while the disk was full`)
  context.cut()
  await Promise.all([writing, output.close()])
  assert.deepEqual(context.counters, {
    ...{ delivered: 0, retried: context.counters.retried, givenUp: 1, kept: 0, waiting: 0 },
  })
})

test('csv guards texts that a spreadsheet would change, and no others', () => {
  const changed = [
    ...['007', '0123', '1234567890123456', '12E45678', '1e5', '1.10', '1,234', '10:30', '12:00:00'],
    ...['1/1/3', '2026-11-25', '25.11.2026', '11/25', '2026-11-25 10:00:00', '50%', '$5', '(5)'],
    ...['1 1/2', 'MAR1', 'Jan 5', '5-Jan-26', 'Dec 3, 2026', '1 September', 'TRUE', 'false'],
    ...[
      '7 AM',
      '7:30 PM',
      '7:30PM',
      '12 a',
      '10:05:30 p.m.',
      '2026-11-25 7 pm',
      'Jan 5, 2026 7 AM',
    ],
    ...['=1', '+1', '-x', '@a', '\uff1d1', '98765432109876543210987654321098765432109876'],
  ]
  assert.deepEqual(
    changed.map(GUARDED.text),
    changed.map((text) => `'${text}`),
  )
  const kept = [
    ...['', '0', '7', '123456789012345', '10.0.0.1', '192.168.1.1', '2001:db8::1', 'AP-12'],
    ...['aa:bb:cc:dd:ee:ff', '00:11:22:33:44:55', '1e:23:45:67:89:01', 'CN12345678', 'Guest 5'],
    ...[
      '5 floors',
      'march',
      'May',
      'marketing',
      'true story',
      'Room 1/2',
      'v8.10.0.5',
      'a;b',
      'Dec',
    ],
    ...['7 AMP', 'Floor 7 PM', 'AM 7', 'PM', '5A', '2 pa'],
    ...['12 Maples', '2.4 GHz', 'x=1', 'VLAN 10', '1 hour ago'],
  ]
  assert.deepEqual(kept.map(GUARDED.text), kept)
})

test('csv?plain changes no text and has no byte-order mark', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(`${folder}?plain`, fakeContext())
  await output.write([audit({ target: '=1', group_name: '007' })])
  await output.close()
  const text = readFileSync(join(folder, 'audit.csv'), 'utf8')
  assert.ok(text.startsWith('time,customer,'))
  const [row] = readCsv(join(folder, 'audit.csv'))
  assert.deepEqual([row?.['data.target'], row?.['data.group_name']], ['=1', '007'])
  assert.equal(row?.timestamp, '1')
})

test('csv begins with a time that spreadsheets know, and keeps long numbers as text', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(folder, fakeContext())
  const timestamp = '1700000000123456789'
  const message = audit({})
  const data = { device_stats: [{ uptime: '1700000000123456789', mem_free: '7' }] }
  const record = { ...message.record, topic: 'monitoring', timestamp, data }
  await output.write([messageOf(record, 'monitoring')])
  await output.close()
  const [row] = readCsv(join(folder, 'monitoring.device_stats.csv'))
  assert.equal(row?.time, '2023-11-14 22:13:20.123')
  assert.equal(row?.timestamp, `'${timestamp}`)
  assert.equal(row?.['data.device_stats.uptime'], "'1700000000123456789")
  assert.equal(row?.['data.device_stats.mem_free'], '7')
})

test('csv has what is not in the schema in its last column', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(`${folder}?plain`, fakeContext())
  const data = { site: { name: 'HQ' }, rogue: [{ ssid: 'x', seen: 2 }, 'loose'] }
  await output.write([messageOf({ ...audit({}).record, data } as StreamRecord, 'security')])
  await output.close()
  const [own] = readCsv(join(folder, 'security.csv'))
  assert.deepEqual(JSON.parse(own?.extra ?? ''), { 'data.site.name': 'HQ' })
  const rows = readCsv(join(folder, 'security.rogue.csv'))
  assert.deepEqual(
    rows.map(({ extra }) => JSON.parse(extra ?? '')),
    [
      { 'data.site.name': 'HQ', 'data.rogue.seen': 2 },
      { 'data.site.name': 'HQ', 'data.rogue': 'loose' },
    ],
  )
})

test('csv has the golden events of New Central, their values as in rows', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(`${folder}?plain`, fakeContext({ topics: ALL_TOPICS }))
  const writer = new RowWriter({ protoDir: undefined, readable: false })
  const decoders = new Map<string, ReturnType<typeof createDecoder>>()
  const expected = new Map<string, Row[]>()
  for (const { topic, bytes, decoded } of goldenEvents()) {
    if (decoded.message === null) continue
    const decoder =
      decoders.get(topic) ?? createDecoder({ customer: 'A', schema: schemaOfEvents(topic) })
    decoders.set(topic, decoder)
    const message = decoder.decode({ bytes, receivedAt: 0, text: false }, 'record')
    await output.write([message])
    for (const line of [...writer.texts(message)].join('').trimEnd().split('\n')) {
      const { table, time, ...values } = parseRow(line)
      const rows = expected.get(String(table)) ?? []
      expected.set(String(table), [...rows, asCells(values)])
    }
  }
  await output.close()
  assert.deepEqual(
    readdirSync(folder).sort(),
    [...expected.keys()].map((name) => `${name}.csv`).sort(),
  )
  for (const [name, rows] of expected) {
    const found = readCsv(join(folder, `${name}.csv`)).map(({ time, extra, ...cells }) => {
      assert.equal(extra, '')
      return Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ''))
    })
    assert.deepEqual(found, rows, name)
  }
})

/** Values of a row as the cells of a CSV; empty ones are left out. */
function asCells(values: Record<string, JsonValue>): Row {
  const cells = Object.entries(values).map(([name, value]) => {
    const isList = Array.isArray(value) && value.every((one) => typeof one !== 'object')
    const shown = isList
      ? value.map((one) => String(one).replace(/[\\;]/g, '\\$&')).join(';')
      : typeof value === 'object' && value !== null
        ? JSON.stringify(value)
        : String(value ?? '')
    return [name, shown.replaceAll(/^#|"#(\d+)"/g, '$1')]
  })
  return Object.fromEntries(cells.filter(([, cell]) => cell !== ''))
}

test('csv leaves addresses alone where the record has them as text already', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(folder, fakeContext({ readable: true }))
  const data = { url_detail_record: [{ client_ip: { addr: '10.0.0.1' }, dest_url_prefix: 'abcd' }] }
  const record = {
    customer: 'A',
    topic: 'apprf',
    timestamp: '1',
    customer_id: '',
    data,
    msp_ip: '',
  }
  await output.write([messageOf(record, 'apprf')])
  await output.close()
  const [row] = readCsv(join(folder, 'apprf.url_detail_record.csv'))
  assert.equal(row?.['data.url_detail_record.client_ip.addr'], '10.0.0.1')
  assert.equal(row?.['data.url_detail_record.dest_url_prefix'], 'abcd')
})

test('csv joins lists with ";" and tells a ";" within a value from it', async (t) => {
  const folder = tempFolder(t)
  const output = await openCsv(folder, fakeContext())
  const data = { geofence_ids: ['a;b', 'c\\', ''] }
  const record = {
    customer: 'A',
    topic: 'location',
    timestamp: '1',
    customer_id: '',
    data,
    msp_ip: '',
  }
  await output.write([messageOf(record, 'location')])
  await output.close()
  const [row] = readCsv(join(folder, 'location.csv'))
  assert.equal(row?.['data.geofence_ids'], 'a\\;b;c\\\\;')
})

test('csv goes on in existing files, and closes off a row that a crash tore within quotes', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'audit.csv')
  const first = await openCsv(folder, fakeContext())
  await first.write([audit({ target: 'one\ntwo, "three"' })])
  await first.close()
  const names = readFileSync(path, 'utf8').split('\n')[0]
  for (const torn of [
    't,A,audit,1,c,"",x,"half a\nfie',
    't,A,audit,1,c,"",x,"""a',
    't,A,audit,1',
  ]) {
    appendFileSync(path, torn)
    const output = await openCsv(folder, fakeContext())
    await output.write([audit({ target: `after ${torn.length}` })])
    await output.close()
  }
  const { data } = papaparse.parse<Row>(readFileSync(path, 'utf8'), { header: true })
  assert.deepEqual(
    data.map((row) => row['data.target']).filter((target) => target?.includes(' ')),
    ['one\ntwo, "three"', 'after 30', 'after 23', 'after 11'],
  )
  assert.equal(readFileSync(path, 'utf8').split(names ?? '').length, 2, 'one heading')
})

test('csv gives the file that follows a rotation its heading', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'audit.csv')
  const context = fakeContext()
  const output = await openCsv(folder, context)
  await output.write([audit({ target: 'one' })])
  await until(() => context.counters.delivered >= 1)
  renameSync(path, `${path}.1`)
  await output.reopen?.()
  await output.write([audit({ target: 'two' })])
  await output.close()
  assert.equal(readCsv(`${path}.1`)[0]?.['data.target'], 'one')
  assert.equal(readCsv(path)[0]?.['data.target'], 'two')
})

test('csv completes a heading that a crash tore', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'audit.csv')
  writeFileSync(path, '\ufefftime,customer,topic,timest')
  const output = await openCsv(folder, fakeContext())
  await output.write([audit({ target: 'x' })])
  await output.close()
  assert.equal(readCsv(path)[0]?.['data.target'], 'x')
})

test('csv refuses files with other columns at the start', async (t) => {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'audit.csv'), 'customer,topic\nA,audit\n')
  await assert.rejects(
    openCsv(folder, fakeContext({ topics: ['audit'] })),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'exporter-unusable')
      assert.match(error.message, /the columns of ".*audit\.csv" are not those .* move it away/)
      const path = join(folder, 'audit.csv')
      assert.ok(
        error.message.endsWith(
          `(version 1.0 wrote it); move it away, and a new one is made: mv ${path} ${path}.old`,
        ),
      )
      return true
    },
  )
  await (await openCsv(folder, fakeContext({ topics: ['presence'] }))).close()
})

test('csv names all files of version 1.0 at once, each with the mv that moves it away', async (t) => {
  const folder = join(tempFolder(t), "it's a folder of quite a long name, as some are, for sheets")
  mkdirSync(folder)
  for (const name of ['audit', 'presence', 'presence.pa_rssi_event.rssi']) {
    writeFileSync(join(folder, `${name}.csv`), 'customer,topic,timestamp\nA,audit,1\n')
  }
  await assert.rejects(
    openCsv(folder, fakeContext({ topics: ALL_TOPICS })),
    (error: StreamError) => {
      assert.match(error.message, /: 3 files cannot be used$/)
      for (const problem of error.problems)
        execFileSync('sh', ['-c', problem.split(': ').at(-1) ?? ''])
      return error.problems.length === 3
    },
  )
  await (await openCsv(folder, fakeContext({ topics: ALL_TOPICS }))).close()
})

test('csv has the values of extensions and groups, as a newer schema may bring them', async (t) => {
  const protoDir = tempFolder(t)
  writeFileSync(
    join(protoDir, 'audit.proto'),
    `syntax = "proto2"; package a;
     message mac_address { optional bytes addr = 1; }
     message audit_message {
       optional group Grp = 1 { optional mac_address mac = 1; }
       repeated group Reps = 2 { repeated group Inner = 1 { optional mac_address mac = 1; } }
       extensions 100 to 199;
     }
     extend audit_message { optional int32 extra = 100; repeated mac_address macs = 101; }`,
  )
  const folder = tempFolder(t)
  const output = await openCsv(folder, fakeContext({ protoDir, topics: ['audit'] }))
  const mac = { addr: Buffer.from('e0f8471eab01', 'hex').toString('base64') }
  const message = audit({})
  const reps = [{ inner: [{ mac }] }]
  const data = { grp: { mac }, reps, '[a.extra]': 7, '[a.macs]': [mac] }
  await output.write([{ ...message, record: { ...message.record, data } }])
  await output.close()
  const text = 'e0:f8:47:1e:ab:01'
  const [row] = readCsv(join(folder, 'audit.csv'))
  assert.equal(row?.['data.grp.mac.addr'], text)
  assert.equal(row?.['data.[a.extra]'], '7')
  const lists = readdirSync(folder).filter((name) => name !== 'audit.csv')
  const rows = lists.map((name) => Object.entries(readCsv(join(folder, name))[0] ?? {}))
  const own = rows.flat().filter(([name]) => /reps|macs/.test(name))
  assert.deepEqual(own.sort(), [
    ['data.[a.macs].addr', text],
    ['data.reps.inner', JSON.stringify([{ mac: { addr: text } }])],
  ])
})

test('csv waits for a file with other columns to be moved away, and says so, where its topic comes late', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'audit.csv')
  writeFileSync(path, 'customer,topic\nA,audit\n')
  const context = fakeContext({ topics: ['presence'] })
  const output = await openCsv(folder, context)
  await output.write([audit({ target: 'x' })])
  await until(() => context.counters.retried > 0)
  const [logged] = context.logged
  assert.match(
    logged?.message ?? '',
    /move it away, and a new one is made: mv .*; waiting until it can be/,
  )
  renameSync(path, `${path}.old`)
  await output.close()
  assert.equal(readCsv(path)[0]?.['data.target'], 'x')
  assert.equal(context.counters.delivered, 1)
})

test('csv guards a text of two million quotes', () => {
  const quotes = '"'.repeat(2_000_000)
  assert.equal(GUARDED.text(`;${quotes}`), `;${quotes}`)
  assert.equal(GUARDED.text(`;${quotes}=1+1`), `;${quotes}'=1+1`)
})

test('csv shortens IPv6 addresses as RFC 5952 has it', async () => {
  const { readableForm } = await import('../../src/decode/readable.js')
  const ip = readableForm('ip_address', 'addr') ?? assert.fail()
  const cases = {
    '20010db8000000000001000000000001': '2001:db8::1:0:0:1',
    '00000000000000000000000000000000': '::',
    '00000000000000000000000000000001': '::1',
    '20010db8000100010001000100010000': '2001:db8:1:1:1:1:1:0',
    '20010db8000100010001000100000000': '2001:db8:1:1:1:1::',
    '00000000000000000000ffff0a000001': '::ffff:10.0.0.1',
  }
  for (const [hex, text] of Object.entries(cases)) {
    assert.equal(ip(Buffer.from(hex, 'hex')), text)
    assert.ok(isIPv6(text))
  }
})

test('a well-known type is one column, whatever fields it has on the wire', () => {
  const schema = schemaOf(`
    syntax = "proto3";
    import "google/protobuf/timestamp.proto"; import "google/protobuf/struct.proto";
    message M {
      google.protobuf.Timestamp time = 1; repeated google.protobuf.Timestamp times = 2;
      google.protobuf.Struct struct = 3; google.protobuf.Value value = 4;
    }
  `)
  const timestamp = bytes(1, int(1, 1))
  const struct = bytes(3, bytes(1, bytes(1, 'a'), bytes(2, int(4, 1))))
  const frame = frameOf(timestamp, bytes(2, int(1, 1)), bytes(2), struct, bytes(4, int(1, 0)))
  const outcome = outcomeOf(schema, frame)
  assert.ok(typeof outcome === 'object')
  const table = tableOf('audit', [schema.payload], 'classic')
  assert.deepEqual(table.lists, [])
  const columns = heading(HEADS.classic, table).trimEnd().split(',').slice(6)
  assert.deepEqual(columns, ['data.time', 'data.times', 'data.struct', 'data.value', 'extra'])
  const [row] = csvRows(table, outcome.record as StreamRecord, HEADS.classic, PLAIN)
  const [first, second] = ['1970-01-01T00:00:01Z', '1970-01-01T00:00:00Z']
  assert.equal(
    row?.text.split(',').slice(6).join(),
    `${first},${first};${second},"{""a"":true}",,\n`,
  )
})
