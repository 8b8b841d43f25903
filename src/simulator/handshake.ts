import { type IncomingHttpHeaders, type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { isTopic } from '../classic/topics.js'
import type { Answer, Request } from './faults.js'
import type { KeyBook } from './keys.js'

export const SOCKET_PATH = '/streaming/api'

/** One request to open a socket, as it came and what became of it. */
export type Handshake = Request & {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly path: string
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Names and values as they came, in order. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** What was answered; undefined while there is no answer, and after a stall, reset or hang-up. */
  status: number | undefined
}

/** Reads what a request asks for. */
export function readRequest(incoming: IncomingMessage): Request {
  const { topic, authorization, username } = incoming.headers
  return {
    topic: typeof topic === 'string' ? topic : undefined,
    key: authorization,
    username: typeof username === 'string' ? username : undefined,
  }
}

/** Notes a handshake down. */
export function readHandshake(incoming: IncomingMessage, at: number): Handshake {
  return {
    ...readRequest(incoming),
    at,
    path: pathOf(incoming),
    headers: incoming.headers,
    rawHeaders: rawHeadersOf(incoming),
    status: undefined,
  }
}

/** The path that was asked for, without its query. */
export function pathOf(incoming: IncomingMessage): string {
  return (incoming.url ?? '/').split('?', 1)[0] ?? '/'
}

function rawHeadersOf({ rawHeaders }: IncomingMessage): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  }
  return pairs
}

/** Why Central would not open a socket: 404 elsewhere, 401 for the key, 400 for the topic; else undefined. */
export function refusalOf(handshake: Handshake, keys: KeyBook): Answer | undefined {
  const { path, key, topic } = handshake
  if (path !== SOCKET_PATH) return { type: 'answer', status: 404, body: '404 page not found\n' }
  if (key === undefined || !keys.opens(key)) {
    return { type: 'answer', status: 401, body: 'Unauthorized\n' }
  }
  if (topic === undefined || !isTopic(topic) || !keys.isSubscribed(topic, key)) {
    return { type: 'answer', status: 400, body: 'Unsubscribed Topic\n' }
  }
  return undefined
}

/** Writes an HTTP answer where a socket was asked for, and ends the connection. */
export function answerUpgrade(stream: Duplex, answer: Answer): void {
  const body = Buffer.from(answer.body ?? '')
  const headers = {
    'Content-Type': 'text/plain',
    'Content-Length': String(body.length),
    Connection: 'close',
    ...answer.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Unknown'}`
  stream.end(Buffer.concat([Buffer.from([status, ...lines, '', ''].join('\r\n')), body]))
}
