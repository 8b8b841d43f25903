import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { StreamMessage } from '../../src/classic/message.js'
import { StreamError } from '../../src/errors.js'
import { guarded } from '../../src/outputs/guarded.js'
import { openHttp } from '../../src/outputs/http.js'
import { openJson } from '../../src/outputs/json.js'
import { EAGER, fakeContext, fakeMessage } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** A message whose frame somebody has overwritten. */
const spoilt: StreamMessage = {
  ...fakeMessage('A', 1),
  get line(): Uint8Array {
    throw new StreamError('frame-undecodable', 'field number 0')
  },
}

test('gives up the message that an exporter throws or rejects for, and goes on', async () => {
  const context = fakeContext()
  let broken: (() => void | Promise<void>) | undefined
  const exporter = guarded(
    {
      needs: 'line',
      export: () => broken?.(),
      close: async () => {},
    },
    context,
  )
  broken = () => {
    throw new TypeError('thrown')
  }
  exporter.export(fakeMessage('A', 1))
  broken = async () => {
    throw new StreamError('frame-undecodable', 'rejected')
  }
  await exporter.export(fakeMessage('A', 2))
  broken = undefined
  await exporter.export(fakeMessage('A', 3))
  assert.deepEqual(
    context.givenUp.map(({ error }) => [error.code, error.message]),
    [
      ['export-failed', 'thrown'],
      ['frame-undecodable', 'rejected'],
    ],
  )
})

test('a line that cannot be made upsets no counter and no message after it', async (t) => {
  const path = join(tempFolder(t), 'out.ndjson')
  for (const open of [
    (context: ReturnType<typeof fakeContext>) => openJson(path, context),
    (context: ReturnType<typeof fakeContext>) => openHttp('http://127.0.0.1:1/', context, EAGER),
  ]) {
    const context = fakeContext()
    const exporter = guarded(await open(context), context)
    exporter.export(spoilt)
    assert.deepEqual(context.counters, { delivered: 0, retried: 0, givenUp: 1, waiting: 0 })
    await exporter.close()
  }
})
