import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Streams, type Work } from '../../src/pipeline/streams.js'

/** Streams whose work ends when the test says so. */
function start() {
  const stop = new AbortController()
  const failures = { count: 0 }
  const streams = new Streams({
    stopping: stop.signal,
    onFailure: () => {
      failures.count += 1
    },
  })
  const runs: { signal: AbortSignal; end: () => void }[] = []
  const work: Work = ({ signal }) =>
    new Promise((resolve) => {
      runs.push({ signal, end: () => resolve() })
    })
  return { streams, runs, work, stop, failures }
}

test('an entry that was removed and comes back waits for what it had received', async () => {
  const { streams, runs, work } = start()
  streams.start('A', work)
  await setImmediate()
  const stopped = streams.stop('A')
  streams.start('A', work)
  await setImmediate()
  assert.equal(runs.length, 1)
  assert.equal(runs[0]?.signal.aborted, true)
  runs[0]?.end()
  await stopped
  await setImmediate()
  assert.equal(runs.length, 2)
  assert.equal(runs[1]?.signal.aborted, false)
  runs[1]?.end()
  await streams.finished()
})

test('streams have finished when a change that was under way has started none', async () => {
  const { streams, runs, work } = start()
  let change = () => {}
  void streams.track(
    () =>
      new Promise((resolve) => {
        change = resolve
      }),
  )
  streams.start('A', work)
  await setImmediate()
  let finished = false
  const done = streams.finished().then(() => {
    finished = true
  })
  runs[0]?.end()
  await setImmediate()
  assert.equal(finished, false)
  change()
  await done
  assert.equal(streams.ended, true)
})

test('a stream that throws is reported, and thrown when the others have ended', async () => {
  const { streams, runs, work, failures } = start()
  streams.start('A', work)
  streams.start('B', () => Promise.reject(new Error('a bug')))
  await setImmediate()
  assert.equal(failures.count, 1)
  const finished = streams.finished()
  runs[0]?.end()
  await assert.rejects(finished, /a bug/)
})
