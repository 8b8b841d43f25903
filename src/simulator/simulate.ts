import { once } from 'node:events'
import { open, writeFile } from 'node:fs/promises'
import { StreamError } from '../errors.js'
import type { Logger } from '../log.js'
import { Secret } from '../secret.js'
import { type Central, startCentral } from './central.js'
import { demoInput, demoKey } from './demo-input.js'
import { breakSockets, feedFrames, feedTraffic } from './feed.js'
import { customerIdOf } from './keys.js'
import type { SimulateSettings } from './settings.js'

/** Messages kept of each topic for the replay headers: some minutes at the default rate. */
const HISTORY = 1_000

export type SimulateContext = {
  readonly log: Logger
  /** Ends the simulation. */
  readonly signal: AbortSignal
  /** Takes a line for the user, without its newline. */
  readonly print: (line: string) => void
}

/**
 * Starts a stand-in for Central that streams: every key is good unless the settings say otherwise.
 * Whoever starts it closes it; the signal ends its traffic alone.
 * @throws StreamError `usage` where the port is taken or a file cannot be used
 */
export async function startSimulation(
  settings: SimulateSettings,
  { log, signal }: Pick<SimulateContext, 'log' | 'signal'>,
): Promise<Central> {
  if (settings.framesFile !== undefined) await requireReadable(settings.framesFile)
  const central = await listen(settings)
  try {
    if (settings.inputFile !== undefined) await writeInput(settings.inputFile)
  } catch (error) {
    await central.close()
    throw error
  }
  setKeys(central, settings)
  logSockets(central, log)
  feed(central, settings, log, signal)
  if (settings.flakySeconds) breakSockets(central, settings.flakySeconds, signal)
  return central
}

/**
 * `aruba-stream simulate`: starts a simulation, says where it listens and how to try it, and ends
 * with the signal.
 * @throws StreamError as {@link startSimulation}
 */
export async function runSimulate(
  settings: SimulateSettings,
  { log, signal, print }: SimulateContext,
): Promise<void> {
  const central = await startSimulation(settings, { log, signal })
  for (const line of introduction(central, settings)) print(line)
  if (!signal.aborted) await once(signal, 'abort')
  await central.close()
}

async function listen({ port, unsubscribed }: SimulateSettings): Promise<Central> {
  try {
    return await startCentral({ port, unsubscribed, history: HISTORY, unknownKeys: 'accept' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE' ? 'it is in use; choose another, or 0 for any free one' : message
    throw new StreamError('usage', `--port: cannot listen on port ${port}: ${why}`)
  }
}

function setKeys(central: Central, { expiredKeys, refusedKeys }: SimulateSettings): void {
  for (const key of expiredKeys) {
    central.keys.renew(key, demoKey(`renewal of ${key}`, customerIdOf(key)))
  }
  for (const key of refusedKeys) central.keys.refuse(key)
}

function feed(
  central: Central,
  { rate, count, framesFile, loop }: SimulateSettings,
  log: Logger,
  signal: AbortSignal,
): void {
  const pace = { rate, signal, ...(count !== undefined && { count }) }
  if (framesFile === undefined) {
    feedTraffic(central, pace)
  } else {
    feedFrames(central, framesFile, { ...pace, loop }, (error) =>
      log.error((error as Error).message),
    )
  }
}

function logSockets(central: Central, log: Logger): void {
  central.answered.listen(({ status, topic, key }) => {
    const fingerprint = key === undefined ? 'none' : new Secret(key).fingerprint
    const fields = { topic, key: fingerprint, status }
    if (status === 101) log.info('subscribed', fields)
    else log.warn('refused', fields)
  })
  central.opened.listen(async (socket) => {
    const { code } = await socket.ended
    log.info('ended', { topic: socket.topic, code, messages: socket.sent })
  })
}

function introduction(central: Central, { inputFile }: SimulateSettings): string[] {
  const file = inputFile ?? 'input.json'
  const command = `aruba-stream --hostname ${central.url} --jsoninput ${quoted(file)} --decode_data`
  const lines = [
    `A stand-in for Central listens on ${central.url}. Try it:`,
    '',
    `  ${command}`,
    '',
  ]
  if (inputFile === undefined) {
    lines.push('Any key is good here; --write_input FILE makes an input file. Ctrl-C ends.')
  }
  return lines
}

async function writeInput(path: string): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(demoInput(), null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'it exists, and is left as it is' : message
    throw new StreamError('usage', `--write_input: cannot write ${path}: ${why}`)
  }
}

async function requireReadable(path: string): Promise<void> {
  try {
    const file = await open(path)
    await file.close()
  } catch (error) {
    throw new StreamError('usage', `--frames: cannot read ${path}: ${(error as Error).message}`)
  }
}

/** A word for a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
