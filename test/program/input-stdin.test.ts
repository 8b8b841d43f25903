import assert from 'node:assert/strict'
import { constants, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { startCentral } from '../helpers/central.js'
import { runHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { runProgram } from '../helpers/program.js'
import { commandLine, entryOf } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const text = (customers: object) => JSON.stringify({ customers })

describe('an input file from stdin', { concurrency: 2 }, () => {
  it('is streamed, its renewed keys serve the run, and it is not read again', async (t) => {
    const [old, renewed, other, third] = ['old', 'renewed', 'other', 'third'].map((label) =>
      makeKey(label),
    ) as [string, string, string, string]
    const central = await startCentral(t, { keys: [other] })
    central.keys.renew(old, renewed)
    const cwd = tempFolder(t)
    const stdin = text({ A: entryOf('monitoring', old), B: entryOf('audit', other) })
    const program = runProgram(t, commandLine(central, '-'), { cwd, stdin })
    await central.waitForSocket({ key: renewed })
    const socket = await central.waitForSocket({ key: other })
    // A second renewal is told of no more.
    central.keys.renew(other, third)
    socket.terminate()
    await central.waitForSocket({ key: third })
    program.kill('SIGHUP')
    await program.waitForLine('all entries continue as before')
    program.kill()
    const { code, stderr } = await program.result
    assert.equal(code, 0, stderr)
    assert.equal(stderr.match(/stdin: renewed keys cannot be written back/g)?.length, 1, stderr)
    assert.match(stderr, /stdin: was read to its end at the start and cannot be read again/)
    assert.equal(existsSync(join(cwd, '-')), false)
  })

  it('is checked, and named stdin where something is wrong with it', async (t) => {
    const args = ['--offline', '--jsoninput', '-']
    const good = runHere(t, ['check', ...args], { stdin: text({ A: entryOf('audit') }) })
    assert.equal((await good.result).code, 0)
    const bad = runHere(t, ['check', ...args], { stdin: text({ A: { topic: 'audit' } }) })
    const { code, stdout } = await bad.result
    assert.equal(code, 2)
    assert.match(stdout, /^stdin: customers\.A\.wsskey: is missing/)
    const none = runHere(t, ['check', ...args])
    assert.match((await none.result).stdout, /^stdin: it is empty; expected a JSON object/)
  })
})

/** Each with what both the start and `check` say of it. */
const FILES: readonly (readonly [string, RegExp])[] = [
  [
    text({ A: { ...entryOf('audit'), hostnme: 'eu.example' } }),
    /hostnme: .*did you mean "hostname"/,
  ],
  [
    text({ A: { ...entryOf('audit'), topic: ['audit'] } }),
    /topic: expected one topic; got several/,
  ],
  [text({ A: {}, B: {} }), /customers\.B\.topic: is missing/],
  ['{“customers”: {}}', /line 1, column 2: .*a typographic quotation mark \(U\+201C\)/],
]

describe('the start and check say the same', { concurrency: 2 }, () => {
  for (const [input, expected] of FILES) {
    it(`of a file with ${expected.source}`, async (t) => {
      const path = await writeInput(t, input)
      const start = await runHere(t, commandLine({ url: 'https://eu.example' }, path)).result
      const args = ['check', '--offline', '--jsoninput', path]
      const check = await runHere(t, args).result
      assert.deepEqual([start.code, check.code], [2, 2])
      const problems = (said: string) =>
        said
          .split('\n')
          .filter((line) => line.includes(path) && !line.endsWith('problems'))
          .map((line) => line.slice(line.indexOf(path)))
      assert.deepEqual(problems(check.stdout), problems(start.stderr))
      assert.match(check.stdout, expected)
      for (const line of problems(check.stdout)) assert.equal(line.split(path).length, 2, line)
    })
  }

  it('of a file with the same subscription twice, as a warning', async (t) => {
    const central = await startCentral(t)
    const entry = entryOf('audit')
    const path = await writeInput(t, text({ A: entry, B: entry }))
    const expected = `${path}: customers.B: has the key and topic of customers.A`
    const program = runProgram(t, commandLine(central, path))
    await program.waitForLine(expected)
    await central.waitForSocket()
    program.kill()
    await program.result
    const { stdout } = await runHere(t, ['check', '--offline', '--jsoninput', path]).result
    assert.ok(stdout.includes(expected), stdout)
  })

  it('leaves a stdin that it does not read as it was, for others that read it meanwhile', {
    skip: existsSync('/proc/self/fdinfo') ? false : 'there is no /proc here',
  }, async (t) => {
    const central = await startCentral(t)
    const input = await writeInput(t, { A: entryOf('audit') })
    const program = runProgram(t, commandLine(central, input))
    await central.waitForSocket()
    const info = readFileSync(`/proc/${program.child.pid}/fdinfo/0`, 'utf8')
    const [, flags = ''] = /flags:\s+([0-7]+)/.exec(info) ?? []
    assert.equal(Number.parseInt(flags, 8) & constants.O_NONBLOCK, 0)
    program.kill()
    await program.result
  })
})
