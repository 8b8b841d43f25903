import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { placeOf } from '../src/errors.js'

/** An error whose stack has these lines. */
function thrownAt(...lines: readonly string[]): Error {
  const error = new Error('broken')
  error.stack = ['Error: broken', ...lines.map((line) => `    at ${line}`)].join('\n')
  return error
}

describe('placeOf()', () => {
  it('names the first place that is neither of Node, of this program nor of a package', () => {
    const own = new URL('../src/text.ts', import.meta.url).href
    const error = thrownAt(
      'JSON.parse (<anonymous>)',
      'node:internal/process/task_queues:95:5',
      `own (${own}:3:9)`,
      'query (/home/me/node_modules/pg/lib/client.js:1:1)',
      'save (file:///home/me/save.mjs:3:9)',
    )
    assert.equal(placeOf(error), '/home/me/save.mjs:3:9')
  })

  it('knows files in folders whose names have blanks', () => {
    assert.equal(
      placeOf(thrownAt('file:///home/me/my%20modules/save.mjs:3:9')),
      '/home/me/my modules/save.mjs:3:9',
    )
  })

  it('shows a path that is no part of a URL as it is', () => {
    assert.equal(placeOf(thrownAt('/home/me/100%25.cjs:1:2')), '/home/me/100%25.cjs:1:2')
    assert.equal(placeOf(thrownAt('file:///home/me/100%.mjs:1:2')), '/home/me/100%.mjs:1:2')
  })
})
