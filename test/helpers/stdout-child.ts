import { writeSync } from 'node:fs'
import { openStdout } from '../../src/outputs/stdout.js'
import { fakeContext, fakeMessage } from './export-fakes.js'

// Prints so many messages from many entries at once, and tells on stderr what came of it.
const total = Number(process.argv[2])
const context = fakeContext()
let gone = 0
const stdout = openStdout(
  { stream: process.stdout, terminal: false, colour: false, onReaderGone: () => gone++ },
  context,
)
let mostHeld = 0
async function entry(name: string) {
  for (let n = 0; n < total / 50; n++) {
    const taken = stdout.write([fakeMessage(name, n, { pad: 1000 })])
    mostHeld = Math.max(mostHeld, context.counters.waiting)
    await taken
  }
}
await Promise.all(Array.from({ length: 50 }, (_, i) => entry(`E${i}`)))
await stdout.close()
writeSync(
  2,
  JSON.stringify({ gone, mostHeld, ...context.counters, givenUp: context.givenUp.length }),
)
