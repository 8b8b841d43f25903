import { ClassicEndpoint } from '../classic/classic.js'
import { CLASSIC_ENTRIES } from '../classic/entry.js'
import { KEY_LIFE_DAYS, keyAge } from '../classic/entry-key.js'
import { isTopic as isOfClassic } from '../classic/topics.js'
import { type ValidateKeyOptions, validateKey } from '../classic/validate-key.js'
import { shareValidations, withCircuitBreaker } from '../classic/validations.js'
import { systemClock } from '../clock.js'
import { type ConnectOptions, connect } from '../connection/connect.js'
import { StreamError } from '../errors.js'
import { type LoadedInput, type LoadOptions, loadInput } from '../input/load-input.js'
import { createLimiter } from '../net/limiter.js'
import { UNVERIFIED } from '../net/route.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'
import {
  clientOf,
  createEndpoint as createNewCentralEndpoint,
  subscriberOf,
} from '../newcentral/newcentral.js'
import { subscriberId } from '../newcentral/subscriber-id.js'
import { Tokens } from '../newcentral/tokens.js'
import { isTopic as isOfNewCentral } from '../newcentral/topics.js'
import { printText } from '../outputs/print-text.js'
import type { Program } from '../program.js'
import type { Secret } from '../secret.js'
import type { Endpoint } from '../service.js'
import { type Credential, type ReachableEntry, runCheck } from './check-entries.js'
import { type CheckReport, checkExitCode, checkJson, formatCheck } from './check-report.js'
import type { CheckSettings } from './settings.js'

/**
 * `aruba-stream check`: says on stdout whether file, keys and topics are in order. Writes no file.
 * A signal ends it with what is known by then.
 * @returns the exit code
 */
export async function check(settings: CheckSettings, program: Program): Promise<number> {
  const { verifyCertificates, offline, json } = settings
  const { shutdown, stdout, screen, version } = program
  const userAgent = `aruba-stream/${version}`
  const signal = shutdown.stopping

  const tokens = new Tokens({ userAgent, verifyCertificates, limiter: createLimiter() })
  const validateKey = createKeyCheck({ userAgent, verifyCertificates, signal })
  const getToken = createTokenCheck(tokens, signal)
  const probe = createProbe(connect, {
    ...{ userAgent, verifyCertificates, signal, tokens },
    env: program.env,
    clock: systemClock,
  })

  const { entries, disabled, warnings, problems } = await load(settings.inputFile, {
    services: [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES],
    defaultHost: settings.host,
    needsHost: !offline,
    stdin: program.stdin,
    signal,
  })
  const results = await runCheck({
    entries: entries.map((entry) => ({ ...entry, host: entry.hostname ?? settings.host })),
    offline,
    signal,
    validate: (entry) => (entry.client ? getToken(entry) : validateKey(entry)),
    probe,
    keyAge: (key) => keyAge(key, Date.now()),
    keyLifeDays: KEY_LIFE_DAYS,
  })
  const report: CheckReport = {
    results,
    disabled,
    problems,
    warnings: offline || verifyCertificates ? warnings : [UNVERIFIED, ...warnings],
    interrupted: shutdown.interrupted,
  }
  const columns = stdout.terminal ? screen.columns() : undefined
  const text = json ? checkJson(report) : formatCheck(report, { columns, colour: stdout.colour })
  await printText(text, program)
  // Nobody read it, and it was cut short.
  return shutdown.graceOver.aborted ? 1 : checkExitCode(report)
}

async function load(
  path: string,
  options: LoadOptions,
): Promise<LoadedInput & { readonly problems: readonly string[] }> {
  try {
    return { ...(await loadInput(path, options)), problems: [] }
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    return { entries: [], disabled: [], warnings: [], problems: error.problems }
  }
}

type KeyCheckOptions = Pick<ValidateKeyOptions, 'userAgent' | 'verifyCertificates' | 'signal'>

/**
 * Makes the function that asks Classic Central about a key, as streaming does at its start: within the
 * shares of the limiter, and no more of a host that gave no answer to the first two keys.
 */
export function createKeyCheck({ signal, ...options }: KeyCheckOptions) {
  const share = shareValidations(
    (host, key, signal) => validateKey({ ...options, host, key, signal }),
    createLimiter(),
  )
  const validate = withCircuitBreaker(share, signal)
  return async ({ host, key }: ReachableEntry): Promise<Credential> => {
    const validation = await validate(host, key)
    return { secret: validation.type === 'renewed' ? validation.key : key }
  }
}

/** Makes the function that asks for the token of an entry's API client. */
function createTokenCheck(tokens: Tokens, signal: AbortSignal) {
  return async (entry: ReachableEntry): Promise<Credential> => {
    const { secret, lifeMs } = await tokens.get(clientOf(entry), signal)
    return { secret, tokenSeconds: Math.round(lifeMs / 1000) }
  }
}

/** What is the same for every probe. */
type ProbeOptions = Pick<ConnectOptions, 'verifyCertificates' | 'clock' | 'signal'> & {
  readonly userAgent: string
  readonly tokens: Tokens
  readonly env: Readonly<Record<string, string | undefined>>
}

type ProbedEntry = ReachableEntry & { readonly username: string | undefined }

/** Makes the function that subscribes to an entry's topic, and closes as soon as it is subscribed. */
export function createProbe(open: typeof connect, options: ProbeOptions) {
  const { signal, verifyCertificates, clock } = options
  return async (entry: ProbedEntry, credential: Secret): Promise<void> => {
    const subscribed = new AbortController()
    const endpoint = endpointOf(entry, credential, options)
    const end = await open({
      verifyCertificates,
      clock,
      endpoint,
      handshake: await endpoint.handshake(undefined, signal),
      signal: AbortSignal.any([signal, subscribed.signal]),
      onOpen: () => subscribed.abort(),
      onFrame: () => {},
    })
    if (!subscribed.signal.aborted) throw end
  }
}

function endpointOf(
  entry: ProbedEntry,
  credential: Secret,
  { tokens, env, userAgent }: ProbeOptions,
): Endpoint {
  const { topic, host, client } = entry
  if (isOfNewCentral(topic)) {
    return createNewCentralEndpoint({
      host,
      topic,
      path: client?.path,
      eventTypes: client?.eventTypes ?? [],
      // One of its own, so that a collector that streams beside it loses nothing.
      subscriberId: subscriberId({ ...subscriberOf(entry, env), use: 'check' }),
      client: clientOf(entry),
      tokens,
      userAgent,
    })
  }
  if (!isOfClassic(topic)) throw new Error(`no such topic: ${topic}`)
  const key = { current: () => credential, afterUnauthorized: async () => credential }
  return new ClassicEndpoint({ entry: { ...entry, topic }, key, userAgent })
}
