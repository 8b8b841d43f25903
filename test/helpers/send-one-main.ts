// node --import tsx send-one-main.ts TARGET: hands one message to an exporter, prints its counters or error.
import { openExporter } from '../../src/outputs/open-output.js'
import { fakeContext, fakeMessage } from './export-fakes.js'

const context = fakeContext()
try {
  const exporter = await openExporter(process.argv[2] ?? '', context)
  await exporter.export(fakeMessage('a', 1))
  await exporter.close()
  process.stdout.write(JSON.stringify(context.counters))
} catch (error) {
  process.stdout.write(String(error))
}
