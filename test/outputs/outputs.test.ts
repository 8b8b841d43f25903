import assert from 'node:assert/strict'
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { WRITER } from '../../src/decode/to-json.js'
import { StreamError } from '../../src/errors.js'
import { OpenFiles } from '../../src/files/distinct-files.js'
import { openHttp } from '../../src/outputs/http.js'
import { openJson } from '../../src/outputs/json.js'
import { type OutputsSettings, openOutputs } from '../../src/outputs/outputs.js'
import type { StreamMessage } from '../../src/service.js'
import { closedPort } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import {
  type FakeContext,
  fakeContext,
  fakeMessage,
  fakeProgram,
  isPending,
} from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

const THROWS = 'export default ({ data }) => { if (data.n === 1) throw new Error("no room") }'

const DEFAULTS: OutputsSettings = {
  print: undefined,
  exports: [],
  readable: false,
  protoDir: undefined,
  source: undefined,
  deadLetterFile: undefined,
  transformFile: undefined,
  statsIntervalMs: undefined,
}

/** Outputs with these settings in a folder of their own, which has a module that refuses message 1. */
async function open(t: TestContext, given: (folder: string) => Partial<OutputsSettings>) {
  const folder = tempFolder(t)
  writeFileSync(join(folder, 'module.mjs'), THROWS)
  const settings = { ...DEFAULTS, ...given(folder) }
  const program = fakeProgram(folder)
  return { folder, program, opening: openOutputs(settings, ['monitoring'], program) }
}

for (const [beside, given] of [
  ['a file', () => ({ exports: ['json:file.ndjson'] })],
  ['a dead letter', (folder: string) => ({ deadLetterFile: join(folder, 'dead.ndjson') })],
  ['nothing', () => ({})],
] as const) {
  const isAlone = beside === 'nothing'
  const has = isAlone ? '8 s' : '4 s'
  test(`stdout that a reader does not read, beside ${beside}, has ${has} at the end`, async (t) => {
    const { opening, program } = await open(t, (folder) => ({ print: 'records', ...given(folder) }))
    const outputs = await opening
    // Each is more than any stream takes before it is read.
    const messages = Array.from({ length: 10 }, (_, n) => fakeMessage('A', n, { pad: 300 * 1024 }))
    const write = outputs.write(messages)
    assert.equal(await isPending(write), true)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    program.shutdown.begin()
    t.mock.timers.tick(4_000)
    t.mock.timers.reset()
    assert.equal(await isPending(write), isAlone)
    assert.equal(outputs.counters[0]?.counters.givenUp, isAlone ? 0 : 10)
    ;(program.stdout.stream as PassThrough).resume()
    await outputs.close()
    program.shutdown.done()
  })
}

test('outputs that differ only in what is masked have names of their own', async (t) => {
  const host = `http://127.0.0.1:${await closedPort()}`
  const tokens = ['xoxb9AbCdEfGhIjKlMnOpQ', 'xoxb9AbCdEfGhIjKlMnOpR']
  const exports = [...tokens.map((token) => `${host}/${token}`), `${host}/other?token=x`, host]
  const { opening } = await open(t, () => ({ exports }))
  const outputs = await opening
  await outputs.close()
  assert.deepEqual(
    outputs.counters.map(({ name }) => name),
    [`${host}/****`, `${host}/**** (2)`, `${host}/other`, host],
  )
})

test('an output is named without its options, and replayed with them', async (t) => {
  const { opening } = await open(t, () => ({ exports: ['./module.mjs?table=x', 'json:a?rows'] }))
  const outputs = await opening
  await outputs.close()
  assert.deepEqual(
    outputs.counters.map(({ name, type }) => [name, type]),
    [
      ['./module.mjs', './module.mjs?table=****'],
      ['json:a', 'json:a?rows'],
    ],
  )
})

for (const [scheme, place, options] of [
  ['tcp', '', ''],
  ['http', '', '#batch=1'],
  ['http', '/in', '?key=x#batch=1'],
  ['nats', '/prefix', '?stream=S'],
  ['kafka', '/prefix', ''],
  ['postgres', '/database', '?table=own'],
] as const) {
  const form = `${scheme}://HOST${place}${options}`
  test(`a line about an output that cannot be reached names it once: ${form}`, async (t) => {
    const name = `${scheme}://127.0.0.1:${await closedPort()}${place}`
    const { program, opening } = await open(t, () => ({ exports: [`${name}${options}`] }))
    const outputs = await opening
    await outputs.write([fakeMessage('A', 1)])
    const reached = () => program.logged.find((line) => line.includes('reach'))
    await until(() => reached() !== undefined)
    assert.match(reached() ?? '', /^cannot be reached: it refuses connections/)
    // Where no name stands before it, as on the status page, the message has it.
    const { lastError } = outputs.counters[0]?.state ?? {}
    assert.ok(lastError?.message.startsWith(`cannot reach ${name}: `), lastError?.message)
    t.mock.timers.enable({ apis: ['setTimeout'] })
    program.shutdown.begin()
    for (const ms of [8_000, 800]) t.mock.timers.tick(ms)
    t.mock.timers.reset()
    await outputs.close()
  })
}

