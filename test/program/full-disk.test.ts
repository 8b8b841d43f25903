import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { openStdout } from '../../src/outputs/stdout.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'
import { goldenRecording } from '../helpers/golden.js'
import { writeInput } from '../helpers/input.js'
import { runProgram } from '../helpers/program.js'
import { mountSmallDisk, noSmallDisk, type SmallDisk } from '../helpers/small-disk.js'
import { entryOf } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const onRoot = { skip: noSmallDisk }
const DISK_BYTES = 262_144

function openOn(t: TestContext, disk: SmallDisk): { readonly fd: number; readonly path: string } {
  const path = join(disk.folder, 'records.ndjson')
  const fd = openSync(path, 'w')
  t.after(() => closeSync(fd))
  return { fd, path }
}

test('a full disk makes "> records.ndjson" wait, and costs nothing', onRoot, async (t) => {
  const recording = join(tempFolder(t), 'frames.jsonl')
  await writeFile(recording, goldenRecording(1500))
  const args = ['replay', recording, '--decode_data']
  const whole = (await runProgram(t, args).result).stdout
  assert.ok(whole.length > 4 * DISK_BYTES)

  const disk = mountSmallDisk(t, DISK_BYTES)
  const { fd, path } = openOn(t, disk)
  const program = runProgram(t, args, { stdout: fd })
  await program.waitForLine(/stdout: the disk is full \(ENOSPC\); waiting until it can be written/)
  assert.equal(statSync(path).size, DISK_BYTES)
  disk.resize(whole.length + DISK_BYTES)
  const { code, stderr } = await program.result
  assert.equal(code, 0, stderr)
  assert.equal(readFileSync(path, 'utf8'), whole)
  assert.match(stderr, /stdout: is written again after \d+ s/)
  assert.match(stderr, /delivered=1500 retried=[1-9]\d* given_up=0 waiting=0/)
})

const PRINTED = [
  ['--version'],
  ['--help'],
  ['check', '--offline', '--jsoninput', '/missing.json'],
  ['topics', 'presence', '--json'],
  ['simulate', '--port', '0'],
]

test('a text for stdout that a full device does not take is an error', async (t) => {
  for (const args of PRINTED) {
    const stdout = openSync('/dev/full', 'w')
    const { code, stderr } = await runProgram(t, args, { stdout }).result
    closeSync(stdout)
    const says = 'aruba-stream: stdout: cannot be written: the disk is full (ENOSPC)\n'
    assert.deepEqual([code, stderr], [1, says], args.join(' '))
  }
})

test('a report that a full disk takes a part of is an error', onRoot, async (t) => {
  const disk = mountSmallDisk(t, DISK_BYTES)
  const entries = Array.from({ length: 3000 }, (_, at) => [`Customer_${at}`, entryOf('audit', 'k')])
  const input = await writeInput(t, JSON.stringify({ customers: Object.fromEntries(entries) }))
  const { fd } = openOn(t, disk)
  const args = ['check', '--offline', '--json', '--jsoninput', input]
  const { code, stderr } = await runProgram(t, args, { stdout: fd }).result
  assert.match(stderr, /^aruba-stream: stdout: cannot be written: the disk is full \(ENOSPC\)$/m)
  assert.equal(code, 1)
})

test('what a disk that stays full did not take by the end is counted', onRoot, async (t) => {
  const disk = mountSmallDisk(t, DISK_BYTES)
  const { fd, path } = openOn(t, disk)
  const context = fakeContext()
  const output = { stream: new PassThrough(), file: fd, terminal: false, colour: false }
  const stdout = openStdout({ ...output, onReaderGone: () => assert.fail() }, context)
  let exported = 0
  for (; context.counters.retried === 0; exported++) {
    stdout.write([fakeMessage('A', exported, { pad: 1000 })])
    await new Promise((resolve) => setImmediate(resolve))
  }
  context.expire()
  await stdout.close()
  const { delivered, givenUp, waiting } = context.counters
  assert.equal(waiting, 0)
  assert.equal(delivered + givenUp, exported)
  const reason = context.givenUp[0]?.error.message
  assert.equal(reason, 'stdout: its file was not written by the end')
  const written = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  assert.ok(delivered > 0)
  assert.equal(delivered, written.length, 'no line that is in the file is given up')
  assert.deepEqual(
    written.map((line) => JSON.parse(line).data.n),
    written.map((_, n) => n),
  )
})

test('a descriptor that is not for writing is no reason to wait', async (t) => {
  const fd = openSync(new URL(import.meta.url), 'r')
  t.after(() => closeSync(fd))
  const recording = join(tempFolder(t), 'frames.jsonl')
  await writeFile(recording, goldenRecording(10))
  const args = ['replay', recording, '--decode_data']
  const { code, stderr } = await runProgram(t, args, { stdout: fd }).result
  assert.equal(code, 1)
  assert.match(stderr, /stdout: cannot be written: it is not open for writing \(EBADF\)/)
})
