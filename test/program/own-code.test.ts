import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { startCentral } from '../helpers/central.js'
import { withTimes } from '../helpers/preload.js'
import { runProgram } from '../helpers/program.js'
import { trafficRecording } from '../helpers/recording.js'
import { startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** The long times of the program are short. */
const nodeOptions = withTimes({ 8000: 300, 10000: 100 })
const ENDED_EARLY = /the recording was not replayed to its end/

/** Replays a recording of 36 frames of 18 topics through modules of these names. */
function replay(t: TestContext, modules: Readonly<Record<string, string>>, args: string[]) {
  const cwd = tempFolder(t)
  for (const [name, code] of Object.entries(modules)) writeFileSync(join(cwd, name), code)
  writeFileSync(join(cwd, 'frames.ndjson'), trafficRecording(2))
  const program = runProgram(t, ['replay', 'frames.ndjson', ...args], { cwd, nodeOptions })
  return Object.assign(program, { cwd })
}

describe("a user's module", { concurrency: 2 }, () => {
  for (const [what, code] of [
    ['a rejection that nobody handles', `void Promise.reject(new TypeError('floating'))`],
    ['an error that is thrown later', `setImmediate(() => { throw new TypeError('floating') })`],
  ] as const) {
    it(`ends a replay by ${what}, and the log says where that came from and what is left`, async (t) => {
      const later = `await new Promise((resolve) => setTimeout(resolve, 50))`
      const module = `let n = 0\nexport default async () => {\n  if (++n === 2) ${code}\n  ${later}\n}`
      const run = replay(t, { 'save.mjs': module }, ['--export_data', './save.mjs'])
      const { code: exit, stderr } = await run.result
      assert.equal(exit, 1)
      const [, file, line] =
        /unexpected error, which ends the program: floating \(at (.*):(\d+):\d+\)/.exec(stderr) ??
        []
      assert.deepEqual([file, line], [join(run.cwd, 'save.mjs'), '3'], stderr)
      assert.match(stderr, ENDED_EARLY)
      assert.doesNotMatch(stderr, /interrupted/)
    })
  }

  it('ends the program by what has no place on its stack, and the log says how to see the stack', async (t) => {
    const module = `let n = 0\nexport default () => { if (++n === 1) void Promise.reject('text') }`
    const run = replay(t, { 'save.mjs': module }, ['--export_data', './save.mjs'])
    const { code, stderr } = await run.result
    assert.equal(code, 1)
    assert.match(
      stderr,
      /ends the program: it threw text \(its stack is logged at --log_level debug\)/,
    )
  })

  it('whose close() hangs after a whole replay is told of, and a signal ends the wait with 1', async (t) => {
    const module = 'export default () => {}\nexport const close = () => new Promise(() => {})'
    const run = replay(t, { 'save.mjs': module }, ['--export_data', './save.mjs'])
    await run.waitForLine(/save\.mjs: waiting for it to close, for 10 s now/)
    run.kill()
    const { code, stderr } = await run.result
    assert.equal(code, 1)
    assert.match(stderr, /ERROR .*its close\(\) failed: .*what it had not written may be lost/)
    assert.match(stderr, /delivered=36/)
    assert.doesNotMatch(stderr, ENDED_EARLY)
  })

  it('whose open() hangs is told of, and a signal ends the wait with 1', async (t) => {
    const module = 'export default () => {}\nexport const open = () => new Promise(() => {})'
    const run = replay(t, { 'save.mjs': module }, ['--export_data', './save.mjs'])
    await run.waitForLine(/waiting for open\(\) of \.\/save\.mjs, for 10 s now/)
    run.kill()
    const { code, stderr } = await run.result
    assert.equal(code, 1)
    assert.match(stderr, /interrupted before anything was done/)
  })

  it('whose exportBatch() does not return is told of, and the dead letter gets its records', async (t) => {
    const module = 'export const exportBatch = () => new Promise(() => {})'
    const args = ['--export_data', './save.mjs', '--dead_letter', 'dead']
    const run = replay(t, { 'save.mjs': module }, args)
    await run.waitForLine(/waiting for exportBatch\(\) of \.\/save\.mjs, for 10 s now/)
    run.kill()
    const { code } = await run.result
    assert.equal(code, 1)
    assert.equal(readFileSync(join(run.cwd, 'dead'), 'utf8').trimEnd().split('\n').length, 36)
  })

  it('whose transform never settles is told of, and what it has not returned is in the dead letter', async (t) => {
    const module = `let n = 0\nexport default (record) => ++n === 5 ? new Promise(() => {}) : record`
    const args = ['--transform', './names.mjs', '--export_data', 'json', '--dead_letter', 'dead']
    const run = replay(t, { 'names.mjs': module }, args)
    await run.waitForLine(/transform: waiting for the promise that holds its entry up, for 10 s/)
    run.kill()
    const { code, stderr } = await run.result
    assert.equal(code, 1)
    assert.match(stderr, ENDED_EARLY)
    const dead = readFileSync(join(run.cwd, 'dead'), 'utf8')
    assert.match(dead, /"exporter":"transform"/)
  })

  it('whose close() throws makes the exit code 1, in a replay and after a signal', async (t) => {
    const module = `export default () => {}\nexport function close() { throw new Error('no flush') }`
    const run = replay(t, { 'save.mjs': module }, ['--export_data', './save.mjs'])
    const central = await startCentral(t)
    const streaming = await startStream(t, central, ['--export_data', join(run.cwd, 'save.mjs')])
    await central.waitForSocket()
    streaming.kill()
    for (const { code, stderr } of [await run.result, await streaming.result]) {
      assert.equal(code, 1, stderr)
      assert.match(
        stderr,
        /ERROR .*its close\(\) failed: no flush; what it had not written may be lost/,
      )
    }
  })
})

it('a replay logs its counters as often as --stats_interval says', async (t) => {
  const module = 'export default () => new Promise((resolve) => setTimeout(resolve, 100))'
  const args = ['--export_data', './save.mjs', '--stats_interval', '1']
  const { code, stderr } = await replay(t, { 'save.mjs': module }, args).result
  assert.equal(code, 0, stderr)
  const counted = [...stderr.matchAll(/subscriptions: \d+ (?:open|ended) \(messages=(\d+) /g)].map(
    ([, count]) => Number(count),
  )
  assert.ok(counted.length >= 3 && Number(counted[0]) < 36, stderr)
  assert.equal(counted.at(-1), 36)
})