test('a message that is given up says whether the dead letter has it', async (t) => {
  const { folder, program, opening } = await open(t, (folder) => ({
    exports: ['./module.mjs'],
    deadLetterFile: join(folder, 'dead.ndjson'),
  }))
  const outputs = await opening
  await outputs.write([1, 2].map((n) => fakeMessage('A', n)))
  await outputs.close()
  const path = join(folder, 'dead.ndjson')
  assert.deepEqual(program.logged, [`no room; the message is given up and kept in ${path}`])
  assert.equal(readFileSync(path, 'utf8').trim().split('\n').length, 1)
  assert.deepEqual(outputs.counters[0]?.counters, {
    delivered: 1,
    retried: 0,
    givenUp: 1,
    kept: 1,
    waiting: 0,
  })
})

test('the outputs tell which of them a write waits for', async (t) => {
  let proceed = () => {}
  const opened = new Promise<void>((resolve) => {
    proceed = resolve
  })
  Object.assign(globalThis, { opened })
  const { opening } = await open(t, (folder) => {
    writeFileSync(join(folder, 'slow.mjs'), 'export default () => globalThis.opened')
    return { exports: ['./slow.mjs', 'json'], recordFile: join(folder, 'r.ndjson') }
  })
  const outputs = await opening
  const held = () => outputs.holds.filter(({ heldMs }) => heldMs > 0).map(({ name }) => name)
  assert.deepEqual(held(), [])
  const written = outputs.write([fakeMessage('A', 1)])
  await until(() => held().length === 1)
  assert.deepEqual(held(), ['./slow.mjs'])
  proceed()
  await written
  assert.deepEqual(held(), [])
  await outputs.close()
})

test('a default export holds up one entry, and all other outputs hold up all streams', async (t) => {
  const { opening } = await open(t, (folder) => {
    writeFileSync(join(folder, 'batch.mjs'), 'export const exportBatch = () => {}')
    return { exports: ['./module.mjs', './batch.mjs', 'json'] }
  })
  const outputs = await opening
  const ofEntry = outputs.holds.map((hold) => [hold.name, hold.ofEntry])
  assert.deepEqual(ofEntry, [
    ['./module.mjs', true],
    ['./batch.mjs', false],
    ['json', false],
  ])
  await outputs.close()
})

test('a message that no dead letter has is given up, and not kept', async (t) => {
  const without = await open(t, () => ({ exports: ['./module.mjs'] }))
  const outputs = await without.opening
  await outputs.write([fakeMessage('A', 1)])
  await outputs.close()
  assert.deepEqual(without.program.logged, ['no room; the message is given up'])
  assert.equal(outputs.counters[0]?.counters.kept, 0)
})

test('an output whose close fails keeps no other, nor dead letter and recording, from theirs', async (t) => {
  const { folder, program, opening } = await open(t, (folder) => ({
    exports: ['./module.mjs', `json:${join(folder, 'out.ndjson')}`],
    deadLetterFile: join(folder, 'dead.ndjson'),
    recordFile: join(folder, 'frames.ndjson'),
  }))
  const outputs = await opening
  const stuck = async () => {
    throw new Error('stuck')
  }
  Object.assign(outputs.list[0] ?? {}, { close: stuck })
  const frame = { bytes: Buffer.from('frame'), receivedAt: 0, text: false }
  const entry = { name: 'A', topic: 'monitoring' } as const
  void outputs.record(entry, [frame])
  void outputs.write([fakeMessage('A', 2)])
  void outputs.keepUndecodable(entry, frame, new StreamError('frame-undecodable', 'no'))
  await outputs.close()
  for (const file of ['out', 'dead', 'frames']) {
    assert.match(readFileSync(join(folder, `${file}.ndjson`), 'utf8'), /\n$/, file)
  }
  assert.deepEqual(program.logged, ['an output failed: stuck'])
})

