import type { Program } from '../program.js'
import type { SimulateSettings } from '../simulator/settings.js'
import { runSimulate } from '../simulator/simulate.js'

/** `aruba-stream simulate`: plays Central until asked to end. */
export async function simulate(settings: SimulateSettings, program: Program): Promise<number> {
  const { log, shutdown, stdout } = program
  await runSimulate(settings, {
    log,
    signal: shutdown.stopping,
    print: (line) => stdout.stream.write(`${line}\n`),
  })
  return 0
}
