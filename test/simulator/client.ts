import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import type { Socket } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'
import type { Central } from '../../src/simulator/central.js'
import { until } from '../helpers/clock.js'

/** A WebSocket client that sends these headers. */
export function openSocket(
  { url: base }: { readonly url: string },
  headers: Record<string, string>,
  options: ClientOptions = {},
  path = '/streaming/api',
): WebSocket {
  const url = base.replace('http', 'ws') + path
  const socket = new WebSocket(url, { headers, ...options })
  socket.on('error', () => {})
  return socket
}

/** The answer to a handshake that is refused. */
export async function refusal(
  central: { readonly url: string },
  headers: Record<string, string>,
): Promise<{ status: number | undefined; type: string | undefined; body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const socket = openSocket(central, headers)
    socket.on('unexpected-response', (_request, message) => resolve(message))
    socket.on('error', reject)
  })
  const chunks: Buffer[] = await response.toArray()
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    body: Buffer.concat(chunks).toString(),
  }
}

/** The connection after an upgrade, without a WebSocket library. */
export async function upgrade(
  central: Central,
  headers: Record<string, string>,
  ca?: string,
): Promise<Socket> {
  const open = central.url.startsWith('https') ? secureRequest : request
  const outgoing = open(`${central.url}/streaming/api`, {
    ...(ca !== undefined && { ca }),
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
      ...headers,
    },
  })
  outgoing.end()
  const [, socket]: [unknown, Socket] = await (once(outgoing, 'upgrade') as Promise<
    [unknown, Socket]
  >)
  return socket
}

/** Waits until a count has begun to grow, and does not grow any more: the kernel takes some before it is full. */
export function standsStill(count: () => number): Promise<void> {
  return until(async () => {
    const before = count()
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate)
    return before > 0 && count() === before
  })
}

/** How a connection ends: `end` (TCP FIN) or the code of its error. */
export function endOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('end', () => resolve('end'))
    socket.resume()
  })
}