/** A message whose frame was overwritten. */
const spoilt: StreamMessage = {
  ...fakeMessage('A', 1),
  get line(): Uint8Array {
    throw new StreamError('frame-undecodable', 'field number 0')
  },
}

test('a line that cannot be made upsets no counter and no message after it', async (t) => {
  const path = join(tempFolder(t), 'out.ndjson')
  for (const open of [
    (context: FakeContext) => openJson(path, context),
    (context: FakeContext) => openHttp('http://127.0.0.1:1/', context),
  ]) {
    const context = fakeContext()
    const output = await open(context)
    await output.write([spoilt])
    assert.deepEqual(context.counters, {
      delivered: 0,
      retried: 0,
      givenUp: 1,
      kept: 0,
      waiting: 0,
    })
    assert.equal(context.givenUp[0]?.error.code, 'frame-undecodable')
    await output.close()
  }
})

for (const [exports, isReused] of [
  [['json:a'], true],
  [['json:a', 'json:b'], false],
  [['./module.mjs'], false],
] as const) {
  const does = isReused ? 'is used again' : 'is left alone'
  test(`the memory of lines that were delivered to ${exports.join(' and ')} ${does}`, async (t) => {
    const { opening } = await open(t, () => ({ exports }))
    const outputs = await opening
    const messages = () =>
      Array.from({ length: 100 }, (_, n) => {
        WRITER.text(String(n).padEnd(1000))
        return { ...fakeMessage('A', n), line: WRITER.take() }
      })
    const before = messages()
    await outputs.write(before)
    await outputs.close()
    // The memory of the last ones may have room for another one.
    const memory = new Set(before.slice(0, 80).map(({ line }) => line.buffer))
    assert.equal(
      messages().some(({ line }) => memory.has(line.buffer)),
      isReused,
    )
  })
}

test('large frames of which little is printed fill the room for messages, too', async (t) => {
  const context = fakeContext()
  const output = await openHttp('http://127.0.0.1:1/', context)
  t.after(async () => {
    context.expire()
    await output.close()
  })
  const frame = Buffer.alloc(100 * 1024)
  let count = 1
  while (!(await isPending(output.write([{ ...fakeMessage('A', count), frame }])))) count++
  assert.equal(count, 31, 'messages of 3 MiB in all, line and frame')
})

type Case = (folder: string) => Partial<OutputsSettings>
const source = (folder: string) => ({ option: '--jsoninput', path: join(folder, 'input.json') })

const ONE_FILE_TWICE: Readonly<Record<string, Case>> = {
  'the same path': (folder) => ({ exports: [`json:${folder}/a`], recordFile: `${folder}/./a` }),
  'a link to a file that is not there yet': (folder) => {
    mkdirSync(join(folder, 'real'))
    symlinkSync(join(folder, 'real'), join(folder, 'link'))
    return { exports: [`json:${folder}/real/a`, `json:${folder}/link/a`] }
  },
  'a hard link': (folder) => {
    writeFileSync(join(folder, 'a'), '', { mode: 0o600 })
    linkSync(join(folder, 'a'), join(folder, 'b'))
    return { exports: [`json:${folder}/a`], deadLetterFile: `${folder}/b` }
  },
  'a hard link to the input file': (folder) => {
    writeFileSync(join(folder, 'input.json'), '{}')
    linkSync(join(folder, 'input.json'), join(folder, 'out.ndjson'))
    return { source: source(folder), exports: [`json:${folder}/out.ndjson`] }
  },
  'one folder of CSV files with and without a slash': (folder) => ({
    exports: [`csv:${folder}/c`, `csv:${folder}/c/`],
  }),
  'one folder of JSON files twice': (folder) => ({
    exports: [`json:${folder}/d/`, `json:${folder}//d/`],
  }),
  'a dead letter in a folder of JSON files': (folder) => ({
    exports: [`json:${folder}/d/`],
    deadLetterFile: `${folder}/d/dead.ndjson`,
  }),
  'a dead letter with the name of a rotated file': (folder) => ({
    exports: [`json:${folder}/z.nd?rotate=10kB,2`],
    deadLetterFile: `${folder}/z.nd.1`,
  }),
  'a recording with the name of the last rotated file': (folder) => ({
    exports: [`json:${folder}/z.nd?rotate=10kB,12&rows`],
    recordFile: `${folder}/./z.nd.12`,
  }),
  'another output with the name of a rotated file': (folder) => ({
    exports: [`json:${folder}/q.nd.1`, `json:${folder}/q.nd?rotate=10kB,2`],
  }),
  'an input file with the name of a rotated file': (folder) => {
    writeFileSync(join(folder, 'zin.nd.1'), '{}')
    const read = { option: '--jsoninput zin.nd.1', path: join(folder, 'zin.nd.1') }
    return { source: read, exports: [`json:${folder}/zin.nd?rotate=1kB,2`] }
  },
  'a dead letter with the name of a rotated file in a folder': (folder) => ({
    exports: [`json:${folder}/zd/?rotate=10kB,2`],
    deadLetterFile: `${folder}/zd/A.ndjson.1`,
  }),
  'a recording that is linked to a rotated file': (folder) => {
    writeFileSync(join(folder, 'z.nd.1'), '', { mode: 0o600 })
    symlinkSync(join(folder, 'z.nd.1'), join(folder, 'frames'))
    return { exports: [`json:${folder}/z.nd?rotate=10kB,2`], recordFile: `${folder}/frames` }
  },
  'an entry file that is the input file': (folder) => {
    writeFileSync(join(folder, 'input.json'), '{}')
    mkdirSync(join(folder, 'd'))
    linkSync(join(folder, 'input.json'), join(folder, 'd', 'A.ndjson'))
    return { source: source(folder), exports: [`json:${folder}/d/`] }
  },
  'a sheet that is linked to the recording': (folder) => {
    mkdirSync(join(folder, 'c'))
    writeFileSync(join(folder, 'frames'), '', { mode: 0o600 })
    symlinkSync(join(folder, 'frames'), join(folder, 'c', 'audit.csv'))
    return { exports: [`csv:${folder}/c`], recordFile: `${folder}/frames` }
  },
}

