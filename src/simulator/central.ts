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
import { WebSocketServer } from 'ws'
import { Announcer } from './announcer.js'
import { Connections, Pending } from './connections.js'
import {
  type Answer,
  type Fault,
  Faults,
  meet,
  type RemoveFault,
  type Selection,
  selects,
} from './faults.js'
import {
  answerUpgrade,
  type Handshake,
  pathOf,
  readHandshake,
  refusalOf,
  SOCKET_PATH,
} from './handshake.js'
import { History } from './history.js'
import { KeyBook } from './keys.js'
import type { CentralOptions } from './options.js'
import { CentralSocket, ServerWebSocket } from './socket.js'
import {
  answerRequest,
  answerValidation,
  readValidation,
  VALIDATE_PATH,
  type Validation,
} from './validate.js'

export type { CentralOptions } from './options.js'

/** A stand-in for Central: see {@link startCentral}. */
export class Central {
  /** What is known of keys and topics; may be changed at any time. */
  readonly keys: KeyBook
  /** Every request for a socket so far, in order; long runs may empty it. */
  readonly handshakes: Handshake[] = []
  /** Every validation of a key so far, in order; long runs may empty it. */
  readonly validations: Validation[] = []
  /** TCP connections: `accepted` so far, `open` now. */
  readonly connections = new Connections()
  /** Handshakes that wait for an answer: `now`, and at most so far (`peak`). */
  readonly pending = new Pending()
  /** Tells of every socket that is opened. */
  readonly opened = new Announcer<CentralSocket>()
  /** Tells of every handshake that is answered, well or ill. */
  readonly answered = new Announcer<Handshake>()
  readonly #handshakeFaults = new Faults()
  readonly #validationFaults = new Faults()
  readonly #onHandshake = new Announcer<Handshake>()
  readonly #onValidation = new Announcer<Validation>()
  readonly #server: Server
  readonly #wss = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    WebSocket: ServerWebSocket,
  })
  readonly #sockets = new Set<CentralSocket>()
  readonly #history: History
  readonly #clock: () => number
  readonly #secure: boolean
  #socketCount = 0
  #address: AddressInfo = { address: '', family: '', port: 0 }

  /** Use {@link startCentral}, which also listens. */
  constructor(options: CentralOptions) {
    this.#clock = options.clock ?? Date.now
    this.#history = new History(options.history ?? 0)
    this.keys = new KeyBook(options.unknownKeys)
    this.keys.accept(...(options.keys ?? []))
    for (const topic of options.unsubscribed ?? []) this.keys.unsubscribe(topic)
    this.#secure = options.tls !== undefined
    this.#server = options.tls ? createTlsServer({ ...options.tls }) : createServer()
    this.#server.on('connection', (tcp) => this.connections.add(tcp))
    this.#server.on('request', (request, response) => this.#onRequest(request, response))
    this.#server.on('upgrade', (request, _stream, head) => this.#onUpgrade(request, head))
    // A client that distrusts the certificate hangs up in the middle of the TLS handshake.
    this.#server.on('tlsClientError', () => {})
  }

  /** @returns when connections are accepted */
  async listen(port: number, host: string): Promise<void> {
    // A thousand clients may knock at once.
    this.#server.listen({ port, host, backlog: 4096 })
    await once(this.#server, 'listening')
    this.#address = this.#server.address() as AddressInfo
  }

  get port(): number {
    return this.#address.port
  }

  /** What `--hostname` takes: `http://127.0.0.1:PORT`, or `https://…` with a certificate. */
  get url(): string {
    const { address, family, port } = this.#address
    const host = family === 'IPv6' ? `[${address}]` : address
    return `${this.#secure ? 'https' : 'http'}://${host}:${port}`
  }

  /** Sockets whose connection stands (frozen ones too), oldest first. */
  get sockets(): readonly CentralSocket[] {
    return [...this.#sockets]
  }

  /** The next `times` handshakes that fit meet this fault; `Infinity` until it is removed. */
  failHandshake(fault: Fault, selection: Selection = {}, times = 1): RemoveFault {
    return this.#handshakeFaults.add(fault, selection, times)
  }

  /** The next `times` validations that fit meet this fault; `Infinity` until it is removed. */
  failValidation(fault: Fault, selection: Selection = {}, times = 1): RemoveFault {
    return this.#validationFaults.add(fault, selection, times)
  }

  /** The oldest open socket that fits, or the next one to be opened. */
  async waitForSocket(selection: Selection = {}): Promise<CentralSocket> {
    const found = this.sockets.find((socket) => socket.open && selects(selection, socket))
    return found ?? this.nextSocket(selection)
  }

  /** The next socket that fits to be opened after this call. */
  nextSocket(selection: Selection = {}): Promise<CentralSocket> {
    return this.opened.next((socket) => selects(selection, socket))
  }

  /** The next handshake that fits to come in after this call; its answer may still be open. */
  nextHandshake(selection: Selection = {}): Promise<Handshake> {
    return this.#onHandshake.next((handshake) => selects(selection, handshake))
  }

  /** The next validation that fits to come in after this call; its answer may still be open. */
  nextValidation(selection: Selection = {}): Promise<Validation> {
    return this.#onValidation.next((validation) => selects(selection, validation))
  }

  /**
   * Sends a frame to every open socket of a topic (of one customer, and for which `when` holds,
   * where given) and keeps it for the replay headers.
   * @returns on how many the kernel has taken it, once that is known of all
   */
  async broadcast(
    topic: string,
    frame: Uint8Array,
    customerId?: string,
    when: (socket: CentralSocket) => boolean = () => true,
  ): Promise<number> {
    this.#history.add(topic, customerId, this.#clock(), frame)
    const isMeant = (socket: CentralSocket) =>
      socket.topic === topic &&
      (customerId === undefined || customerId === socket.customerId) &&
      when(socket)
    const taken = await Promise.all(
      this.sockets.filter(isMeant).map((socket) => socket.send(frame)),
    )
    return taken.filter(Boolean).length
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.connections.destroyAll()
    this.#wss.close()
    await closed
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request)
    if (path !== VALIDATE_PATH) {
      const status = path === SOCKET_PATH ? 400 : 404
      response.writeHead(status, { 'Content-Type': 'text/plain' }).end(`${STATUS_CODES[status]}\n`)
      return
    }
    const validation = readValidation(request, this.#clock())
    this.validations.push(validation)
    this.#onValidation.announce(validation)
    const answer = (given: Answer) => {
      validation.status = given.status
      answerRequest(response, given)
    }
    meet(this.#validationFaults.take(validation), this.connections.beneath(request.socket), {
      answer,
      proceed: () => answer(answerValidation(validation.key, this.keys)),
    })
  }

  #onUpgrade(request: IncomingMessage, head: Buffer): void {
    const stream = request.socket
    stream.on('error', () => {})
    const handshake = readHandshake(request, this.#clock())
    const answered = this.pending.begin()
    stream.once('close', answered)
    this.handshakes.push(handshake)
    this.#onHandshake.announce(handshake)
    const answer = (given: Answer) => {
      handshake.status = given.status
      answerUpgrade(stream, given)
      answered()
      this.answered.announce(handshake)
    }
    const proceed = () => {
      const refusal = refusalOf(handshake, this.keys)
      if (refusal !== undefined) {
        answer(refusal)
        return
      }
      this.#wss.handleUpgrade(request, stream, head, (ws) => {
        handshake.status = 101
        answered()
        this.answered.announce(handshake)
        this.#open(ws, handshake, stream)
      })
    }
    const tcp = this.connections.beneath(stream)
    meet(this.#handshakeFaults.take(handshake), tcp, { answer, proceed })
  }

  #open(ws: ServerWebSocket, handshake: Handshake, stream: Socket): void {
    const { topic = '', key = '', headers } = handshake
    const tcp = this.connections.beneath(stream)
    const opened = { index: this.#socketCount, topic, key, headers }
    const socket = new CentralSocket(ws, stream, tcp, opened, this.#clock)
    this.#socketCount += 1
    this.#sockets.add(socket)
    socket.ended.then(() => this.#sockets.delete(socket))
    const past = this.#history.replay(topic, socket.customerId, headers, this.#clock())
    for (const { frame } of past) socket.send(frame)
    this.opened.announce(socket)
  }
}

/** Starts a stand-in for Central: validation of keys over HTTP, and the topics over WebSockets. */
export async function startCentral(options: CentralOptions = {}): Promise<Central> {
  const central = new Central(options)
  await central.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  return central
}
