import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { Clock } from '../clock.js'
import type { Answer } from './faults.js'
import {
  type CentralRequest,
  type Endpoint,
  pathOf,
  Requests,
  readRequest,
  type Service,
  type Stream,
} from './service.js'
import { ServerWebSocket } from './socket.js'

/** A handshake that opened a socket. Without TLS, `tcp` is `stream` itself. */
export type Upgraded = {
  readonly ws: ServerWebSocket
  readonly stream: Socket
  readonly tcp: Socket
  readonly request: CentralRequest
  readonly service: Stream
}

type DispatcherOptions = {
  readonly listener: Listener
  readonly services: readonly Service[]
  readonly clock: Pick<Clock, 'now'>
  /** Gets each handshake when it has its answer. */
  readonly onAnswer: (handshake: CentralRequest) => void
  readonly onUpgrade: (upgraded: Upgraded) => void
}

/** Passes each request to the service that has its path. */
export class Dispatcher {
  readonly handshakes = new Requests()
  readonly pending = { now: 0, peak: 0 }
  readonly #options: DispatcherOptions
  readonly #endpoints: ReadonlyMap<string, Endpoint>
  readonly #streams: ReadonlyMap<string, Stream>
  readonly #wss = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    WebSocket: ServerWebSocket,
  })

  constructor(options: DispatcherOptions) {
    this.#options = options
    const { services, listener } = options
    this.#endpoints = new Map(services.flatMap(({ endpoints }) => Object.entries(endpoints)))
    this.#streams = new Map(services.flatMap(({ streams }) => Object.entries(streams)))
    listener.server.on('request', (request, response) => this.#onRequest(request, response))
    listener.server.on('upgrade', (request, _stream, head) => this.#onUpgrade(request, head))
  }

  #onRequest(incoming: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(incoming)
    const endpoint = this.#endpoints.get(path)
    if (!endpoint) {
      const status = this.#streams.has(path) ? 400 : 404
      response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${STATUS_CODES[status]}\n`)
      return
    }
    // A client that goes away in the middle of its request gets no answer.
    text(incoming).then(
      (body) => this.#answer(endpoint, incoming, body, response),
      () => {},
    )
  }

  #answer(
    endpoint: Endpoint,
    incoming: IncomingMessage,
    body: string,
    response: ServerResponse,
  ): void {
    const { clock, listener } = this.#options
    const request = readRequest(incoming, clock.now(), endpoint.identify, body)
    const answer = ({ status, headers, body }: Answer) => {
      request.status = status
      response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(body)
    }
    const proceed = () => answer(endpoint.answer(request))
    const tcp = listener.beneath(incoming.socket)
    endpoint.requests.receive(request, tcp, { answer, proceed })
  }

  #onUpgrade(incoming: IncomingMessage, head: Buffer): void {
    const stream = incoming.socket
    stream.on('error', () => {})
    const service = this.#streams.get(pathOf(incoming))
    const request = readRequest(incoming, this.#options.clock.now(), service?.identify)
    const tcp = this.#options.listener.beneath(stream)
    const finish = this.#beginPending()
    stream.once('close', finish)
    const settle = (status: number) => {
      request.status = status
      finish()
      this.#options.onAnswer(request)
    }
    const answer = (given: Answer) => {
      answerUpgrade(stream, given)
      settle(given.status)
    }
    const proceed = () => {
      const refusal = service ? service.refuse(request) : NOT_FOUND
      if (!service || refusal) return answer(refusal ?? NOT_FOUND)
      this.#wss.handleUpgrade(incoming, stream, head, (ws) => {
        settle(101)
        this.#options.onUpgrade({ ws, stream, tcp, request, service })
      })
    }
    this.handshakes.receive(request, tcp, { answer, proceed })
  }

  /** @returns ends this one; a second call does nothing */
  #beginPending(): () => void {
    const { pending } = this
    pending.now += 1
    pending.peak = Math.max(pending.peak, pending.now)
    let isPending = true
    return () => {
      if (isPending) pending.now -= 1
      isPending = false
    }
  }
}

const NOT_FOUND: Answer = { type: 'answer', status: 404, body: '404 page not found\n' }

/** Writes an HTTP answer to a request for a socket, and ends the connection. */
function answerUpgrade(stream: Duplex, answer: Answer): void {
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

/** An HTTP server, with or without TLS, that knows its TCP connections. */
export class Listener {
  readonly server: Server
  /** Connections accepted so far. */
  accepted = 0
  readonly #connections = new Map<string, Socket>()
  readonly #scheme: 'http' | 'https'
  #address: AddressInfo = { address: '', family: '', port: 0 }

  /** @param tls certificate and its key, PEM */
  constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    this.#scheme = tls ? 'https' : 'http'
    this.server = tls ? createTlsServer({ ...tls }) : createServer()
    this.server.on('connection', (tcp) => this.#add(tcp))
    // A client that distrusts the certificate ends the connection during the TLS handshake.
    this.server.on('tlsClientError', () => {})
  }

  /** @returns when connections are accepted */
  async listen(port: number): Promise<void> {
    // A thousand clients may connect at once.
    this.server.listen({ port, host: '127.0.0.1', backlog: 4096 })
    await once(this.server, 'listening')
    this.#address = this.server.address() as AddressInfo
  }

  get port(): number {
    return this.#address.port
  }

  get url(): string {
    const { address, family, port } = this.#address
    return `${this.#scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#connections.size
  }

  /** The TCP connection below a stream; without TLS it is the stream itself. */
  beneath(stream: Socket): Socket {
    return this.#connections.get(clientOf(stream)) ?? stream
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const tcp of this.#connections.values()) tcp.destroy()
    await closed
  }

  #add(tcp: Socket): void {
    const client = clientOf(tcp)
    this.accepted += 1
    this.#connections.set(client, tcp)
    // Resets and cut connections are the purpose of this server.
    tcp.on('error', () => {})
    tcp.on('close', () => this.#connections.delete(client))
  }
}

/** The client's address, which is the same with and without TLS. */
function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`
}
