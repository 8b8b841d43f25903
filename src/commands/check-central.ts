import { createEndpoint } from '../classic/endpoint.js'
import { isTopic as isOfClassic } from '../classic/topics.js'
import { type ValidateKeyOptions, validateKey } from '../classic/validate-key.js'
import { shareValidations, withCircuitBreaker } from '../classic/validations.js'
import type { ConnectOptions, connect } from '../connection/connect.js'
import { createLimiter } from '../net/limiter.js'
import { createEndpoint as createNewCentralEndpoint } from '../newcentral/endpoint.js'
import { clientOf, subscriberOf } from '../newcentral/newcentral.js'
import { subscriberId } from '../newcentral/subscriber-id.js'
import type { Tokens } from '../newcentral/tokens.js'
import { isTopic as isOfNewCentral } from '../newcentral/topics.js'
import type { Secret } from '../secret.js'
import type { Endpoint } from '../service.js'
import type { Credential, ReachableEntry } from './check-entries.js'

export type KeyCheckOptions = Pick<
  ValidateKeyOptions,
  'userAgent' | 'verifyCertificates' | 'signal'
>

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
export function createTokenCheck(tokens: Tokens, signal: AbortSignal) {
  return async (entry: ReachableEntry): Promise<Credential> => {
    const { secret, lifeMs } = await tokens.get(clientOf(entry), signal)
    return { secret, tokenSeconds: Math.round(lifeMs / 1000) }
  }
}

/** What is the same for every probe. */
export type ProbeOptions = Pick<ConnectOptions, 'verifyCertificates' | 'clock' | 'signal'> & {
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
  return createEndpoint({ entry: { ...entry, topic }, key, userAgent })
}
