import type { Clock } from '../../clock.js'
import { EVENT_TYPE_PREFIX, TOPIC_FACTS, TOPICS, type Topic } from '../../newcentral/topics.js'
import type { Answer, Identity } from '../faults.js'
import {
  type Broadcast,
  type CentralRequest,
  type Endpoint,
  type PlainRequest,
  Requests,
  type Service,
  type Stream,
} from '../service.js'
import { type NewCentralSettings, withDefaults } from '../settings.js'
import type { CentralSocket } from '../socket.js'
import { Account } from './account.js'
import { bearer, credentials, refusal, tokenAnswer, tokenError } from './answers.js'
import { type ApiClient, ClientBook } from './clients.js'
import { type EventTypes, Subscribers } from './subscribers.js'

/** The path of the token endpoint. */
export const TOKEN_PATH = '/as/token.oauth2'
const MINUTE_MS = 60_000

export type NewCentralOptions = Partial<NewCentralSettings> & {
  /** API clients that are good. */
  readonly clients?: readonly ApiClient[]
  /** Default: they get tokens until a client is named, here or in the client book. */
  readonly unknownClients?: 'accept' | 'refuse'
  /** Other paths of streams. */
  readonly paths?: Readonly<Partial<Record<Topic, string>>>
  /** Whether the account keeps a line for each event; default true. */
  readonly keepsLines?: boolean
}

type Context = {
  readonly unsubscribed: readonly string[]
  readonly clock: Clock
  readonly random: () => number
}

/** New Central: the token endpoint, and a path for each stream. */
export class NewCentralService implements Service {
  /** May be replaced at any time; applies to what comes after. */
  settings: NewCentralSettings
  readonly clients: ClientBook
  readonly account: Account
  /** Topics without a subscription. */
  readonly unsubscribed: Set<string>
  readonly tokenRequests = new Requests()
  readonly endpoints: Readonly<Record<string, Endpoint>>
  readonly streams: Readonly<Record<string, Stream>>
  readonly #subscribers: Subscribers
  readonly #clock: Clock
  /** When the requests of the past minute came, by customer or API client. */
  readonly #recent = new Map<string, number[]>()

  constructor(options: NewCentralOptions & Context) {
    const { clients = [], unknownClients, paths = {}, keepsLines = true, ...rest } = options
    const { unsubscribed, clock, random, ...given } = rest
    this.settings = withDefaults(given)
    this.#clock = clock
    this.unsubscribed = new Set(unsubscribed)
    const settings = () => this.settings
    this.clients = new ClientBook({ settings, clock, unknown: unknownClients })
    this.clients.accept(...clients)
    this.account = new Account(keepsLines)
    this.#subscribers = new Subscribers({ settings, account: this.account, clock, random })
    this.endpoints = {
      [TOKEN_PATH]: {
        requests: this.tokenRequests,
        identify: identifyClient,
        answer: (request) => this.#token(request),
      },
    }
    const streams = TOPICS.map((topic) => [
      paths[topic] ?? TOPIC_FACTS[topic].path,
      this.#stream(topic),
    ])
    this.streams = Object.fromEntries(streams)
  }

  broadcast(broadcast: Broadcast): Promise<number> {
    return this.#subscribers.broadcast(broadcast)
  }

