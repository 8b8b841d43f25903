// `node --import tsx scripts/breaks.ts [SECONDS]`: the run of test/program/breaks.test.ts for as long as
// wanted (default: 600), with the memory of the program.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCentral } from '../src/simulator/central.js'
import { judge, Rotation, sendAndBreak, topicOf } from '../test/helpers/breaks.js'
import { until } from '../test/helpers/clock.js'
import { makeKey } from '../test/helpers/keys.js'
import { seededRandom } from '../test/helpers/random.js'
import { startRoughReceiver } from '../test/helpers/rough-receiver.js'
import { CLI } from '../test/helpers/settings.js'
import { entryOf } from '../test/helpers/stream.js'
import { SoakProgram } from './soak/program.js'
import { memoryOf, Parts, round } from './soak/watch.js'

const ENTRIES = 20
const seconds = Number(process.argv[2] ?? 600)
const random = seededRandom(ENTRIES)
const folder = await mkdtemp(join(tmpdir(), 'aruba-stream-breaks-'))
const central = await startCentral()
const receiver = await startRoughReceiver(random)
const rotation = new Rotation(folder)
const keys = Array.from({ length: ENTRIES }, (_, n) => makeKey(`breaks-${n}`))
const customers = Object.fromEntries(keys.map((key, n) => [`E${n}`, entryOf(topicOf(n), key)]))
const input = join(folder, 'input.json')
await writeFile(input, JSON.stringify({ customers }), { mode: 0o600 })
const args = ['--hostname', central.url, '--jsoninput', input, '--log_level', 'warn']
const outputs = ['--export_data', `json:${rotation.path}`, '--export_data', receiver.url]
const program = new SoakProgram(CLI, [...args, ...outputs], () => keys)
const memory = new Parts()
const startMs = performance.now()
try {
  await until(() => central.sockets.length === ENTRIES)
  const sent = await sendAndBreak({
    ...{ central, keys, random, seconds },
    messagesPerSecond: 2000,
    breakMs: 5000,
    every: {
      ms: 2000,
      async work() {
        await rotation.rotate(() => program.kill('SIGHUP'))
        const done = (performance.now() - startMs) / (seconds * 1000)
        memory.add(done, await memoryOf(program.pid))
      },
    },
  })
  receiver.calm()
  const stoppedMs = performance.now()
  program.kill('SIGTERM')
  const [code] = await program.ended
  const endSeconds = round((performance.now() - stoppedMs) / 1000)
  const json = await rotation.read()
  const { mean, most } = memory
  const megabytes = { mean, most }
  const run = { seconds, code, endSeconds, breaks: sent.breaks, files: json.files, megabytes }
  const figures = { ...run, ...judge(sent, json, receiver), batches: receiver.done }
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`)
  if (code !== 0) process.stderr.write(`${program.trouble.join('\n')}\n`)
} finally {
  program.kill('SIGKILL')
  await receiver.close()
  await central.close()
  await rm(folder, { recursive: true })
}
