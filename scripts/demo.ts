// `npm run demo`: a stand-in for Central and the real program, each in a process of its own, until Ctrl-C.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../src/log.js'
import { demoInput } from '../src/simulator/demo-input.js'
import { simulateSettings } from '../src/simulator/settings.js'
import { startSimulation } from '../src/simulator/simulate.js'

const folder = await mkdtemp(join(tmpdir(), 'aruba-stream-demo-'))
const inputFile = join(folder, 'input.json')
await writeFile(inputFile, JSON.stringify(demoInput(), null, 2), { mode: 0o600 })

const ended = new AbortController()
const central = await startSimulation(simulateSettings({ port: '0' }), {
  log: createLogger({ write: () => {} }),
  signal: ended.signal,
})
const program = spawn(
  process.execPath,
  [
    fileURLToPath(new URL('../dist/cli.js', import.meta.url)),
    ...['--hostname', central.url, '--jsoninput', inputFile, '--decode_data', '--readable'],
  ],
  { stdio: 'inherit' },
)
// Ctrl-C reaches the program by itself; this process ends after it.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => program.kill('SIGTERM'))
const [code] = await once(program, 'exit')
ended.abort()
await central.close()
await rm(folder, { recursive: true })
process.exitCode = code ?? 1
