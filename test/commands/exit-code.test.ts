import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCode } from '../../src/commands/stream.js'
import type { Status } from '../../src/connection/status.js'
import { StreamError } from '../../src/errors.js'

const progress = {
  frames: 0,
  repeats: 0,
  bytes: 0,
  lastFrameAt: undefined,
  frameAgeMs: undefined,
  reconnects: 0,
  gapMs: 0,
}
const refused: Status = {
  ...progress,
  type: 'refused',
  at: 0,
  cause: new StreamError('key-refused', 'no'),
}
const ended: Status = { ...progress, type: 'ended', at: 0, cause: undefined }
const broken: Status = { ...ended, cause: new StreamError('connection-lost', 'cut') }
const calm = { statuses: [ended], everOpen: false, asked: false, givenUp: 0, lost: 0 }

test('gives 0 when all ended as asked', () => {
  assert.equal(exitCode(calm), 0)
  assert.equal(exitCode({ ...calm, statuses: [ended, refused], asked: true }), 0)
})

test('gives 1 when something failed, and 1 goes before 3', () => {
  assert.equal(exitCode({ ...calm, asked: true, givenUp: 1 }), 1)
  assert.equal(exitCode({ ...calm, asked: true, lost: 1 }), 1)
  assert.equal(exitCode({ ...calm, statuses: [ended, broken] }), 1)
  assert.equal(exitCode({ ...calm, statuses: [refused, broken] }), 1)
  assert.equal(exitCode({ ...calm, statuses: [refused, ended] }), 1)
  assert.equal(exitCode({ ...calm, statuses: [refused], givenUp: 1 }), 1)
})

test('gives 3 when every entry was refused', () => {
  assert.equal(exitCode({ ...calm, statuses: [refused, refused] }), 3)
})

test('gives 1 when every entry is refused at the end, but one was open before', () => {
  assert.equal(exitCode({ ...calm, statuses: [refused, refused], everOpen: true }), 1)
  assert.equal(exitCode({ ...calm, statuses: [refused], everOpen: true, asked: true }), 0)
})
