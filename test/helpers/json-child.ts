import { writeSync } from 'node:fs'
import { openJson } from '../../src/outputs/json.js'
import { fakeContext, fakeMessage } from './export-fakes.js'

// Writes messages to a file as fast as it can until it is killed, and reports on stdout after each turn
// which were acknowledged, in a write of its own that a kill cannot hold back.
const [path = '', from = '0'] = process.argv.slice(2)
const context = fakeContext({ cwd: '/' })
const output = await openJson(path, context)
const first = Number(from)
let reported = 0
for (let n = first; ; n++) {
  await output.write([fakeMessage('A', n, { pad: n % 2000 })])
  if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  const { delivered } = context.counters
  if (delivered > reported) {
    writeSync(1, `${first + delivered - 1}\n`)
    reported = delivered
  }
}
