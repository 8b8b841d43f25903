import { hostname } from 'node:os'
import type { Clock } from '../clock.js'
import { StreamError } from '../errors.js'
import type { CustomerEntry } from '../input/entries.js'
import type { Logger } from '../log.js'
import type { Host } from '../net/host.js'
import { createLimiter } from '../net/limiter.js'
import { quotePeer, redirectHost } from '../net/redact.js'
import type { Answer, Endpoint, Service } from '../service.js'
import { listed } from '../text.js'
import { createDecoders } from './record.js'
import { type Subscriber, SubscriberIds, subscriberId } from './subscriber-id.js'
import { type Client, lifeText, type Token } from './token-request.js'
import { TOKEN_URL, Tokens } from './tokens.js'
import { TOPIC_FACTS, type Topic } from './topics.js'

type NewCentralOptions = {
  readonly userAgent: string
  readonly verifyCertificates: boolean
  readonly protoDir: string | undefined
  readonly readable: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether replay options were given, which mean nothing here. */
  readonly asksReplay: boolean
  readonly log: Logger
  /** Those of other streams of this process. Default: its own. */
  readonly tokens?: Tokens
  readonly clock?: Clock
}

/** The first tokens of so many API clients are logged one by one. */
const FEW_CLIENTS = 3

/** New Central. */
export function createNewCentral(options: NewCentralOptions): Service<Topic> {
  const { userAgent, verifyCertificates, env, log, clock } = options
  const tokens =
    options.tokens ??
    new Tokens({
      verifyCertificates,
      userAgent,
      // Not the one of the handshakes: a slow answer here must not hold up entries that are ready.
      limiter: createLimiter(),
      onToken({ id }, { lifeMs }, isFirst) {
        const goodFor = lifeText(lifeMs)
        const fields = { client_id: id }
        // Many have a line for each cluster, once it is connected.
        if (isFirst && clients.size <= FEW_CLIENTS) {
          log.info(`got a token, which is good for ${goodFor}`, fields)
        } else
          log.debug(`got ${isFirst ? 'a' : 'another'} token, which is good for ${goodFor}`, fields)
      },
      ...(clock && { clock }),
    })
  /** The ids of the API clients. */
  const clients = new Set<string>()
  const ids = new SubscriberIds()
  let warnsOfReplay = options.asksReplay

  async function endpointOf(entry: CustomerEntry<Topic>, fresh: string[]): Promise<Endpoint> {
    const { client, host, topic } = entry
    const own = client?.subscriberId
    const held =
      own === undefined ? await ids.hold(subscriberId(subscriberOf(entry, env))) : undefined
    if (held?.isFresh) fresh.push(entry.label)
    return createEndpoint({
      host,
      topic,
      path: client?.path,
      eventTypes: client?.eventTypes ?? [],
      subscriberId: own ?? held?.id ?? '',
      client: clientOf(entry),
      tokens,
      userAgent,
      close: () => held?.release(),
    })
  }

  return {
    decoders: createDecoders(options),
    async endpoints(entries, signal) {
      if (warnsOfReplay && entries.length > 0) {
        warnsOfReplay = false
        log.warn(
          '--start_seq, --deliver_last, --deliver_all and --since_time mean nothing to New Central; its entries are streamed without them',
        )
      }
      /** Entries that another process has the subscriber id of. */
      const fresh: string[] = []
      for (const { client } of entries) clients.add(client?.id ?? '')
      const endpoints = await Promise.all(entries.map((entry) => endpointOf(entry, fresh)))
      if (signal.aborted) {
        // Nobody gets them: their ids must not stay taken in a process that goes on.
        for (const endpoint of endpoints) endpoint.close()
        throw signal.reason
      }
      warnOfFreshIds(fresh, log)
      return endpoints
    },
  }
}

/** @param fresh labels of entries that another process has the subscriber id of */
function warnOfFreshIds(fresh: readonly string[], log: Logger): void {
  if (fresh.length === 0) return
  log.warn(
    'another process on this machine streams the same. This one uses a subscriber id of its own, so that both get every event. Events that New Central has kept for the first id go to the other process alone',
    fresh.length === 1
      ? { entry: fresh[0] }
      : { subscriptions: fresh.length, entries: listed(fresh) },
  )
}

