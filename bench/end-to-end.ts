/**
 * Frames a second from a server in another process, over TLS, through the program into a file; beside a
 * bare client that writes ready-made lines. Alternating rounds, medians.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TOPICS } from '../src/classic/topics.js'
import { median, print, rate } from './figures.js'
import { writeInput } from './input.js'

const ROUNDS = 5
const FRAMES_OF_EACH = 25_000
const TSX = ['--import', 'tsx']

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** @returns frames a second, from the first open socket to the end of the client */
async function measure(
  server: ChildProcess,
  args: readonly string[],
  output: string,
  caFile: string,
): Promise<number> {
  const file = openSync(output, 'w')
  const opened = once(server, 'message')
  const client = spawn(process.execPath, args, {
    stdio: ['ignore', file, 'ignore'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
  })
  const ended = once(client, 'exit')
  await opened
  const startedAt = performance.now()
  await ended
  const seconds = (performance.now() - startedAt) / 1000
  closeSync(file)
  return (FRAMES_OF_EACH * TOPICS.length) / seconds
}

/** Measures and prints a table. */
export async function benchEndToEnd(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const input = writeInput(folder, TOPICS.length)
  const server = fork(here('./frame-server.ts'), [String(FRAMES_OF_EACH)], { execArgv: TSX })
  const [{ url, caFile }] = (await once(server, 'message')) as [{ url: string; caFile: string }]
  const program = [
    here('../dist/cli.js'),
    ...['--hostname', url, '--jsoninput', input, '--decode_data', '--no_reconnect'],
  ]
  const bare = [...TSX, here('./bare-client.ts'), url]
  const output = (name: string) => join(folder, name)
  const rates = { program: [] as number[], bare: [] as number[] }
  try {
    for (let round = 0; round < ROUNDS; round++) {
      rates.program.push(await measure(server, program, output('program'), caFile))
      rates.bare.push(await measure(server, bare, output('bare'), caFile))
    }
    const bytes = { program: statSync(output('program')).size, bare: statSync(output('bare')).size }
    if (bytes.program !== bytes.bare) {
      throw new Error(`the program wrote ${bytes.program} bytes, the bare client ${bytes.bare}`)
    }
  } finally {
    server.disconnect()
    rmSync(folder, { recursive: true })
  }
  const ours = median(rates.program)
  const yardstick = median(rates.bare)
  print(
    'End to end, over TLS into a file',
    ['', 'frames/s', 'x bare client'],
    [
      ['aruba-stream --decode_data', rate(ours), (ours / yardstick).toFixed(2)],
      ['bare client, ready-made lines', rate(yardstick), '1.00'],
    ],
  )
}
