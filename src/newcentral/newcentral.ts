import { hostname } from 'node:os'
import type { Clock } from '../clock.js'
import type { CustomerEntry } from '../input/entries.js'
import type { Logger } from '../log.js'
import { createLimiter } from '../net/limiter.js'
import type { Endpoint, Service } from '../service.js'
import { listed } from '../text.js'
import { createEndpoint } from './endpoint.js'
import { createDecoders } from './record.js'
import { type Subscriber, SubscriberIds, subscriberId } from './subscriber-id.js'
import { type Client, lifeText } from './token-request.js'
import { TOKEN_URL, Tokens } from './tokens.js'
import type { Topic } from './topics.js'

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
      if (fresh.length > 0) {
        log.warn(
          'another process on this machine streams the same; this one uses a subscriber id of its own, so that each gets every event. What New Central keeps for the first id during a lost connection does not come here',
          fresh.length === 1
            ? { entry: fresh[0] }
            : { subscriptions: fresh.length, entries: listed(fresh) },
        )
      }
      signal.throwIfAborted()
      return endpoints
    },
  }
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
