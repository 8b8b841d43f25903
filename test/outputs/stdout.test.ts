import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import { formatForTerminal, openStdout } from '../../src/outputs/stdout.js'
import { until } from '../helpers/clock.js'
import { fakeContext, fakeMessage, isPending } from '../helpers/export-fakes.js'

/** A sink that takes a write only when `take` is called. */
function heldSink() {
  const held: { readonly bytes: Buffer; readonly done: (error?: Error) => void }[] = []
  const stream = new Writable({
    write: (bytes: Buffer, _encoding, done) => held.push({ bytes, done }),
    highWaterMark: 1,
  })
  return { stream, held, take: (error?: Error) => held.shift()?.done(error) }
}

const QUIET = { terminal: false, colour: false, onReaderGone: () => {} }

test('stdout gathers the lines of one turn into one write', async () => {
  const { stream, held, take } = heldSink()
  const context = fakeContext()
  const stdout = openStdout({ ...QUIET, stream }, context)
  const messages = [1, 2, 3].map((n) => fakeMessage('A', n))
  for (const message of messages) await stdout.write([message])
  await setImmediate()
  await setImmediate()
  assert.equal(held.length, 1)
  assert.deepEqual(held[0]?.bytes, Buffer.concat(messages.map(({ line }) => line)))
  assert.deepEqual(context.counters, { delivered: 0, retried: 0, givenUp: 0, kept: 0, waiting: 3 })
  take()
  await stdout.close()
  assert.deepEqual(context.counters, { delivered: 3, retried: 0, givenUp: 0, kept: 0, waiting: 0 })
})

test('stdout makes producers wait while its reader is slow, and holds no more than its window', async () => {
  const { stream, held, take } = heldSink()
  const context = fakeContext()
  const stdout = openStdout({ ...QUIET, stream }, context)
  let taken = 0
  let produced = 0
  const total = 10_000
  const producing = (async () => {
    for (let n = 0; n < total; n++) {
      produced++
      await stdout.write([fakeMessage('A', n)])
    }
  })()
  let mostWaiting = 0
  while (taken < total) {
    await setImmediate()
    mostWaiting = Math.max(mostWaiting, context.counters.waiting)
    assert.ok(held.length <= 1, 'one write at a time')
    taken += held[0]?.bytes.toString().split('\n').length ?? 1
    taken--
    take()
  }
  await producing
  await stdout.close()
  assert.equal(produced, total)
  assert.equal(context.counters.delivered, total)
  const lineBytes = fakeMessage('A', 1).line.length
  assert.ok(mostWaiting * lineBytes < 300 * 1024, `${mostWaiting} waited`)
})

/** Exports a message whose write fails with this code, and another one after it. */
async function exportInto(code: string, options: { readonly terminal: boolean }) {
  const { stream, take } = heldSink()
  const context = fakeContext()
  let gone = 0
  const stdout = openStdout({ ...QUIET, ...options, stream, onReaderGone: () => gone++ }, context)
  stdout.write([fakeMessage('A', 1)])
  await setImmediate()
  await setImmediate()
  take(Object.assign(new Error(`write ${code}`), { code, syscall: 'write' }))
  await setImmediate()
  await stdout.write([fakeMessage('A', 2)])
  await stdout.close()
  return { gone, context }
}

for (const [what, code, terminal] of [
  ['a reader', 'EPIPE', false],
  ['a terminal', 'EIO', true],
] as const) {
  test(`stdout says once that ${what} went away, and drops what follows without a word`, async () => {
    const { gone, context } = await exportInto(code, { terminal })
    assert.equal(gone, 1)
    assert.deepEqual(context.counters, {
      delivered: 0,
      retried: 0,
      givenUp: 0,
      kept: 0,
      waiting: 0,
    })
  })
}

test('stdout gives messages up where stdout cannot be written', async () => {
  for (const code of ['ENOSPC', 'EIO']) {
    const { gone, context } = await exportInto(code, { terminal: false })
    assert.equal(gone, 0)
    assert.equal(context.givenUp.length, 2)
    const [first] = context.givenUp
    assert.match(
      first?.error.message ?? '',
      /^stdout: cannot be written: (the disk is full|the disk reports an error) \((ENOSPC|EIO)\)$/,
    )
  }
})

test('stdout gives up what a hanging reader has not taken when the end has come', async () => {
  const { stream } = heldSink()
  const context = fakeContext()
  const stdout = openStdout({ ...QUIET, stream }, context)
  const big = fakeMessage('A', 1, { pad: 300 * 1024 })
  const waiting = stdout.write([big])
  assert.equal(await isPending(waiting), true)
  const closing = stdout.close()
  await setTimeout(5)
  context.expire()
  await Promise.all([waiting, closing])
  assert.deepEqual(context.counters, { delivered: 0, retried: 0, givenUp: 1, kept: 0, waiting: 0 })
})

for (const reads of [false, true]) {
  const does = reads
    ? 'goes on while its reader takes something'
    : 'gives up where its reader hangs'
  test(`stdout that holds all other outputs up at the end ${does}`, async () => {
    const { stream, take, held } = heldSink()
    const context = fakeContext()
    const stdout = openStdout({ ...QUIET, stream }, context)
    const waiting = stdout.write(
      Array.from({ length: 12 }, (_, n) => fakeMessage('A', n, { pad: 60 * 1024 })),
    )
    await until(() => held.length === 1)
    context.stop()
    if (reads) {
      take()
      await until(() => held.length === 1)
    }
    context.endHold()
    assert.equal(await isPending(waiting), reads)
    context.expire()
    await Promise.all([waiting, stdout.close()])
    const delivered = reads ? 1 : 0
    assert.deepEqual(context.counters, {
      ...{ delivered, givenUp: 12 - delivered },
      ...{ retried: 0, kept: 0, waiting: 0 },
    })
  })
}

test('stdout indents and colours for a terminal, and lets nothing through that a terminal obeys', () => {
  const record = { 'na\u009bme': 'a"\u202eb\u0085', n: -6.1e-7, ok: true, list: ['x:', 1] }
  const plain = formatForTerminal(record, false)
  assert.deepEqual(JSON.parse(plain), record)
  assert.equal(
    plain,
    '{\n  "na\\u009bme": "a\\"\\u202eb\\u0085",\n  "n": -6.1e-7,\n  "ok": true,\n  "list": [\n    "x:",\n    1\n  ]\n}\n',
  )
  const coloured = formatForTerminal(record, true)
  assert.ok(coloured.includes('\u001b[94m"n"\u001b[39m: \u001b[33m-6.1e-7\u001b[39m'))
  assert.ok(coloured.includes('\u001b[32m"x:"\u001b[39m'))
  assert.equal(stripVTControlCharacters(coloured), plain)
})

test('stdout prints for a terminal through the same stream', async () => {
  const stream = new PassThrough()
  const stdout = openStdout({ ...QUIET, stream, terminal: true }, fakeContext())
  const message = fakeMessage('A', 1)
  stdout.write([message])
  await stdout.close()
  const text = String(stream.read())
  assert.match(text, /^\{\n {2}"customer": "A",\n/)
  assert.deepEqual(JSON.parse(text), message.record)
})

for (const [what, unit] of [
  ['letters', 'x'],
  ['escapes', '"\\'],
] as const) {
  test(`stdout formats a text of 16 million ${what} for a terminal`, () => {
    const text = unit.repeat(16_000_000 / unit.length)
    const printed = stripVTControlCharacters(formatForTerminal({ a: [text, {}, [], null] }, true))
    assert.ok(JSON.parse(printed).a[0] === text)
  })
}
