import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { WebSocketServer } from 'ws'
import type { Clock } from '../clock.js'
import type { Answer } from './faults.js'
import type { Listener } from './listener.js'
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
