import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { openDeadLetter, openRecording } from '../../src/files/frame-file.js'
import { type RecordedFrame, readRecording, splitLines } from '../../src/files/read-recording.js'
import { ALL_TOPICS } from '../../src/service.js'
import { until } from '../helpers/clock.js'
import { fakeContext } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

const FRAMES = [
  { bytes: Buffer.from([0, 1, 254, 255]), text: false, customer: 'A', topic: 'audit' },
  { bytes: Buffer.alloc(0), text: false, customer: 'Café "B"\n', topic: 'presence' },
  { bytes: Buffer.from('hello ☃'), text: true, customer: 'A', topic: 'audit' },
] as const

const kept = FRAMES.map((frame, n) => ({ ...frame, receivedAt: 1_700_000_000_123 + n }))

async function recording(t: TestContext): Promise<string> {
  const path = join(tempFolder(t), 'frames.ndjson')
  const file = await openRecording(path, fakeContext())
  for (const frame of kept) await file.write([frame])
  await file.close()
  return path
}

async function read(source: string | Readable) {
  const context = fakeContext()
  const frames: RecordedFrame[] = []
  for await (const batch of readRecording(source, context)) frames.push(...batch)
  return { frames, warnings: context.logged.map(({ message }) => message) }
}

const expected = kept.map((frame, n) => ({ ...frame, lineNumber: n + 1 }))

test('reading gives back what was recorded, from a file, a compressed one and a stream', async (t) => {
  const path = await recording(t)
  assert.deepEqual(Object.keys(JSON.parse(readFileSync(path, 'utf8').split('\n')[0] ?? '')), [
    'received',
    'customer',
    'topic',
    'frame',
  ])
  assert.equal(statSync(path).mode & 0o777, 0o600)
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
  const bytes = Array.from(readFileSync(path), (byte) => Buffer.from([byte]))
  for (const source of [path, `${path}.gz`, Readable.from(bytes)]) {
    assert.deepEqual(await read(source), { frames: expected, warnings: [] })
  }
})

test('reading gives back dead letters, too, which say why and who gave them up', async (t) => {
  const path = join(tempFolder(t), 'dead.ndjson')
  const file = await openDeadLetter(path, fakeContext())
  const [first, second, third] = kept
  assert.ok(first && second && third)
  await file.write([{ ...first, reason: 'truncated', exporter: undefined }])
  await file.write([{ ...second, reason: 'HTTP 400', exporter: 'http://host/' }])
  await file.write([{ ...third, reason: 'a text frame', exporter: undefined }])
  await file.close()
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      {
        received: '2023-11-14T22:13:20.123Z',
        customer: 'A',
        topic: 'audit',
        frame: 'AAH+/w==',
        reason: 'truncated',
      },
      {
        received: '2023-11-14T22:13:20.124Z',
        customer: 'Café "B"\n',
        topic: 'presence',
        frame: '',
        reason: 'HTTP 400',
        exporter: 'http://host/',
      },
      {
        received: '2023-11-14T22:13:20.125Z',
        customer: 'A',
        topic: 'audit',
        frame: Buffer.from('hello ☃').toString('base64'),
        text: true,
        reason: 'a text frame',
      },
    ],
  )
  assert.deepEqual(await read(path), { frames: expected, warnings: [] })
})

test('reading skips wrong lines with their number and reason, and goes on', async (t) => {
  const path = await recording(t)
  const good = readFileSync(path, 'utf8').split('\n')[0] ?? ''
  const wrong: readonly [line: string, reason: string][] = [
    ['{"received":', 'not JSON'],
    ['[1', 'not JSON'],
    ['null', 'expected an object'],
    ['{}', 'received: expected a time; got nothing'],
    [good.replace('audit', 'wifi'), `topic: expected one of ${ALL_TOPICS.join(', ')}; got "wifi"`],
    [good.replace('"A"', '7'), 'customer: expected a text; got 7'],
    [good.replace('AAH+', 'A-H+'), 'frame: expected base64; got "A-H+/w=="'],
  ]
  writeFileSync(path, `${good}\n\n${wrong.map(([line]) => line).join('\n')}\n${good}\r\n`)
  const { frames, warnings } = await read(path)
  assert.deepEqual(
    frames.map(({ lineNumber }) => lineNumber),
    [1, 3 + wrong.length],
  )
  assert.deepEqual(
    warnings,
    wrong.map(([, reason], n) => `${path}, line ${n + 3}: ${reason}; skipped`),
  )
})

test('reading skips a last line that a crash tore', async (t) => {
  const path = await recording(t)
  appendFileSync(path, '{"received":"2023-11-14T22:13')
  const { frames, warnings } = await read(path)
  assert.deepEqual(frames, expected)
  assert.deepEqual(warnings, [`${path}, line 4: the last line was torn (not JSON); skipped`])
})

