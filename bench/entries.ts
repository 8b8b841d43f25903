/**
 * The whole program with many entries: how long until all are open, what it costs while idle, and how long
 * until it has ended; and what an entry takes of it. Its memory is read twice: V8 keeps what the opening left
 * for about half a minute. Reads /proc, so it needs Linux.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { print } from './figures.js'
import { writeInput } from './input.js'

const COUNTS = [1, 100, 1000, 5000]
const IDLE_SECONDS = 10
/** V8 has given back by then what a process at rest does not need. */
const REST_SECONDS = 50
/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

type Figures = {
  readonly entries: number
  readonly openSeconds: number
  readonly openCpuSeconds: number
  readonly idlePercent: number
  readonly megabytes: number
  readonly restingMegabytes: number
  readonly endSeconds: number
}

/** Measures and prints a table. */
export async function benchEntries(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  const central = fork(new URL('./central.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
  try {
    const [{ url }] = (await once(central, 'message')) as [{ url: string }]
    const all: Figures[] = []
    for (const entries of COUNTS) {
      all.push(await measure(central, url, writeInput(folder, entries), entries))
    }
    const [one] = all
    const each = (figures: Figures, by: keyof Figures) => {
      const more = figures[by] - (one?.[by] ?? 0)
      return figures === one ? '' : ((more * 1000) / (figures.entries - 1)).toFixed(1)
    }
    print(
      'Entries in one process',
      [
        ...['', 'CPU ms each', 'KB each', 'KB each, later', 's to open', 'MB', 'MB later'],
        ...['% of a core idle', 's to end'],
      ],
      all.map((figures) => [
        figures.entries.toLocaleString('en-US'),
        each(figures, 'openCpuSeconds'),
        each(figures, 'megabytes'),
        each(figures, 'restingMegabytes'),
        figures.openSeconds.toFixed(1),
        figures.megabytes.toFixed(0),
        figures.restingMegabytes.toFixed(0),
        figures.idlePercent.toFixed(1),
        figures.endSeconds.toFixed(1),
      ]),
    )
  } finally {
    central.disconnect()
    rmSync(folder, { recursive: true })
  }
}

async function measure(
  central: ChildProcess,
  url: string,
  input: string,
  entries: number,
): Promise<Figures> {
  const startedAt = performance.now()
  const program = spawn(
    process.execPath,
    [CLI, '--hostname', url, '--jsoninput', input, '--decode_data'],
    { stdio: 'ignore' },
  )
  const exited = once(program, 'exit')
  const secondsSince = (ms: number) => (performance.now() - ms) / 1000

  await new Promise<void>((resolve) => {
    let open = 0
    const count = () => {
      if (++open < entries) return
      central.off('message', count)
      resolve()
    }
    central.on('message', count)
  })
  const openSeconds = secondsSince(startedAt)
  const openCpuSeconds = cpuSeconds(program.pid)
  await wait(IDLE_SECONDS * 1000)
  const idlePercent = ((cpuSeconds(program.pid) - openCpuSeconds) / IDLE_SECONDS) * 100
  const megabytes = residentMegabytes(program.pid)
  await wait(REST_SECONDS * 1000)
  const restingMegabytes = residentMegabytes(program.pid)

  const stoppedAt = performance.now()
  program.kill('SIGTERM')
  const [code] = (await exited) as [number | null]
  if (code !== 0) throw new Error(`the program ended with ${code}`)
  const endSeconds = secondsSince(stoppedAt)
  return {
    ...{ entries, openSeconds, openCpuSeconds, idlePercent },
    ...{ megabytes, restingMegabytes, endSeconds },
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
