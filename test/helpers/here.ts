import assert from 'node:assert/strict'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { main, type Surroundings } from '../../src/program.js'
import { Shutdown } from '../../src/shutdown.js'
import type { Central } from '../../src/simulator/central.js'
import { goldenRecording } from './golden.js'
import { writeInput } from './input.js'
import { type ProgramOptions, type ProgramResult, Run, requireNoLeak } from './program.js'
import { commandLine, defaultInput, type StreamOptions } from './stream.js'

type HereOptions = Pick<ProgramOptions, 'cwd' | 'env' | 'stdin'>

/** What the program takes for its own standard output: a file, of which it asks only what it is. */
const NOWHERE = openSync('/dev/null', 'w')

/** Runs that are under way. */
const running = new Set<Here>()
const HOME = process.cwd()

/** The program in this process, without signals or a terminal. */
class Here extends Run {
  readonly result: Promise<ProgramResult>
  readonly cwd: string
  readonly #shutdown = new Shutdown(() => {})
  readonly #stdout = new PassThrough()
  #reload = () => {}

  constructor(args: readonly string[], { cwd = HOME, env = {}, stdin = '' }: HereOptions) {
    super()
    this.cwd = cwd
    for (const other of running) {
      if (other.cwd !== cwd) throw new Error(`another run is in ${other.cwd}`)
    }
    running.add(this)
    process.chdir(cwd)
    // A copy: the program uses the memory of a write again.
    this.#stdout.on('data', (chunk: Buffer) => this.add('stdout', Buffer.from(chunk)))
    this.result = this.#run(args, env, stdin)
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    if (signal === 'SIGHUP') this.#reload()
    else this.#shutdown.begin('signal')
    return running.has(this)
  }

  async #run(
    args: readonly string[],
    env: HereOptions['env'] = {},
    stdin: string,
  ): Promise<ProgramResult> {
    const code = await main(args, this.#surroundings(env, stdin))
    this.#stdout.end()
    // All that was printed has come.
    await once(this.#stdout, 'end')
    this.#shutdown.done()
    running.delete(this)
    if (running.size === 0) process.chdir(HOME)
    return this.end(code, null)
  }

  #surroundings(env: Surroundings['env'], stdin: string): Surroundings {
    const write = (text: string) => {
      this.add('stderr', Buffer.from(text))
      return true
    }
    return {
      stdin: () => Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]),
      stdout: {
        ...{ stream: this.#stdout, fd: NOWHERE, file: undefined },
        ...{ terminal: false, colour: false },
      },
      screen: {
        ...{ write, log: write, terminal: false, colour: false, columns: () => 80, rows: () => 24 },
        ...{ onResize: () => {}, divertLog: () => {} },
      },
      journal: false,
      env,
      script: '/usr/bin/aruba-stream',
      cwd: () => this.cwd,
      owner: { pid: process.pid, isAlive: () => true },
      shutdown: this.#shutdown,
      onHangup: (reload) => {
        this.#reload = reload
      },
      // The test runner reports it.
      onUnexpectedError: () => {},
    }
  }
}

/**
 * Runs the program in this process, which takes a tenth of the processor's time that a child takes. For
 * signals, the end of the process, its standard streams and what it loads there is {@link runProgram}.
 * When the test ends, the run is ended, and keys are looked for in what it has printed.
 */
export function runHere(t: TestContext, args: readonly string[], options: HereOptions = {}): Run {
  const run: Run = new Here(args, options)
  t.after(async () => {
    run.kill()
    const { stdout, stderr } = await run.result
    requireNoLeak(stdout, stderr)
  })
  return run
}

/** Writes an input file and streams its entries from a stand-in for Central, in this process. */
export async function streamHere(
  t: TestContext,
  central: Pick<Central, 'url'>,
  args: readonly string[] = ['--decode_data'],
  { input = defaultInput(), ...options }: HereOptions & Pick<StreamOptions, 'input'> = {},
): Promise<Run & { readonly path: string }> {
  const path = await writeInput(t, input)
  return Object.assign(runHere(t, commandLine(central, path, args), options), { path })
}

/** Replays one message to an output, in this process. */
export function replayTo(t: TestContext, target: string, env: Record<string, string>) {
  const args = ['replay', '-', '--export_data', target]
  return runHere(t, args, { env, stdin: goldenRecording(1) }).result
}

/**
 * Runs a command line that the program refuses before it opens a connection, in this process.
 * @param cwd becomes the current folder meanwhile
 */
export async function refusal(args: readonly string[], cwd = HOME): Promise<ProgramResult> {
  const result = await new Here(args, { cwd }).result
  assert.notEqual(result.code, 0, `${args.join(' ')}: not refused`)
  requireNoLeak(result.stdout, result.stderr)
  return result
}
