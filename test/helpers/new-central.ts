import type { TestContext } from 'node:test'
import type { SubscribeOptions } from '../../src/connection/subscribe.js'
import { loggerTo } from '../../src/log.js'
import { parseHost } from '../../src/net/host.js'
import { createLimiter } from '../../src/net/limiter.js'
import { createEndpoint } from '../../src/newcentral/newcentral.js'
import { createDecoders } from '../../src/newcentral/record.js'
import type { Client } from '../../src/newcentral/token-request.js'
import { Tokens } from '../../src/newcentral/tokens.js'
import type { Topic } from '../../src/newcentral/topics.js'
import { Secret } from '../../src/secret.js'
import type { Endpoint, Frame } from '../../src/service.js'
import type { Central, CentralOptions } from '../../src/simulator/central.js'
import { startCentral } from './central.js'
import type { FakeClock } from './clock.js'
import type { NewCentralInput } from './input.js'
import { registerKey } from './keys.js'
import { type Subscriber, subscribeTo } from './subscription.js'

export const SUBSCRIBER_ID = '9b2f0c1e-5a0d-4c7b-8f3e-2d6a1b4c5e7f'

/** An API client whose tokens come from the simulator. */
export function clientAt({ url }: Pick<Central, 'url'>, id = 'client', secret = 'secret'): Client {
  return { id, secret: new Secret(secret), tokenUrl: new URL(`${url}/as/token.oauth2`) }
}

/** Tokens on a clock that stands still. */
export function tokensOn(clock: FakeClock): Tokens {
  return new Tokens({
    verifyCertificates: true,
    userAgent: 'aruba-stream/test',
    limiter: createLimiter(),
    clock,
  })
}

type EventSubscriberOptions = {
  readonly clock: FakeClock
  readonly topic?: Topic
  readonly subscriberId?: string
  readonly reconnect?: boolean
  readonly tokens?: Tokens
  readonly eventTypes?: readonly string[]
  readonly adapt?: (endpoint: Endpoint) => Endpoint
  readonly onReplaced?: SubscribeOptions['onReplaced']
}

/** Subscribes to `rssi-events` of New Central; stopped when the test ends. */
export function startEventSubscriber(
  t: TestContext,
  central: Central,
  options: EventSubscriberOptions,
): Subscriber {
  const { clock, topic = 'rssi-events', subscriberId = SUBSCRIBER_ID, reconnect = true } = options
  const { tokens = tokensOn(clock), adapt = (same) => same, eventTypes = [] } = options
  const { onReplaced = () => undefined } = options
  const endpoint = createEndpoint({
    host: parseHost(central.url),
    topic,
    eventTypes,
    subscriberId,
    client: clientAt(central),
    tokens,
    userAgent: 'aruba-stream/test',
  })
  const decoder = decoderOf(topic)
  return subscribeTo(t, { endpoint: adapt(endpoint), reconnect, decoder, onReplaced }, clock)
}

function decoderOf(topic: Topic) {
  const log = loggerTo(() => undefined)
  return createDecoders({ protoDir: undefined, readable: false, log }).of({ name: 'A', topic })
}

/** The ids of events, in order of arrival. */
export function idsIn(frames: readonly Frame[], topic: Topic = 'rssi-events'): string[] {
  const decoder = decoderOf(topic)
  return frames.map((frame) => decoder.identify?.(frame)?.split('\n')[1] ?? '')
}

/** A client secret that is looked for in the output of programs. */
export function makeSecret(label: string): string {
  return registerKey(`s3cret-${Buffer.from(label).toString('hex')}-Zq7xW2`)
}

/** The secret of every client of {@link newCentralEntry}. */
export const CLIENT_SECRET = makeSecret('of the client')

/** A simulator all of whose tokens are looked for in the output of programs. */
export async function startNewCentral(
  t: TestContext,
  newCentral: CentralOptions['newCentral'] = {},
  options: Omit<CentralOptions, 'newCentral'> = {},
): Promise<Central> {
  const central = await startCentral(t, { ...options, newCentral })
  central.on('answered', ({ headers }) => {
    const [, token] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? []
    if (token) registerKey(token)
  })
  return central
}

/** An entry whose tokens come from the simulator. */
export function newCentralEntry(
  { url }: Pick<Central, 'url'>,
  topic: string,
  more: Partial<NewCentralInput> = {},
): NewCentralInput {
  const token_url = `${url}/as/token.oauth2`
  return { client_id: 'client', client_secret: CLIENT_SECRET, topic, token_url, ...more }
}
