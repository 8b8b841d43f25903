import { type ChildProcess, spawn } from 'node:child_process'
import type { TestContext } from 'node:test'
import { leaksIn } from './keys.js'
import { CLI } from './settings.js'

/** Waiting for a line ends in an error after this: far longer than a busy machine takes. */
const LINE_MS = 60_000

export type ProgramOptions = {
  /** Added to the environment; proxies are not inherited. Undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Text for stdin, which is empty otherwise. */
  readonly stdin?: string
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[]
  /** A command for `sh` in which `"$@"` is the program with its arguments. */
  readonly shell?: string
  /** Another script than the program. */
  readonly script?: string
  /** False leaves `child.stdout` to the test, which then also looks for keys in it (`leaksIn`). */
  readonly collectStdout?: boolean
  /** A descriptor that stdout leads to, in place of a pipe; the test looks for keys there itself. */
  readonly stdout?: number
}

export type ProgramResult = {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

type Stream = 'stdout' | 'stderr'

/** A run of the program, and what it has printed so far. */
export abstract class Run {
  /** Resolves when it has ended and all of its output has come. */
  abstract readonly result: Promise<ProgramResult>
  readonly #chunks: Record<Stream, Buffer[]> = { stdout: [], stderr: [] }
  readonly #watchers = new Set<() => void>()
  #lines = 0
  #ended = false

  abstract kill(signal?: NodeJS.Signals): boolean

  get stdout(): string {
    return Buffer.concat(this.#chunks.stdout).toString()
  }

  get stderr(): string {
    return Buffer.concat(this.#chunks.stderr).toString()
  }

  /** How many lines of stdout have come. */
  get lines(): number {
    return this.#lines
  }

  /** Where it serves metrics and health, once it says so: `http://HOST:PORT`. */
  async metricsUrl(): Promise<string> {
    const [url = ''] = /http:\/\/[^/]+/.exec(await this.waitForLine('/metrics')) ?? []
    return url
  }

  protected add(stream: Stream, chunk: Buffer): void {
    this.#chunks[stream].push(chunk)
    if (stream === 'stdout') {
      for (let at = chunk.indexOf('\n'); at !== -1; at = chunk.indexOf('\n', at + 1))
        this.#lines += 1
    }
    for (const watch of this.#watchers) watch()
  }

  /** Nothing comes any more. */
  protected end(code: number | null, signal: NodeJS.Signals | null): ProgramResult {
    this.#ended = true
    for (const watch of this.#watchers) watch()
    return { code, signal, stdout: this.stdout, stderr: this.stderr }
  }

  /** The first whole line that fits, past or to come; rejects when the program ends without it. */
  waitForLine(
    match: string | RegExp,
    stream: Stream = 'stderr',
    timeoutMs = LINE_MS,
  ): Promise<string> {
    const fits = (line: string) =>
      typeof match === 'string' ? line.includes(match) : match.test(line)
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer)
        this.#watchers.delete(watch)
      }
      const fail = (why: string) => {
        done()
        reject(
          new Error(`no line on ${stream} fits ${match}: ${why}\n${this.stderr.slice(-4_000)}`),
        )
      }
      let seen = 0
      let rest = Buffer.alloc(0)
      const watch = () => {
        const bytes = Buffer.concat([rest, ...this.#chunks[stream].slice(seen)])
        seen = this.#chunks[stream].length
        // The last piece is a line only when its newline has come.
        const end = bytes.lastIndexOf('\n') + 1
        rest = bytes.subarray(end)
        const line = bytes.subarray(0, end).toString().split('\n').slice(0, -1).find(fits)
        if (line !== undefined) {
          done()
          resolve(line)
        } else if (this.#ended) fail('the program has ended')
      }
      const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs)
      this.#watchers.add(watch)
      watch()
    })
  }
}

/** The program as a child process. */
export class Program extends Run {
  readonly child: ChildProcess
  readonly result: Promise<ProgramResult>

  constructor(child: ChildProcess, streams: readonly Stream[]) {
    super()
    this.child = child
    for (const stream of streams) {
      child[stream]?.on('data', (chunk: Buffer) => this.add(stream, chunk))
    }
    this.result = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => resolve(this.end(code, signal)))
    })
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    return this.child.kill(signal)
  }
}

/**
 * Runs the program. When the test ends, the program is killed if it still runs, and the test fails
 * if any key of this process (or a long part of one, in whatever form) stands in its output.
 */
export function runProgram(
  t: TestContext,
  args: readonly string[],
  options: ProgramOptions = {},
): Program {
  const node = [process.execPath, ...(options.nodeOptions ?? []), options.script ?? CLI, ...args]
  const [file = '', ...argv] =
    options.shell === undefined ? node : ['sh', '-c', options.shell, 'sh', ...node]
  const child = spawn(file, argv, {
    cwd: options.cwd,
    env: environment(options.env),
    stdio: ['pipe', options.stdout ?? 'pipe', 'pipe'],
  })
  const program = new Program(
    child,
    options.collectStdout === false ? ['stderr'] : ['stdout', 'stderr'],
  )
  child.stdin?.on('error', () => {})
  child.stdin?.end(options.stdin ?? '')
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    child.stdout?.resume()
    const { stdout, stderr } = await program.result
    requireNoLeak(stdout, stderr)
  })
  return program
}

/** Fails if any key of this process, or a long part of one, stands in what was printed. */
export function requireNoLeak(stdout: string, stderr: string): void {
  const leaks = [
    ...leaksIn(stdout).map((leak) => `stdout shows ${leak}`),
    ...leaksIn(stderr).map((leak) => `stderr shows ${leak}`),
  ]
  if (leaks.length > 0) throw new Error(leaks.join('\n'))
}

function environment(added: ProgramOptions['env'] = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/_proxy$/i.test(name) && name !== 'NODE_TEST_CONTEXT',
  )
  return { ...Object.fromEntries(inherited), ...added }
}
