import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { WriteStream } from 'node:tty'
import { createScreen } from '../src/screen.js'

/** A terminal of some size; only what a screen asks of one. */
function terminal(size: { columns: number; rows: number }): WriteStream {
  return Object.assign(new PassThrough(), size, { isTTY: true }) as unknown as WriteStream
}

test('a terminal that nobody sized counts as one of 80 columns and 24 rows', () => {
  const unsized = createScreen(terminal({ columns: 0, rows: 0 }), {})
  assert.deepEqual([unsized.columns(), unsized.rows()], [80, 24])
  const sized = createScreen(terminal({ columns: 120, rows: 50 }), {})
  assert.deepEqual([sized.columns(), sized.rows()], [120, 50])
})
