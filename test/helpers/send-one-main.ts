// node --import tsx send-one-main.ts TARGET: hands one message to an output, prints its counters or error.
import { openOutput } from '../../src/outputs/open-output.js'
import { fakeContext, fakeMessage } from './export-fakes.js'

const context = fakeContext()
try {
  const output = await openOutput(process.argv[2] ?? '', context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  process.stdout.write(JSON.stringify(context.counters))
} catch (error) {
  process.stdout.write(String(error))
}
