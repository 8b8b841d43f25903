import { once, setMaxListeners } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { type Clock, systemClock } from '../clock.js'
import { errorText, StreamError, systemFault, writeErrorText } from '../errors.js'
import { readRecording } from '../files/read-recording.js'
import type { Logger } from '../log.js'
import { isTopic } from '../newcentral/topics.js'
import { printText } from '../outputs/print-text.js'
import type { Program } from '../program.js'
import { Secret } from '../secret.js'
import { type Central, startCentral } from '../simulator/central.js'
import { customerIdOf } from '../simulator/classic/keys.js'
import { classicDemo, DEMO_CLIENTS, demoKey, newCentralDemo } from '../simulator/demo-input.js'
import { breakSockets } from '../simulator/faults.js'
import { feedRecording, feedTraffic, type NextFrame, QUIET } from '../simulator/feed.js'
import type { SimulateSettings } from '../simulator/settings.js'
import { classicTraffic, newCentralTraffic } from '../simulator/traffic.js'
import { shellWord } from '../text.js'
import { calledAs } from './called-as.js'

/** Messages kept of each topic for those who ask for past ones: some minutes at the default rate. */
const HISTORY = 1_000

const PORT_FAULTS = { EACCES: 'this user may not use it; choose one above 1023' }
const FILE_EXISTS =
  'it exists and is left as it is; leave --write_input out to use it as it is, or remove it first'
const FOLDER_MISSING = { ENOENT: 'its folder does not exist' }

/** `aruba-stream simulate`: plays Central until asked to end. */
export async function simulate(settings: SimulateSettings, program: Program): Promise<number> {
  const { log, shutdown } = program
  await runSimulate(settings, {
    log,
    command: calledAs(program),
    signal: shutdown.stopping,
    print: (text) => printText(text, program),
  })
  return 0
}

type SimulateContext = {
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
  const central = await listen(settings, clock, random)
  try {
    if (settings.inputFile !== undefined)
      await writeInput(settings.inputFile, settings, central, clock)
  } catch (error) {
    await central.close()
    throw error
  }
  setKeys(central, settings, clock)
  logSockets(central, log)
  // Every socket waits for this signal. Node would warn of a leak.
  setMaxListeners(0, signal)
  const pace = { rate, count, signal, clock }
  if (framesFile === undefined) feedTraffic(central, traffic(central, clock), pace)
  else feedRecording(central, framesFile, { ...pace, loop, log })
  if (flakySeconds) breakSockets(central, { meanSeconds: flakySeconds, signal, clock, random })
  return central
}

type RunContext = SimulateContext & {
  /** Takes lines for the user. */
  readonly print: (text: string) => Promise<void>
  /** How the user calls the program. */
  readonly command: string
}

/**
 * Starts a simulation, prints how to try it, and ends with the signal.
 * @throws StreamError as {@link startSimulation}
 */
export async function runSimulate(
  settings: SimulateSettings,
  { print, command, ...context }: RunContext,
): Promise<void> {
  const { signal } = context
  const central = await startSimulation(settings, context)
  try {
    await print(`${introduction(central, settings, command).join('\n')}\n`)
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await central.close()
  }
  for (const { counts, ...name } of central.newCentral.account.subscribers) {
    context.log.info('subscriber', { ...name, ...counts })
  }
}

async function listen(
  { port, unsubscribed, newCentral, tls }: SimulateSettings,
  clock: Clock,
  random: () => number,
): Promise<Central> {
  const options = { port, unsubscribed, history: HISTORY, unknownKeys: 'accept', clock } as const
  const unknown = { clients: DEMO_CLIENTS, unknownClients: 'accept', keepsLines: false } as const
  const certificate = tls && {
    tls: {
      cert: await readPem('--tls_cert', tls.certFile),
      key: await readPem('--tls_key', tls.keyFile),
    },
  }
  try {
    return await startCentral({
      ...options,
      ...certificate,
      newCentral: { ...newCentral, ...unknown },
      random,
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Node's errors about certificates.
    if (/^ERR_(OSSL|TLS|SSL)/.test(code ?? ''))
      throw new StreamError('usage', `--tls_cert, --tls_key: ${errorText(error)}`)
    const why =
      code === 'EADDRINUSE'
        ? 'it is in use; choose another, or 0 for any free one'
        : (systemFault(error, PORT_FAULTS) ?? errorText(error))
    throw new StreamError('usage', `--port: cannot listen on port ${port}: ${why}`)
  }
}

async function readPem(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new StreamError('usage', `${option}: cannot read ${path}: ${errorText(error)}`)
  }
}

/** Made-up messages of both services. */
function traffic({ newCentral }: Central, clock: Clock): NextFrame {
  const classic = classicTraffic(clock)
  const other = newCentralTraffic(clock, () => newCentral.settings)
  return (topic, customerId) => (isTopic(topic) ? other : classic)(topic, customerId)
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
  central.on('answered', ({ status, topic, key, subscriberId }) => {
    const fingerprint = key === undefined ? 'none' : new Secret(key).fingerprint
    const fields = { topic, key: fingerprint, status, ...(subscriberId && { subscriberId }) }
    if (status === 101) log.info('subscribed', fields)
    else log.warn('refused', fields)
  })
  central.on('opened', async (socket) => {
    const { code } = await socket.ended
    log.info('ended', { topic: socket.topic, code, messages: socket.sent })
  })
}

function introduction(
  central: Central,
  { inputFile, tls }: SimulateSettings,
  program: string,
): string[] {
  const file = inputFile ?? 'input.json'
  const trust = tls ? `NODE_EXTRA_CA_CERTS=${shellWord(tls.certFile)} ` : ''
  const command = `${trust}${program} --hostname ${central.url} --jsoninput ${shellWord(file)} --readable --decode_data`
  const lines = [
    `A stand-in for Central listens on ${central.url}. Try it:`,
    '',
    `  ${command}`,
    '',
  ]
  if (inputFile === undefined) {
    lines.push(
      'Any key or API client is good; --write_input FILE makes an input file. Ctrl-C ends.',
    )
  }
  return lines
}

async function writeInput(
  path: string,
  { services }: SimulateSettings,
  { url }: Central,
  clock: Clock,
): Promise<void> {
  const customers = {
    ...(services.includes('classic') && classicDemo(clock.now())),
    ...(services.includes('newcentral') && newCentralDemo(url)),
  }
  const text = `${JSON.stringify({ customers }, null, 2)}\n`
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? FILE_EXISTS : writeErrorText(error, FOLDER_MISSING)
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
