import { StreamError } from '../errors.js'
import type { Host } from '../net/host.js'
import { quotePeer, redirectHost } from '../net/redact.js'
import type { Answer, Endpoint } from '../service.js'
import type { Client, Token } from './token-request.js'
import type { Tokens } from './tokens.js'
import { TOPIC_FACTS, type Topic } from './topics.js'

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
  let token: Token | undefined
  return {
    host,
    answersPings: false,
    async handshake(_resume, signal) {
      const current = await tokens.get(client, signal)
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
