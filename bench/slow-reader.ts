/** The memory of the program while its stdout is read at 10 MB/s, far slower than frames arrive. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { TOPICS } from '../src/classic/topics.js'
import { print, rate } from './figures.js'
import { writeInput } from './input.js'

const FRAMES_OF_EACH = 25_000
const BYTES_PER_SECOND = 10_000_000

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The most memory that a process has had, MB; NaN where there is no `/proc`. */
function peakMb(pid: number | undefined): number {
  const path = `/proc/${pid}/status`
  const status = existsSync(path) ? readFileSync(path, 'utf8') : ''
  return (Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6
}

async function readSlowly(
  program: ChildProcess,
  stdout: Readable,
): Promise<{ bytes: number; seconds: number; peak: number }> {
  const startedAt = performance.now()
  const elapsed = () => (performance.now() - startedAt) / 1000
  let bytes = 0
  let peak = peakMb(program.pid)
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length
    const most = peakMb(program.pid)
    // None of a process that has ended.
    if (most > peak) peak = most
    const aheadMs = (bytes / BYTES_PER_SECOND - elapsed()) * 1000
    if (aheadMs > 5) await sleep(aheadMs)
  }
  return { bytes, seconds: elapsed(), peak }
}

/** Measures and prints a table. */
export async function benchSlowReader(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const server = fork(here('./frame-server.ts'), [String(FRAMES_OF_EACH)], {
    execArgv: ['--import', 'tsx'],
  })
  try {
    const input = writeInput(folder, TOPICS.length)
    const [{ url, caFile }] = (await once(server, 'message')) as [{ url: string; caFile: string }]
    const args = ['--hostname', url, '--jsoninput', input, '--decode_data', '--no_reconnect']
    const program = spawn(process.execPath, [here('../dist/cli.js'), ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
    })
    const { bytes, seconds, peak } = await readSlowly(program, program.stdout)
    const messages = FRAMES_OF_EACH * TOPICS.length
    print(
      'stdout read at 10 MB/s',
      ['', 'messages', 'messages/s', 'MB', 'peak RSS, MB'],
      [
        [
          'aruba-stream --decode_data',
          rate(messages),
          rate(messages / seconds),
          (bytes / 1e6).toFixed(0),
          peak.toFixed(0),
        ],
      ],
    )
  } finally {
    server.disconnect()
    rmSync(folder, { recursive: true })
  }
}
