/**
 * The whole program with many entries: how long until all are open, what it costs while idle, and how
 * long until it has ended. Reads /proc, so it needs Linux.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { print } from './figures.js'
import { writeInput } from './input.js'

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100

/** Measures and prints a table. */
export async function benchEntries(entries = 1000, idleSeconds = 10): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const central = fork(new URL('./central.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
  try {
    const [{ url }] = (await once(central, 'message')) as [{ url: string }]
    const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
    const input = writeInput(folder, entries)
    const startedAt = performance.now()
    const program = spawn(
      process.execPath,
      [cli, '--hostname', url, '--jsoninput', input, '--decode_data', '--log_format', 'json'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const exited = once(program, 'exit')
    const secondsSince = (ms: number) => ((performance.now() - ms) / 1000).toFixed(1)

    let open = 0
    const lines = createInterface({ input: program.stderr })
    await new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line.includes('"connected"') && ++open === entries) resolve()
      })
    })
    const openSeconds = secondsSince(startedAt)

    const before = cpuSeconds(program.pid)
    await wait(idleSeconds * 1000)
    const idlePercent = ((cpuSeconds(program.pid) - before) / idleSeconds) * 100
    const megabytes = residentMegabytes(program.pid)

    const stoppedAt = performance.now()
    program.kill('SIGTERM')
    const [code] = (await exited) as [number | null]
    if (code !== 0) throw new Error(`the program ended with ${code}`)
    print(
      `${entries.toLocaleString('en-US')} entries in one process`,
      ['', '', ''],
      [
        ['all open, keys validated', openSeconds, 's after the start'],
        [`idle for ${idleSeconds} s`, idlePercent.toFixed(1), '% of one core'],
        ['resident memory', megabytes.toFixed(0), 'MB'],
        ['all shut down', secondsSince(stoppedAt), 's after SIGTERM'],
      ],
    )
  } finally {
    central.disconnect()
    rmSync(folder, { recursive: true })
  }
}

function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

function residentMegabytes(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000
}
