import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FLAG, readType, redactType, textForm } from '../../src/outputs/export-type.js'
import { filesOf, openOutput } from '../../src/outputs/open-output.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

const FORMS = { size: textForm(/^\d+MB$/, 'a size such as 100MB'), rows: FLAG }

test('options of a TYPE stand behind "?", of http behind "#"', () => {
  const cases: readonly [type: string, target: string, options: object][] = [
    ['tcp://h:1', 'tcp://h:1', {}],
    ['tcp://h:1?', 'tcp://h:1', {}],
    ['out#1.ndjson?size=5MB', 'out#1.ndjson', { size: '5MB' }],
    ['out?rows&size=5MB', 'out', { size: '5MB', rows: true }],
    ['out?size=5%4DB', 'out', { size: '5MB' }],
    [
      'https://h/in?x=y&size=1#rows,size=5MB',
      'https://h/in?x=y&size=1',
      { size: '5MB', rows: true },
    ],
    ['http://h/in#rows&size=5MB', 'http://h/in', { size: '5MB', rows: true }],
  ]
  for (const [type, target, options] of cases) {
    assert.deepEqual(readType(type, FORMS), { target, options }, type)
  }
})

test('a wrong option says what is expected, and shows no login', () => {
  const cases: readonly [type: string, says: string][] = [
    ['out?sise=5MB', 'expected the option size or rows; got "sise" (did you mean "size"?)'],
    ['out?zzz', 'expected the option size or rows; got "zzz"'],
    ['out?toString', 'expected the option size or rows; got "toString"'],
    ['out?size=5', 'size: expected a size such as 100MB; got "5"'],
    ['out?size', 'size: expected a size such as 100MB; got no value'],
    ['out?rows=1', 'rows: expected no value behind it; got "1"'],
    ['out?rows&rows', 'expected the option "rows" once; got it twice'],
    ['https://me:12#hunter2@h', 'expected the option size or rows; got something else'],
  ]
  for (const [type, says] of cases) {
    assert.throws(() => readType(type, FORMS, type.startsWith('https') ? '' : 'json'), {
      code: 'usage',
      message: `--export_data ${type.startsWith('https') ? 'https://me:12' : 'json:out'}: ${says}`,
    })
  }
})

const REFUSED: readonly [type: string, says: RegExp][] = [
  ['json:out.ndjson?rotat=1', /^--export_data json:out\.ndjson: expected .*; got "rotat"/],
  ['json:out?rotate=100', /rotate: expected SIZE,COUNT such as 100MB,10 .*; got "100"/],
  ['json:out?rotate=0MB,5', /rotate: expected SIZE,COUNT/],
  ['json?rotate=100', /^--export_data json: rotate: expected/],
  ['csv?rotate=1MB,2', /^--export_data csv: expected .*; got "rotate"/],
  ['csv:folder?x', /^--export_data csv:folder: expected .*; got "x"/],
  ['tcp://h:1?x', /^--export_data tcp:\/\/h:1: expected .*; got "x"/],
  ['https://h/in?token=hidden#x', /^--export_data https:\/\/h\/in: expected .*; got "x"/],
  ['nats://h/p?streams=x', /^--export_data nats:.*; got "streams" \(did you mean "stream"\?\)/],
  ['nats://h/p?stream=a.b', /stream: expected letters, digits, "_" and "-"; got "a\.b"/],
  ['kafka://h/p?acks=0', /^--export_data kafka:\/\/h\/p: expected no options; got "acks"/],
  ['kafka://h/p?password=hidden', /got "password"/],
  ['postgres://h/d?tabel=x', /got "tabel" \(did you mean "table"\?\)/],
  ['postgres://h/d?password=hidden', /expected the option table; got "password"/],
  ['postgres://h/d?table=x;drop', /table: expected small letters, .*; got "x;drop"/],
  ['postgres://h/d?table=A', /table: expected small letters, .*; got "A"/],
]

for (const [type, says] of REFUSED) {
  test(`the output refuses the option of "${type}"`, async () => {
    await assert.rejects(openOutput(type, fakeContext()), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'usage')
      assert.match(error.message, says)
      assert.doesNotMatch(error.message, /hidden/)
      return true
    })
  })
}

test('the files of an output are known without its options', async () => {
  assert.deepEqual(await filesOf('json:out.ndjson?x=1', process.cwd()), [
    { option: '--export_data json:out.ndjson?x=1', path: 'out.ndjson' },
  ])
})

test('options may stand behind a TYPE that has no path', async (t) => {
  const cwd = tempFolder(t)
  for (const type of ['json?rows', 'csv?plain']) {
    const output = await openOutput(type, fakeContext({ cwd }))
    await output.close()
  }
  assert.deepEqual(readdirSync(cwd).sort(), ['aruba-stream-csv', 'aruba-stream.ndjson'])
  assert.deepEqual(await filesOf('json?rows', process.cwd()), [
    { option: '--export_data json?rows', path: './aruba-stream.ndjson' },
  ])
  await assert.rejects(openOutput('csv?rotate=1MB,2', fakeContext()), /expected the option plain/)
})

test('the files of an output start from the folder of the program', async (t) => {
  const cwd = tempFolder(t)
  for (const [type, file] of [
    ['json:out.ndjson', 'out.ndjson'],
    ['json:each/', 'each/A.ndjson'],
    ['csv:tables', 'tables/monitoring.csv'],
  ] as const) {
    const context = fakeContext({ cwd })
    const output = await openOutput(type, context)
    await output.write([fakeMessage('A', 1)])
    await output.close()
    assert.equal(context.counters.delivered, 1)
    assert.ok(existsSync(join(cwd, file)), file)
    const [written] = await filesOf(type, cwd)
    assert.ok(written?.path.startsWith(cwd))
  }
})

test('a TYPE that is logged keeps its options, and masks what may be secret', () => {
  for (const [type, shown] of [
    ['json:out.ndjson?rotate=1MB,10', 'json:out.ndjson?rotate=1MB,10'],
    ['csv', 'csv'],
    ['nats://h/p?stream=S', 'nats://h/p?stream=S'],
    ['postgres://ann@h/d?table=x', 'postgres://****@h/d?table=x'],
    ['https://h/in#rows,gzip=off', 'https://h/in#rows,gzip=off'],
    ['https://h/in?token=hunter2#batch=5', 'https://h/in?****#batch=5'],
    ['https://h/in?token=hunter2', 'https://h/in?****'],
    ['./save.mjs?url=http://a:b@c&fast', './save.mjs?url=****&fast'],
  ] as const) {
    assert.equal(redactType(type), shown)
  }
})

test('a module gets its options, decoded', async (t) => {
  const cwd = tempFolder(t)
  writeFileSync(
    join(cwd, 'save.mjs'),
    `import { mkdirSync } from 'node:fs'
     export const open = ({ options }) => mkdirSync(options.folder)
     export default (record, { options }) => mkdirSync(options.folder + '/' + Object.keys(options))`,
  )
  const folder = `${cwd}/a b`
  const context = fakeContext({ cwd })
  const type = `./save.mjs?folder=${encodeURIComponent(folder)}&fast`
  const output = await openOutput(type, context)
  await output.write([fakeMessage('A', 1)])
  await output.close()
  assert.deepEqual(readdirSync(folder), ['folder,fast'])
  assert.equal(context.counters.delivered, 1)
})
