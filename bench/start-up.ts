/**
 * How long from the start of the program to its first record, for one entry and for one of each topic:
 * input file, validation of keys, handshake, schema and all. Beside what Node.js takes to start and do
 * nothing, and what it takes to print its help or its version. Alternating rounds, medians.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, print } from './figures.js'
import { writeInput } from './input.js'

const ROUNDS = 11

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** @returns milliseconds from the start of a process to its first output, or to its end without one */
async function measure(args: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  const elapsedMs = performance.now() - startedAt
  child.stdout.destroy()
  child.kill('SIGKILL')
  await ended
  return elapsedMs
}

/** Measures and prints a table. */
export async function benchStartUp(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const server = fork(here('./frame-server.ts'), ['1', 'plain'], { execArgv: ['--import', 'tsx'] })
  try {
    const [{ url }] = (await once(server, 'message')) as [{ url: string }]
    const stream = (input: string) => [
      here('../dist/cli.js'),
      ...['--hostname', url, '--jsoninput', input, '--decode_data'],
    ]
    const contestants: Record<string, string[]> = {
      'aruba-stream, one entry': stream(writeInput(folder, 1)),
      'aruba-stream, six entries': stream(writeInput(folder, 6)),
      'aruba-stream --help': [here('../dist/cli.js'), '--help'],
      'aruba-stream --version': [here('../dist/cli.js'), '--version'],
      'node -e 0': ['-e', '0'],
    }
    const times = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, args] of Object.entries(contestants)) {
        times.get(name)?.push(await measure(args))
      }
    }
    const yardstick = median(times.get('node -e 0') ?? [])
    const rows = [...times].map(([name, all]) => {
      const middle = median(all)
      return [name, (middle / yardstick).toFixed(2), middle.toFixed(0), Math.max(...all).toFixed(0)]
    })
    print('Start to first record', ['', 'x node', 'ms', 'longest'], rows)
  } finally {
    server.disconnect()
    rmSync(folder, { recursive: true })
  }
}
