import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logWait } from '../../src/delivery/wait-log.js'
import { loggerTo } from '../../src/log.js'
import { FakeClock } from '../helpers/clock.js'

function fixture() {
  const clock = new FakeClock()
  const logged: string[] = []
  const log = loggerTo((level, message) => logged.push(`${level} ${message}`))
  return { clock, logged, wait: { clock, log, what: 'open() of ./save.mjs' } }
}

test('a wait that takes long is logged once while it lasts, and once when it is over', async () => {
  const { clock, logged, wait } = fixture()
  const { promise, resolve } = deferred()
  const waiting = logWait(promise, wait)
  clock.advance(9_999)
  assert.deepEqual(logged, [])
  clock.advance(1)
  clock.advance(60_000)
  const begins = 'warn waiting for open() of ./save.mjs, for 10 s now'
  assert.deepEqual(logged, [begins])
  resolve('done')
  assert.equal(await waiting, 'done')
  assert.deepEqual(logged, [begins, 'info the wait for open() of ./save.mjs is over after 1 min'])
})

test('a wait that is over soon is not logged, and passes on what the promise rejects with', async () => {
  const { clock, logged, wait } = fixture()
  assert.equal(await logWait(Promise.resolve(7), wait), 7)
  await assert.rejects(logWait(Promise.reject(new Error('no')), wait), /^Error: no$/)
  clock.advance(60_000)
  assert.deepEqual([logged, clock.timers], [[], 0])
})

function deferred() {
  let resolve: (value: string) => void = () => {}
  const promise = new Promise<string>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