/** What the token of an entry is asked for with. */
export function clientOf({ client, key }: Pick<CustomerEntry, 'client' | 'key'>): Client {
  return { id: client?.id ?? '', secret: key, tokenUrl: client?.tokenUrl ?? TOKEN_URL }
}

/** What the subscriber id of an entry is derived from. */
export function subscriberOf(
  { client, host, name, topic }: Pick<CustomerEntry, 'client' | 'host' | 'name' | 'topic'>,
  env: NewCentralOptions['env'],
): Subscriber {
  return {
    host: host.authority,
    clientId: client?.id ?? '',
    entry: name,
    topic,
    instance: env.ARUBA_STREAM_INSTANCE || hostname(),
  }
}

type EndpointOptions = {
  readonly host: Host
  readonly topic: Topic
  /** In place of the topic's. */
  readonly path?: string | undefined
  /** Full names; empty: all. */
  readonly eventTypes: readonly string[]
  readonly subscriberId: string
  readonly client: Client
  readonly tokens: Tokens
  readonly userAgent: string
  readonly close?: () => void
}

/** The endpoint of one topic of New Central: a path of its own, a bearer token, a subscriber id. */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { host, topic, client, tokens, subscriberId, userAgent, close = () => {} } = options
  const url = urlOf(options)
  const caller = {}
  let token: Token | undefined
  return {
    host,
    answersPings: false,
    async handshake(_resume, signal) {
      const current = await tokens.get(client, signal, caller)
      token = current
      const headers = {
        Authorization: `Bearer ${current.secret.reveal()}`,
        'Subscriber-Id': subscriberId,
        'User-Agent': userAgent,
      }
      return { url, headers, credential: current.secret, replaceInMs: () => current.freshMs }
    },
    async renewCredential(refused) {
      tokens.drop(client, refused)
    },
    onServerEnd: (used) => tokens.renew(client, used),
    refusal: (answer) => refusalOf(answer, topic, options),
    credentialAge: () => token && token.ageMs / 1000,
    close,
  }
}

function urlOf({ host, topic, path, eventTypes }: EndpointOptions): URL {
  const { authority, secure } = host
  const url = new URL(`${secure ? 'wss' : 'ws'}://${authority}`)
  url.pathname = path ?? TOPIC_FACTS[topic].path
  // One parameter, in which the commas are encoded: no client is known to send it otherwise.
  if (eventTypes.length > 0) url.searchParams.set('event-types', eventTypes.join(','))
  return url
}

function refusalOf(answer: Answer, topic: Topic, { eventTypes }: EndpointOptions): StreamError {
  const { url, status, body, credential } = answer
  const line = quotePeer(body, [credential])
  const answered = `${url.host} answered ${status}${line && ` "${line}"`} at ${url.pathname}`
  if (status === 401) {
    return new StreamError('unauthorized', `${answered}: it does not accept the token`, { status })
  }
  if (status >= 300 && status < 400) {
    return new StreamError(
      'redirected',
      `${answered} and sends us to ${redirectHost(answer, url, [credential])}; this is not followed, because the token would travel along: compare the hostname with the base URL of New Central`,
      { status },
    )
  }
  return new StreamError('refused', `${answered}: ${hintFor(status, topic, eventTypes)}`, {
    status,
  })
}

/** What this service is known to mean. */
function hintFor(status: number, topic: Topic, eventTypes: readonly string[]): string {
  switch (status) {
    case 400:
      return eventTypes.length > 0
        ? `it may not know an event type of event_types (${eventTypes.join(', ')}); leave event_types out to get all`
        : 'expected 101: check hostname and topic'
    case 403:
      return 'the API client may be of the old kind (make a new one for New Central in GreenLake), its user may lack the rights or the customer the Advanced subscription, or this address is not allowed'
    case 404:
      return `this cluster may not have the stream "${topic}", or the hostname is not a base URL of New Central, such as "de1.api.central.arubanetworks.com"`
    default:
      return 'expected 101: check hostname and topic'
  }
}
