import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import type { WriteStream } from 'node:tty'
import { createScreen } from '../../src/report/screen.js'

/** A terminal of some size; only what a screen asks of one. */
function terminal(size: { columns: number; rows: number }): WriteStream {
  return Object.assign(new PassThrough(), size, { isTTY: true }) as unknown as WriteStream
}

test('a terminal that reports no size counts as one of 80 columns and 24 rows', () => {
  const unsized = createScreen(terminal({ columns: 0, rows: 0 }), {})
  assert.deepEqual([unsized.columns(), unsized.rows()], [80, 24])
  const sized = createScreen(terminal({ columns: 120, rows: 50 }), {})
  assert.deepEqual([sized.columns(), sized.rows()], [120, 50])
})

test('at most 1 MiB waits for a reader of stderr that hangs; what comes then is dropped', () => {
  let read = () => {}
  const pipe = new Writable({ write: (_chunk, _encoding, done) => (read = done) })
  const screen = createScreen(pipe as unknown as WriteStream, {})
  const line = `${'x'.repeat(1023)}\n`
  let taken = 0
  while (screen.log(line) && taken < 10_000) taken += 1
  assert.ok(pipe.writableLength <= 2 ** 20 + 2 * line.length, `${pipe.writableLength} bytes wait`)
  assert.equal(screen.write('a drawing'), false)
  for (let lines = 0; lines < 4; lines += 1) read()
  assert.equal(screen.log(line), true, 'there is room again')
})
