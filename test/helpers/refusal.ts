import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { parseCommandLine } from '../../src/commands/command-line.js'
import { run } from '../../src/commands/stream.js'
import { StreamError } from '../../src/errors.js'
import type { Program } from '../../src/program.js'
import { fakeProgram } from './export-fakes.js'
import { leaksIn } from './keys.js'

/** What the program prints and its exit code. */
export type Refusal = { readonly code: number; readonly stdout: string; readonly stderr: string }

/**
 * Runs a command line that the program refuses before it opens a connection. That happens in this process:
 * a process for each of so many mistakes would take more time than most other tests.
 * @param cwd becomes the current folder meanwhile; only one test at a time may ask for that
 */
export async function refusal(args: readonly string[], cwd = process.cwd()): Promise<Refusal> {
  const stream = new PassThrough()
  const fd = openSync('/dev/null', 'w')
  const { logged, ...parts } = fakeProgram(cwd)
  const program: Program = {
    ...parts,
    version: '0.0.0',
    stdin: Readable.from([]),
    stdout: { ...parts.stdout, stream, fd },
    screen: {
      write: () => true,
      terminal: false,
      colour: false,
      columns: () => 80,
      rows: () => 24,
      divertLog: () => {},
      onResize: () => {},
    },
    owner: { pid: process.pid, isAlive: () => true },
    onHangup: () => {},
  }
  const folder = process.cwd()
  process.chdir(cwd)
  const refused = async () => {
    const invocation = parseCommandLine(args, program.version)
    assert.ok(invocation.command === 'stream', `${invocation.command} streams nothing`)
    return run(invocation.settings, program)
  }
  const error: unknown = await refused().then(
    (code) => assert.fail(`${args.join(' ')}: not refused, and ended with ${code}`),
    (reason) => reason,
  )
  process.chdir(folder)
  closeSync(fd)
  if (!(error instanceof StreamError)) throw error
  const stdout = String(stream.read() ?? '')
  const stderr = error.lines.map((line) => `aruba-stream: ${line}\n`).join('')
  assert.deepEqual(leaksIn(stdout + stderr + logged.join('\n')), [])
  return { code: error.exitCode, stdout, stderr }
}