for (const [what, settings] of Object.entries(ONE_FILE_TWICE)) {
  test(`one file for two uses is refused before anything is opened: ${what}`, async (t) => {
    const { folder, opening } = await open(t, settings)
    const before = readdirSync(folder)
    await assert.rejects(opening, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'usage')
      assert.match(
        error.message,
        /^--\S.*: expected (another file than that|a file outside the folder|a file other than PATH.1 to PATH.\d+) of --\S/,
      )
      return true
    })
    assert.deepEqual(readdirSync(folder), before)
  })
}

test('the file that stdout was redirected to is not written by another output', async (t) => {
  const folder = tempFolder(t)
  const path = join(folder, 'out.ndjson')
  const fd = openSync(path, 'w', 0o600)
  t.after(() => closeSync(fd))
  const program = fakeProgram(folder)
  const redirected = { ...program, stdout: { ...program.stdout, file: fd } }
  const settings = { ...DEFAULTS, print: 'records' as const, exports: [`json:${path}`] }
  await assert.rejects(openOutputs(settings, ['monitoring'], redirected), {
    code: 'usage',
    message: `--export_data json:${path}: expected another file than that of stdout; choose another path`,
  })
})

test('a file may have a name that no rotated file gets', async (t) => {
  const { folder, opening } = await open(t, (folder) => ({
    exports: [`json:${folder}/z.nd?rotate=10kB,2`, `json:${folder}/d/?rotate=10kB,2`],
    deadLetterFile: `${folder}/z.nd.3`,
    recordFile: `${folder}/z.nd.01`,
  }))
  const outputs = await opening
  await outputs.close()
  for (const name of ['d', 'z.nd', 'z.nd.01', 'z.nd.3'])
    assert.ok(readdirSync(folder).includes(name))
})

test('folders of JSON and CSV files may be one, and other files may be in them', async (t) => {
  const { opening } = await open(t, (folder) => ({
    exports: [`json:${folder}/d/`, `csv:${folder}/d`],
    deadLetterFile: `${folder}/dead.ndjson`,
    recordFile: `${folder}/d.jsonl`,
  }))
  await (await opening).close()
})

test('an entry file that becomes the input file while the program runs gets no record', async (t) => {
  const folder = tempFolder(t)
  const input = join(folder, 'input.json')
  writeFileSync(input, '{}')
  const context = {
    ...fakeContext(),
    openFiles: new OpenFiles([{ option: '--jsoninput', path: input }]),
  }
  const output = await openJson(`${folder}/d/`, context)
  linkSync(input, join(folder, 'd', 'A.ndjson'))
  await output.write([fakeMessage('A', 1)])
  await until(() => context.counters.retried > 0)
  assert.match(context.logged[0]?.message ?? '', /another file than that of --jsoninput/)
  context.expire()
  await output.close()
  assert.equal(readFileSync(input, 'utf8'), '{}')
})
