import type { TestContext } from 'node:test'
import type { Central } from '../../src/simulator/central.js'
import { type InputEntry, type ListInput, type NewCentralInput, writeInput } from './input.js'
import { makeKey } from './keys.js'
import { type Program, type ProgramOptions, runProgram } from './program.js'

/** A line of stdout. */
export type Printed = {
  readonly customer: string
  readonly topic: string
  readonly timestamp: string
  readonly data: unknown
}

export type StreamOptions = ProgramOptions & {
  /** Default: {@link defaultInput}. */
  readonly input?: Readonly<Record<string, InputEntry | ListInput | NewCentralInput>> | string
}

/** An entry with a new key. */
export function entryOf(topic: string, wsskey = makeKey(topic)): InputEntry {
  return { username: 'abc@example.com', wsskey, topic }
}

/** One entry `A` of the topic `monitoring`, with a key of its own. */
export function defaultInput(): Record<string, InputEntry> {
  return { A: entryOf('monitoring') }
}

/** The command line against a stand-in for Central. */
export function commandLine(
  central: Pick<Central, 'url'>,
  path: string,
  args: readonly string[] = ['--decode_data'],
): string[] {
  return ['--hostname', central.url, '--jsoninput', path, ...args]
}

/** Writes an input file and streams its entries from a stand-in for Central. */
export async function startStream(
  t: TestContext,
  central: Pick<Central, 'url'>,
  args: readonly string[] = ['--decode_data'],
  { input = defaultInput(), ...options }: StreamOptions = {},
): Promise<Program & { readonly path: string }> {
  const path = await writeInput(t, input)
  return Object.assign(runProgram(t, commandLine(central, path, args), options), { path })
}

/** The records on stdout; throws where a line is none. */
export function printed(stdout: string): Printed[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Printed)
}
