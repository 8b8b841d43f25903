import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { type ClientOptions, WebSocket } from 'ws'
import { EVENT_TYPE_PREFIX, TOPIC_FACTS, type Topic } from '../../src/newcentral/topics.js'
import type { Central } from '../../src/simulator/central.js'

export type Answered = {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** Sends a request, and reads its answer. */
export async function send(
  url: string,
  body: string,
  headers: Record<string, string> = FORM,
  { method = 'POST', ca }: { method?: string; ca?: string } = {},
): Promise<Answered> {
  const open = url.startsWith('https') ? secureRequest : request
  // A connection of its own: an idle one may be closed by the server just when it is used again.
  const options = { method, headers, agent: false, ...(ca !== undefined && { ca }) }
  const outgoing = open(url, options)
  outgoing.end(body)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: incoming.statusCode, headers: incoming.headers, body: await text(incoming) }
}

export const tokenUrl = ({ url }: Pick<Central, 'url'>) => `${url}/as/token.oauth2`

/** A form with client id and secret. */
export function form(id = 'client', secret = 'secret', grant = 'client_credentials'): string {
  const fields = { grant_type: grant, client_id: id, client_secret: secret }
  return new URLSearchParams(fields).toString()
}

/** A token; throws where there is none. */
export async function tokenOf(
  central: Pick<Central, 'url'>,
  id = 'client',
  ca?: string,
): Promise<string> {
  const { body } = await send(tokenUrl(central), form(id), FORM, { ...(ca && { ca }) })
  const token: unknown = JSON.parse(body).access_token
  if (typeof token !== 'string') throw new Error(body)
  return token
}

export type SubscribeOptions = {
  readonly token: string
  /** Default: none is sent. */
  readonly id?: string
  /** Event types without `com.hpe.greenlake.`. */
  readonly types?: readonly string[]
  readonly client?: ClientOptions
}

/** A client of a stream, and what it has got. */
export type Subscription = {
  readonly ws: WebSocket
  /** Ids of the events, in order. */
  readonly ids: string[]
  readonly texts: string[]
  /** The close code; 1006: without one. */
  readonly closed: Promise<number>
}

/** Asks for a stream, and does not wait for the answer. */
export function dial(
  { url }: Pick<Central, 'url'>,
  topic: Topic,
  { token, id, types, client }: SubscribeOptions,
): Subscription {
  const names = types?.map((type) => EVENT_TYPE_PREFIX + type).join(',')
  const query = names === undefined ? '' : `?${new URLSearchParams({ 'event-types': names })}`
  const headers = {
    Authorization: `Bearer ${token}`,
    ...(id !== undefined && { 'Subscriber-Id': id }),
  }
  const address = url.replace('http', 'ws') + TOPIC_FACTS[topic].path + query
  const ws = new WebSocket(address, { headers, ...client })
  const [ids, texts]: string[][] = [[], []]
  ws.on('error', () => {})
  ws.on('message', (data: Buffer, isBinary) => {
    if (isBinary) ids?.push(String(CLOUD_EVENT.decode(data).toJSON().id))
    else texts?.push(String(data))
  })
  const closed = new Promise<number>((resolve) => ws.on('close', resolve))
  return { ws, ids: ids ?? [], texts: texts ?? [], closed }
}

/** Opens a stream; both sides know of it then. */
export async function subscribe(
  central: Central,
  topic: Topic,
  options: SubscribeOptions,
): Promise<Subscription> {
  const opened = central.nextSocket({ topic })
  const subscription = dial(central, topic, options)
  await Promise.all([once(subscription.ws, 'open'), opened])
  return subscription
}

/** The answer to a handshake that is refused. */
export async function refusal(
  central: Pick<Central, 'url'>,
  topic: Topic,
  options: SubscribeOptions,
): Promise<Answered> {
  const { ws } = dial(central, topic, options)
  const [, incoming] = (await once(ws, 'unexpected-response')) as [unknown, IncomingMessage]
  return { status: incoming.statusCode, headers: incoming.headers, body: await text(incoming) }
}

/** A message type of New Central's schemas, read without the code under test. */
export function messageType(file: string, name: string): protobuf.Type {
  const path = fileURLToPath(new URL(`../../proto/newcentral/${file}.proto`, import.meta.url))
  const root = new protobuf.Root()
  root.resolvePath = (_, target) =>
    target.startsWith('google/')
      ? fileURLToPath(import.meta.resolve(`protobufjs/${target}`))
      : target
  return root.loadSync(path, { keepCase: true }).lookupType(name)
}

export const CLOUD_EVENT = messageType('cloudevent', 'CloudEvent')

/** The frame of an event with this id. */
export function eventFrame(id: string, type = 'network-services.v1alpha1.rssi.raw-rssi'): Buffer {
  const event = { id, source: 'test', specversion: '1.0', type: EVENT_TYPE_PREFIX + type }
  return Buffer.from(CLOUD_EVENT.encode(CLOUD_EVENT.fromObject(event)).finish())
}

/** Broadcasts events with these ids, one after another. */
export async function publish(central: Central, topic: Topic, ids: readonly string[]) {
  for (const id of ids) await central.broadcast(topic, eventFrame(id))
}

/** Ids with a prefix. */
export const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