  #token(request: CentralRequest): Answer {
    const { settings } = this
    const { headers, body, method, username = '' } = request
    const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')
    const grant = new URLSearchParams(body).get('grant_type')
    if (this.#isOver(settings.token_limit, `client ${username}`)) {
      return tokenError('slow_down', settings)
    }
    if (method !== 'POST' || !isForm || grant === null) {
      return tokenError('invalid_request', settings)
    }
    if (grant !== 'client_credentials') return tokenError('unsupported_grant_type', settings)
    for (const { id, secret, from } of credentials(request)) {
      if (settings.token_auth !== 'any' && settings.token_auth !== from) continue
      const token = this.clients.issue(id, secret)
      if (token === undefined) continue
      const { expires_in } = settings
      return tokenAnswer(200, { access_token: token.text, token_type: 'Bearer', expires_in })
    }
    return tokenError('invalid_client', settings)
  }

  #stream(topic: Topic): Stream {
    return {
      identify: ({ headers }) => this.#identify(topic, headers),
      refuse: (request) => this.#refuse(topic, request),
      customerOf: ({ key = '' }) => this.clients.find(key)?.customerId ?? '',
      join: (socket, request) => this.#join(socket, request),
    }
  }

  #identify(topic: Topic, headers: PlainRequest['headers']): Identity {
    const key = bearer(headers)
    const id = headers['subscriber-id']
    return {
      topic,
      key,
      username: key === undefined ? undefined : this.clients.find(key)?.clientId,
      subscriberId: typeof id === 'string' ? id : undefined,
    }
  }

  #refuse(topic: Topic, { key = '', query }: CentralRequest): Answer | undefined {
    const { settings } = this
    if (settings.missing.includes(topic)) return refusal(404, 'Not found', settings)
    const token = this.clients.find(key)
    if (token === undefined) return refusal(401, 'The token is missing or not good', settings)
    if (this.#isOver(settings.limit, `customer ${token.customerId}`))
      return refusal(429, 'Too many requests', settings)
    if (this.clients.isOld(token.clientId))
      return refusal(403, 'The API client is not made for this service', settings)
    if (this.unsubscribed.has(topic) && settings.no_subscription === '403')
      return refusal(403, 'A subscription is missing', settings)
    const wrong = wrongType(topic, eventTypes(query))
    return wrong !== undefined && settings.wrong_type === '400'
      ? refusal(400, `Invalid event type ${wrong}`, settings)
      : undefined
  }

  #join(socket: CentralSocket, { key = '', query }: CentralRequest): void {
    const tokenEndsAt = this.clients.find(key)?.expiresAt ?? this.#clock.now()
    startLife(socket, { settings: this.settings, tokenEndsAt, clock: this.#clock })
    // Without a subscription the socket stays silent.
    if (!this.unsubscribed.has(socket.topic)) this.#subscribers.join(socket, eventTypes(query))
  }

  /** Counts a request, and tells whether it is past the limit of a minute; 0 is no limit. */
  #isOver(limit: number, who: string): boolean {
    if (limit === 0) return false
    const now = this.#clock.now()
    const past = (this.#recent.get(who) ?? []).filter((at) => at > now - MINUTE_MS)
    if (past.length < limit) past.push(now)
    else return true
    this.#recent.set(who, past)
    return false
  }
}

function identifyClient(request: PlainRequest): Identity {
  const [given] = credentials(request)
  return { topic: undefined, key: given?.secret, username: given?.id }
}

/** A type that the topic does not have; nothing is said where its types are not known. */
function wrongType(topic: Topic, types: EventTypes): string | undefined {
  const known = Object.keys(TOPIC_FACTS[topic].events).map((type) => EVENT_TYPE_PREFIX + type)
  return known.length === 0 ? undefined : [...(types ?? [])].find((type) => !known.includes(type))
}

/** The query `event-types`: a list with commas. Whether a second one of that name counts is unknown. */
function eventTypes(query: URLSearchParams): EventTypes {
  const text = query.get('event-types') ?? ''
  return text === '' ? undefined : new Set(text.split(',').map((type) => type.trim()))
}

/** The text frame that `text_frames` asks for. */
const TEXT = 'keep-alive'

type LifeOptions = {
  readonly settings: NewCentralSettings
  /** When the socket's token ends, milliseconds since the epoch. */
  readonly tokenEndsAt: number
  readonly clock: Pick<Clock, 'now' | 'setTimeout' | 'clearTimeout'>
}

/** Starts what the server does by itself: pings, text frames, and the end of a socket with its token. */
function startLife(socket: CentralSocket, options: LifeOptions): void {
  const { settings, tokenEndsAt, clock } = options
  const { expires_in, expiry_at, ping, text_frames } = settings
  socket.answerPings = settings.pong === 'yes'
  const leftMs = tokenEndsAt - clock.now()
  const halfMs = expiry_at === 'half' ? expires_in * 500 : leftMs
  const end = clock.setTimeout(() => endSocket(socket, settings), Math.min(leftMs, halfMs))
  const stops = [
    () => clock.clearTimeout(end),
    repeat(clock, ping, () => socket.ping()),
    repeat(clock, text_frames, () => socket.sendText(TEXT)),
  ]
  socket.ended.then(() => {
    for (const stop of stops) stop()
  })
}

function endSocket(socket: CentralSocket, { expiry_close }: NewCentralSettings): void {
  if (expiry_close === 'cut') socket.terminate()
  else socket.close(Number(expiry_close), expiry_close === '1000' ? '' : 'token expired')
}

/** @returns ends it */
function repeat(clock: LifeOptions['clock'], seconds: number, act: () => void): () => void {
  if (seconds === 0) return () => {}
  const start = () =>
    clock.setTimeout(() => {
      act()
      timer = start()
    }, seconds * 1000)
  let timer = start()
  return () => clock.clearTimeout(timer)
}