test('reading gives what a compressed file holds that was cut off, then says so', async (t) => {
  const path = await recording(t)
  const whole = gzipSync(readFileSync(path))
  // Without its last eight bytes, which hold a checksum: everything is there, but nothing proves it.
  writeFileSync(`${path}.gz`, whole.subarray(0, -8))
  const frames: RecordedFrame[] = []
  const reading = async () => {
    for await (const batch of readRecording(`${path}.gz`, fakeContext())) frames.push(...batch)
  }
  await assert.rejects(reading, {
    code: 'input-invalid',
    message: `${path}.gz: the compressed file ends too early; what follows is missing`,
  })
  assert.deepEqual(frames, expected)
})

test('reading refuses a file without a single frame in one line, which says why', async (t) => {
  const path = join(tempFolder(t), 'records.ndjson')
  const record = '{"customer":"A","topic":"audit","timestamp":"1","data":{}}'
  for (const [text, why] of [
    ['{"customer":"A"}\n', 'line 1: received: expected a time; got nothing'],
    // Whole, although its newline is missing.
    ['{"customers":{}}', 'line 1: received: expected a time; got nothing'],
    ['{\n  "customers": {}\n}\n', 'line 1: not JSON'],
    ['nonsense\n'.repeat(1000), 'line 1: not JSON'],
    [`\n${record}\n${record}\n`, 'line 2: is a record, from which no frame can be made'],
  ]) {
    writeFileSync(path, text ?? '')
    const context = fakeContext()
    const reading = async () => {
      for await (const _ of readRecording(path, context));
    }
    await assert.rejects(reading, {
      code: 'input-invalid',
      message: `${path}: expected lines that --record or --dead_letter wrote; got none of them (${why})`,
    })
    assert.deepEqual(context.logged, [])
  }
})

test('reading warns of wrong lines before the first frame when that has come', async (t) => {
  const path = await recording(t)
  writeFileSync(path, `nonsense\n${readFileSync(path, 'utf8')}`)
  const { frames, warnings } = await read(path)
  assert.equal(frames.length, 3)
  assert.deepEqual(warnings, [`${path}, line 1: not JSON; skipped`])
})

test('reading warns at once of wrong lines that come from a program', async () => {
  const context = fakeContext()
  const source = new PassThrough()
  const reading = readRecording(source, context).next()
  source.write('nonsense\n')
  await until(() => context.logged.length > 0)
  source.end()
  await assert.rejects(reading, /got none of them/)
  assert.deepEqual(
    context.logged.map(({ message }) => message),
    ['stdin, line 1: not JSON; skipped'],
  )
})

test('reading accepts an empty file, and one whose first line was torn', async (t) => {
  const path = join(tempFolder(t), 'begun')
  writeFileSync(path, '')
  assert.deepEqual(await read(path), { frames: [], warnings: [] })
  writeFileSync(path, '{"received":"2023-11-14T22:13')
  assert.deepEqual((await read(path)).frames, [])
})

test('reading does not fill the log with lines that are wrong', async (t) => {
  const path = await recording(t)
  const [good] = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, `${good}\n${'nonsense\n'.repeat(1000)}`)
  const { warnings } = await read(path)
  assert.equal(warnings.length, 11)
  assert.equal(warnings[10], `${path}: 1000 lines were skipped in all`)
})

test('reading reports why a file cannot be read', async (t) => {
  const folder = tempFolder(t)
  const plainGz = join(folder, 'plain.gz')
  writeFileSync(plainGz, 'not compressed\n')
  for (const [path, reason] of [
    [join(folder, 'none'), /none: cannot be read: it does not exist \(ENOENT\)$/],
    [folder, /cannot be read: it is a folder, not a file \(EISDIR\)$/],
    [plainGz, /plain\.gz: is not gzip, or is damaged; a name without \.gz is read as text$/],
  ] as const) {
    await assert.rejects(read(path), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'input-invalid')
      assert.match(error.message, reason)
      return true
    })
  }
})

test('reading lets go of a line that is too long, and finds the next one', async () => {
  async function* chunks() {
    yield Buffer.from('ab\n')
    for (let i = 0; i < 1000; i++) yield Buffer.alloc(100, 'x')
    yield Buffer.from('\ncd\n')
  }
  const lines: unknown[] = []
  for await (const some of splitLines(chunks(), 64)) {
    for (const { number, bytes, whole } of some) lines.push([number, bytes?.toString(), whole])
  }
  assert.deepEqual(lines, [
    [1, 'ab', true],
    [2, undefined, true],
    [3, 'cd', true],
  ])
})
