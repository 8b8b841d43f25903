import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { StreamError } from '../../src/errors.js'
import { AppendFile, fileRetryLog } from '../../src/files/append-file.js'
import { until } from '../helpers/clock.js'
import { fakeContext } from '../helpers/export-fakes.js'
import { mountSmallDisk, noSmallDisk } from '../helpers/small-disk.js'
import { tempFolder } from '../helpers/temp-folder.js'

function fixture() {
  const context = fakeContext()
  const written: string[] = []
  const lost: [string, StreamError][] = []
  const options = {
    label: 'test file',
    log: context.log,
    graceOver: context.graceOver,
    forced: context.forced,
    encode: (line: string) => Buffer.from(`${line}\n`),
    settled(items: readonly string[], error: StreamError | undefined) {
      for (const item of items) error ? lost.push([item, error]) : written.push(item)
    },
    retried: () => {
      context.counters.retried++
    },
  }
  const push = (file: AppendFile<string>, line: string) => file.write([line])
  return { context, written, lost, options, push }
}

const onRoot = { skip: noSmallDisk }
const DISK_BYTES = 65_536

test(
  'a file waits for room on a full disk, says so once, and continues in the middle of the line',
  onRoot,
  async (t) => {
    const { folder } = mountSmallDisk(t, DISK_BYTES)
    const { context, written, lost, options, push } = fixture()
    const path = join(folder, 'out')
    writeFileSync(join(folder, 'ballast'), Buffer.alloc(40_000))
    const file = await AppendFile.open(path, options)
    const lines = Array.from({ length: 60 }, (_, n) => `${n}`.padEnd(999, '.'))
    for (const line of lines) push(file, line)
    await until(() => context.counters.retried >= 2)
    const onDisk = readFileSync(path).length / 1000
    assert.ok(!Number.isInteger(onDisk), 'the disk was full within a line')
    assert.deepEqual(written, lines.slice(0, onDisk), 'whole lines are in the file')
    await file.reopen()
    rmSync(join(folder, 'ballast'))
    await until(() => written.length === lines.length)
    await file.close()
    assert.equal(readFileSync(path, 'utf8'), `${lines.join('\n')}\n`)
    assert.deepEqual(written, lines)
    assert.deepEqual(lost, [])
    const logged = context.logged.map(({ message }) => message)
    assert.equal(logged.length, 2, logged.join('; '))
    assert.match(logged[0] ?? '', /^test file: the disk is full \(ENOSPC\); waiting until/)
    assert.match(logged[1] ?? '', /^test file: is written again after \d+ s$/)
  },
)

test('files that share a retry log report a full disk once', onRoot, async (t) => {
  const { folder } = mountSmallDisk(t, DISK_BYTES)
  const { context, written, options, push } = fixture()
  const retryLog = fileRetryLog(options)
  const names = ['a', 'b', 'c']
  const open = (name: string) => AppendFile.open(join(folder, name), { ...options, retryLog })
  const files = await Promise.all(names.map(open))
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(DISK_BYTES))
  for (const file of files) push(file, 'line')
  await until(() => context.counters.retried >= files.length)
  assert.equal(context.logged.length, 1)
  rmSync(join(folder, 'ballast'))
  await until(() => written.length === files.length)
  await Promise.all(files.map((file) => file.close()))
  assert.equal(context.logged.length, 2)
  assert.match(context.logged[1]?.message ?? '', /is written again/)
})

test(
  'a file gives up at the end what a full disk has not taken whole, and nothing else',
  onRoot,
  async (t) => {
    const { folder } = mountSmallDisk(t, DISK_BYTES)
    const { context, written, lost, options, push } = fixture()
    const path = join(folder, 'out')
    const file = await AppendFile.open(path, options)
    const lines = Array.from({ length: 80 }, (_, n) => `${n}`.padEnd(999, '.'))
    for (const line of lines) push(file, line)
    await until(() => context.counters.retried > 0)
    context.expire()
    await file.close()
    assert.deepEqual(readFileSync(path, 'utf8').split('\n').slice(0, -1), written)
    assert.ok(written.length > 0)
    assert.deepEqual([...written, ...lost.map(([line]) => line)], lines)
  },
)

test(
  'a file starts a half written line anew in a new file, where a full disk is repaired by rotation',
  onRoot,
  async (t) => {
    const { folder } = mountSmallDisk(t, DISK_BYTES)
    const { context, written, options, push } = fixture()
    const elsewhere = join(tempFolder(t), 'out')
    const path = join(folder, 'out')
    const file = await AppendFile.open(path, options)
    const lines = Array.from({ length: 80 }, (_, n) => `${n}`.padEnd(999, '.'))
    for (const line of lines) push(file, line)
    await until(() => context.counters.retried > 0)
    renameSync(path, join(folder, 'out.1'))
    symlinkSync(elsewhere, path)
    await file.reopen()
    await file.close()
    const before = readFileSync(join(folder, 'out.1'), 'utf8').split('\n').slice(0, -1)
    const after = readFileSync(elsewhere, 'utf8').split('\n').slice(0, -1)
    assert.deepEqual([...before, ...after], lines)
    assert.deepEqual(written, lines)
  },
)

test('a file gives up what a full disk did not take by the end', async () => {
  const { context, lost, options, push } = fixture()
  const file = await AppendFile.open('/dev/full', options)
  const waiting = push(file, 'x'.repeat(2 << 20))
  push(file, 'second')
  await until(() => context.counters.retried > 0)
  const closing = file.close()
  context.expire()
  await Promise.all([waiting, closing])
  assert.deepEqual(
    lost.map(([line]) => line.length),
    [2 << 20, 6],
  )
  assert.match(lost[0]?.[1].message ?? '', /^test file: was not written by the end$/)
})

