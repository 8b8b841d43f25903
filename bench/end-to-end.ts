/**
 * Frames from a server in another process, over TLS, through the program into a file; beside a bare client
 * that writes ready-made lines, with and without its writing. Alternating rounds; ratios within each round,
 * medians.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { TOPICS } from '../src/classic/topics.js'
import { median, print, rate } from './figures.js'
import { writeInput } from './input.js'

const ROUNDS = 5
const FRAMES_OF_EACH = 50_000
const FRAMES = FRAMES_OF_EACH * TOPICS.length

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** What one run took: seconds from the first open socket to the end, and CPU seconds of the whole process. */
type Run = { readonly clock: number; readonly cpu: number }

async function measure(
  server: ChildProcess,
  args: readonly string[],
  output: string,
  caFile: string,
): Promise<Run> {
  const file = openSync(output, 'w')
  const opened = once(server, 'message')
  const client = spawn(process.execPath, ['-r', here('./cpu-at-exit.cjs'), ...args], {
    stdio: ['ignore', file, 'ignore', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
  })
  const ended = once(client, 'exit')
  const cpu = text(client.stdio[3] as Readable)
  await opened
  const startedAt = performance.now()
  const [code] = await ended
  const clock = (performance.now() - startedAt) / 1000
  closeSync(file)
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  return { clock, cpu: Number(await cpu) }
}

/** Measures and prints a table. */
export async function benchEndToEnd(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const input = writeInput(folder, TOPICS.length)
  const server = fork(here('./frame-server.ts'), [String(FRAMES_OF_EACH)], {
    execArgv: ['--import', 'tsx'],
  })
  const [{ url, caFile }] = (await once(server, 'message')) as [{ url: string; caFile: string }]
  const program = [
    here('../dist/cli.js'),
    ...['--hostname', url, '--jsoninput', input, '--no_reconnect'],
  ]
  const bare = [here('./bare-client.mjs'), url]
  const contestants: Record<string, string[]> = {
    'aruba-stream --decode_data': [...program, '--decode_data'],
    'bare client, ready-made lines': bare,
    'bare client, nothing written': [...bare, 'silent'],
  }
  const names = Object.keys(contestants)
  const runs = names.map((): Run[] => [])
  const output = (at: number) => join(folder, String(at))
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [at, args] of Object.values(contestants).entries()) {
        runs[at]?.push(await measure(server, args, output(at), caFile))
      }
    }
    const [ours, theirs] = [statSync(output(0)).size, statSync(output(1)).size]
    if (ours !== theirs) {
      throw new Error(`the program wrote ${ours} bytes, the bare client ${theirs}`)
    }
  } finally {
    server.disconnect()
    rmSync(folder, { recursive: true })
  }
  const [, yardstick = []] = runs
  const ratio = (all: readonly Run[], by: keyof Run) =>
    median(all.map((run, round) => (yardstick[round]?.[by] ?? Number.NaN) / run[by])).toFixed(2)
  const middle = (all: readonly Run[], by: keyof Run) => median(all.map((run) => run[by]))
  print(
    'End to end, over TLS into a file',
    ['', 'x bare client', 'by CPU time', 'frames/s', 'CPU s a million'],
    runs.map((all, at) => [
      names[at] ?? '',
      ratio(all, 'clock'),
      ratio(all, 'cpu'),
      rate(FRAMES / middle(all, 'clock')),
      ((middle(all, 'cpu') / FRAMES) * 1e6).toFixed(2),
    ]),
  )
}
