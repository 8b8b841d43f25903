// `npm run demo`: a stand-in for Central, and the program in a process of its own, until Ctrl-C.
// stdout has the records alone, so it can be piped: `npm run --silent demo | jq`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startSimulation } from '../src/commands/simulate.js'
import { createLogger } from '../src/log.js'
import { DEFAULT_SIMULATION } from '../src/simulator/settings.js'

const ended = new AbortController()
const folder = await mkdtemp(join(tmpdir(), 'aruba-stream-demo-'))
const inputFile = join(folder, 'input.json')
const central = await startSimulation(
  { ...DEFAULT_SIMULATION, port: 0, inputFile },
  {
    log: createLogger({ write: () => {} }),
    signal: ended.signal,
  },
)
try {
  const program = spawn(
    process.execPath,
    [
      // The options of this process: they load TypeScript.
      ...process.execArgv,
      fileURLToPath(new URL('../src/cli.js', import.meta.url)),
      ...['--hostname', central.url, '--jsoninput', inputFile, '--decode_data', '--readable'],
    ],
    { stdio: 'inherit' },
  )
  // Ctrl-C reaches the program directly. This process ends after it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => program.kill('SIGTERM'))
  const [code] = await once(program, 'exit')
  process.exitCode = code ?? 1
} finally {
  ended.abort()
  await central.close()
  await rm(folder, { recursive: true })
}
