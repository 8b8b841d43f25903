/**
 * The whole program with many entries: how long until all are open, what it costs while idle, and how
 * long until it has ended. Reads /proc, so it needs Linux.
 *
 *     node --import tsx bench/program.ts [ENTRIES] [IDLE_SECONDS]
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const [entries = 1000, idleSeconds = 60] = process.argv.slice(2).map(Number)
/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100

const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const central = fork(new URL('./central.ts', import.meta.url), { execArgv: ['--import', 'tsx'] })
const [{ url }] = (await once(central, 'message')) as [{ url: string }]

const customers = Object.fromEntries(
  Array.from({ length: entries }, (_, index) => [
    `Customer${index}_monitoring`,
    { username: 'bench@example.com', wsskey: `bench-key-${index}`, topic: 'monitoring' },
  ]),
)
const input = join(folder, 'input.json')
writeFileSync(input, JSON.stringify({ customers }), { mode: 0o600 })

const cli = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const args = ['--hostname', url, '--jsoninput', input, '--decode_data', '--log_format', 'json']
const started = performance.now()
const program = spawn(process.execPath, ['--import', 'tsx', cli, ...args], {
  stdio: ['ignore', 'ignore', 'pipe'],
})
const exited = once(program, 'exit')
const secondsSince = (ms: number) => ((performance.now() - ms) / 1000).toFixed(1)
const print = (line: string) => process.stdout.write(`${line}\n`)

let open = 0
const lines = createInterface({ input: program.stderr })
await new Promise<void>((resolve) => {
  lines.on('line', (line) => {
    if (line.includes('"connected"') && ++open === entries) resolve()
  })
})
print(`${entries} entries open after ${secondsSince(started)} s, start and validation included`)

const cpuSeconds = () => {
  const fields = readFileSync(`/proc/${program.pid}/stat`, 'utf8').split(' ')
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}
const before = cpuSeconds()
await wait(idleSeconds * 1000)
const percent = ((cpuSeconds() - before) / idleSeconds) * 100
const status = readFileSync(`/proc/${program.pid}/status`, 'utf8')
const megabytes = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1000)
print(`idle for ${idleSeconds} s: ${percent.toFixed(2)} % of a core, ${megabytes} MB resident`)

const stopping = performance.now()
program.kill('SIGTERM')
const [code] = (await exited) as [number | null]
print(`ended with ${code} after ${secondsSince(stopping)} s`)
central.disconnect()
