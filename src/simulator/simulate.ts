import { once, setMaxListeners } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type Clock, systemClock } from '../clock.js'
import { errorText, StreamError } from '../errors.js'
import { readRecording } from '../files/read-recording.js'
import type { Logger } from '../log.js'
import { Secret } from '../secret.js'
import { type Central, startCentral } from './central.js'
import { demoInput, demoKey } from './classic/demo-input.js'
import { customerIdOf } from './classic/keys.js'
import { classicTraffic } from './classic/traffic.js'
import { feedRecording, feedTraffic, QUIET } from './feed.js'
import { breakSockets } from './flaky.js'
import type { SimulateSettings } from './settings.js'

/** Messages kept of each topic for those who ask for past ones: some minutes at the default rate. */
const HISTORY = 1_000

export type SimulateContext = {
  readonly log: Logger
  /** Ends the traffic, and {@link runSimulate} as a whole. */
  readonly signal: AbortSignal
  readonly clock?: Clock
  /** From 0 up to, but not including, 1. */
  readonly random?: () => number
}

/**
 * Starts a stand-in for Central that streams. Every key is good unless the settings say otherwise.
 * The caller closes it.
 * @throws StreamError `usage` if the port is taken or a file cannot be used
 */
export async function startSimulation(
  settings: SimulateSettings,
  { log, signal, clock = systemClock, random = Math.random }: SimulateContext,
): Promise<Central> {
  const { rate, count, framesFile, loop, flakySeconds } = settings
  if (framesFile !== undefined) await requireFrames(framesFile, signal)
  const central = await listen(settings, clock)
  try {
    if (settings.inputFile !== undefined) await writeInput(settings.inputFile, clock)
  } catch (error) {
    await central.close()
    throw error
  }
  setKeys(central, settings, clock)
  logSockets(central, log)
  // Every socket waits for this signal. Node would warn of a leak.
  setMaxListeners(0, signal)
  const pace = { rate, count, signal, clock }
  if (framesFile === undefined) feedTraffic(central, classicTraffic(clock), pace)
  else feedRecording(central, framesFile, { ...pace, loop, log })
  if (flakySeconds) breakSockets(central, { meanSeconds: flakySeconds, signal, clock, random })
  return central
}

/**
 * `aruba-stream simulate`: starts a simulation, prints how to try it, and ends with the signal.
 * @param context `print` takes a line for the user, without its newline
 * @throws StreamError as {@link startSimulation}
 */
export async function runSimulate(
  settings: SimulateSettings,
  { print, ...context }: SimulateContext & { readonly print: (line: string) => void },
): Promise<void> {
  const { signal } = context
  const central = await startSimulation(settings, context)
  for (const line of introduction(central, settings)) print(line)
  if (!signal.aborted) await once(signal, 'abort')
  await central.close()
}

async function listen({ port, unsubscribed }: SimulateSettings, clock: Clock): Promise<Central> {
  try {
    const options = { port, unsubscribed, history: HISTORY, unknownKeys: 'accept', clock } as const
    return await startCentral(options)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE'
        ? 'it is in use; choose another, or 0 for any free one'
        : errorText(error)
    throw new StreamError('usage', `--port: cannot listen on port ${port}: ${why}`)
  }
}

function setKeys(
  central: Central,
  { expiredKeys, refusedKeys }: SimulateSettings,
  clock: Clock,
): void {
  for (const key of expiredKeys) {
    central.keys.renew(key, demoKey(`renewal of ${key}`, clock.now(), customerIdOf(key)))
  }
  for (const key of refusedKeys) central.keys.refuse(key)
}

function logSockets(central: Central, log: Logger): void {
  central.on('answered', ({ status, topic, key }) => {
    const fingerprint = key === undefined ? 'none' : new Secret(key).fingerprint
    const fields = { topic, key: fingerprint, status }
    if (status === 101) log.info('subscribed', fields)
    else log.warn('refused', fields)
  })
  central.on('opened', async (socket) => {
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

async function writeInput(path: string, clock: Clock): Promise<void> {
  const text = `${JSON.stringify(demoInput(clock.now()), null, 2)}\n`
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'it exists and is left as it is' : errorText(error)
    throw new StreamError('usage', `--write_input: cannot write ${path}: ${why}`)
  }
}

/** Finds faults of a recording at the start rather than at each socket. */
async function requireFrames(path: string, signal: AbortSignal): Promise<void> {
  const frames = readRecording(path, { log: QUIET, signal })
  try {
    const { done } = await frames.next()
    if (done && !signal.aborted)
      throw new StreamError('usage', `${path}: expected a recording; it has no frames`)
  } catch (error) {
    throw new StreamError('usage', `--frames: ${errorText(error)}`)
  } finally {
    await frames.return(undefined)
  }
}

/** Quotes a word for a POSIX shell. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
