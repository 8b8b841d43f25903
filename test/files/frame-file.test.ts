import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { openRecording } from '../../src/files/frame-file.js'
import { fakeContext } from '../helpers/export-fakes.js'

const FULL = '/dev/full'
const onLinux = { skip: existsSync(FULL) ? false : `skipped: there is no ${FULL} here` }

test(
  'a recording counts and names the lines that a full disk did not take by the end',
  onLinux,
  async () => {
    const context = fakeContext()
    const recording = await openRecording(FULL, context)
    const frame = { bytes: Buffer.from('frame'), receivedAt: 0, text: false }
    for (const customer of ['a', 'b']) {
      await recording.write([{ ...frame, customer, topic: 'audit' }])
    }
    context.cut()
    await recording.close()
    assert.equal(recording.lost, 2)
    assert.deepEqual(context.logged.at(-1), {
      level: 'error',
      message: '--record /dev/full: 2 lines could not be written by the end',
    })
  },
)