test('a file follows the path on reopen, and loses nothing between the files', async (t) => {
  const { written, options, push } = fixture()
  const path = join(tempFolder(t), 'out')
  const file = await AppendFile.open(path, options)
  let n = 0
  for (let rotation = 0; rotation < 5; rotation++) {
    for (const end = n + 200; n < end; n++) await push(file, `${n}`)
    await setTimeout(1)
    renameSync(path, `${path}.${rotation}`)
    push(file, `${n++}`)
    const reopened = file.reopen()
    push(file, `${n++}`)
    await reopened
  }
  await file.close()
  const all = [0, 1, 2, 3, 4].map((rotation) => readFileSync(`${path}.${rotation}`, 'utf8'))
  const lines = [...all, readFileSync(path, 'utf8')].join('').trimEnd().split('\n')
  assert.deepEqual(
    lines,
    Array.from({ length: n }, (_, i) => `${i}`),
  )
  assert.equal(written.length, n)
})

test('a file can be asked to reopen before its first line, and twice at once', async (t) => {
  const { written, options, push } = fixture()
  const path = join(tempFolder(t), 'out')
  const file = new AppendFile(path, options)
  await Promise.all([file.reopen(), file.reopen()])
  push(file, 'one')
  await Promise.all([file.reopen(), file.reopen()])
  push(file, 'two')
  await file.close()
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  assert.deepEqual(written, ['one', 'two'])
})

test('a file leaves the path alone when it is asked to reopen after the end', async (t) => {
  const { context, options, push } = fixture()
  const path = join(tempFolder(t), 'out')
  const file = await AppendFile.open(path, options)
  push(file, 'one')
  await file.close()
  renameSync(path, `${path}.1`)
  await file.reopen()
  assert.equal(existsSync(path), false)
  assert.deepEqual(context.logged, [])
})

test('a file keeps the old file where the new one cannot be opened', async (t) => {
  const { context, options, push } = fixture()
  const folder = join(tempFolder(t), 'logs')
  mkdirSync(folder)
  const file = await AppendFile.open(join(folder, 'out'), options)
  renameSync(folder, `${folder}.old`)
  await file.reopen()
  push(file, 'kept')
  await file.close()
  assert.equal(readFileSync(join(`${folder}.old`, 'out'), 'utf8'), 'kept\n')
  assert.match(context.logged[0]?.message ?? '', /not opened again: the folder ".*logs" does not/)
})

for (const rotation of [undefined, { bytes: 1000, keep: 2 }]) {
  const kind = rotation ? 'rotating file' : 'file'
  test(`a ${kind} that was removed is not written to any more where the new one cannot be opened`, async (t) => {
    const { context, written, lost, options, push } = fixture()
    const folder = join(tempFolder(t), 'logs')
    const path = join(folder, 'out')
    mkdirSync(folder)
    const file = await AppendFile.open(path, { ...options, rotation })
    push(file, 'one')
    await until(() => written.length === 1)
    rmSync(folder, { recursive: true })
    await file.reopen()
    push(file, 'two')
    await until(() => context.counters.retried > 0 || written.length > 1)
    assert.deepEqual(written, ['one'], 'the second line waits')
    mkdirSync(folder)
    await until(() => written.length === 2)
    await file.close()
    assert.equal(readFileSync(path, 'utf8'), 'two\n')
    assert.deepEqual(lost, [])
    const [warned = '', waits = '', works = ''] = context.logged.map(({ message }) => message)
    assert.match(warned, /not opened again: the folder ".*logs" does not exist/)
    assert.match(waits, /the folder ".*logs" does not exist; create it first; waiting until/)
    assert.match(works, /is written again after/)
  })
}

test('a file writes to a named pipe at the pace of its reader', async (t) => {
  const { context, written, options, push } = fixture()
  const path = join(tempFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  await assert.rejects(
    AppendFile.open(path, options),
    /no program reads the pipe .*start its reader/,
  )
  const reader = await open(path, 'r+')
  const file = await AppendFile.open(path, options)
  const lines = Array.from({ length: 300 }, (_, n) => `${n}`.padEnd(999, '.'))
  for (const line of lines) push(file, line)
  const got: Buffer[] = []
  for (let bytes = 0; bytes < 300_000; ) {
    await setTimeout(3)
    // Not readSync: where the pipe is empty, the writer in this process would never come to fill it.
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(20_000))
    got.push(buffer.subarray(0, bytesRead))
    bytes += bytesRead
  }
  await file.close()
  await reader.close()
  assert.equal(Buffer.concat(got).toString(), `${lines.join('\n')}\n`)
  assert.deepEqual(written, lines)
  assert.deepEqual(context.logged, [], 'a slow reader is no fault')
})

test('a file gives the next reader of a named pipe whole lines, and all that the first one left', async (t) => {
  const { context, written, options, push } = fixture()
  const path = join(tempFolder(t), 'pipe')
  execFileSync('mkfifo', [path])
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const file = await AppendFile.open(path, options)
  const lines = Array.from({ length: 300 }, (_, n) => `${n}`.padEnd(999, '.'))
  for (const line of lines) push(file, line)
  await until(() => written.length > 60)
  const part = Buffer.alloc(10_500)
  assert.equal(
    readSync(first, part),
    part.length,
    'it goes away in the middle of the eleventh line',
  )
  closeSync(first)
  await until(() => context.logged.length > 0)
  const second = createReadStream(path)
  const got = text(second)
  await file.close()
  assert.equal(await got, `${lines.slice(10).join('\n')}\n`)
  assert.deepEqual(written, lines)
})
