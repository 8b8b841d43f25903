import { EventEmitter } from 'node:events'
import { type Clock, systemClock } from '../clock.js'
import type { KeyBook } from './classic/keys.js'
import { ClassicService } from './classic/service.js'
import { Dispatcher, type Pending, type Upgraded } from './dispatcher.js'
import { type Fault, nextSelected, type RemoveFault, type Selection, selects } from './faults.js'
import { History } from './history.js'
import { type Connections, Listener } from './listener.js'
import type { CentralRequest } from './service.js'
import { CentralSocket } from './socket.js'

export type CentralOptions = {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Certificate and its key, PEM; plain text without. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Keys of Classic that are good. */
  readonly keys?: readonly string[]
  /** Default: accepted until `keys` or `central.keys` name a key, then refused. */
  readonly unknownKeys?: 'accept' | 'refuse'
  /** Topics that are not ticked, for any key. */
  readonly unsubscribed?: readonly string[]
  /** Frames kept of each topic for those who ask for past ones; default 0. */
  readonly history?: number
  readonly clock?: Pick<Clock, 'now'>
}

/**
 * A stand-in for Central: see {@link startCentral}. It emits `opened` for each new socket and
 * `answered` for each handshake that has got its answer.
 */
export class Central extends EventEmitter<{
  opened: [CentralSocket]
  answered: [CentralRequest]
}> {
  readonly #classic: ClassicService
  readonly #listener: Listener
  readonly #dispatcher: Dispatcher
  readonly #sockets = new Set<CentralSocket>()
  readonly #history: History
  readonly #clock: Pick<Clock, 'now'>
  #socketCount = 0

  /** Use {@link startCentral}, which also listens. */
  constructor(options: CentralOptions) {
    super()
    this.setMaxListeners(0)
    this.#clock = options.clock ?? systemClock
    this.#history = new History(options.history ?? 0)
    this.#classic = new ClassicService(options)
    this.#listener = new Listener(options.tls)
    this.#dispatcher = new Dispatcher(this.#listener, [this.#classic], this.#clock)
    this.#dispatcher.on('answered', (handshake) => this.emit('answered', handshake))
    this.#dispatcher.on('upgraded', (upgraded) => this.#open(upgraded))
  }

  /** @returns when connections are accepted */
  listen(port: number, host: string): Promise<void> {
    return this.#listener.listen(port, host)
  }

  get port(): number {
    return this.#listener.port
  }

  /** A value for `--hostname`: `http://127.0.0.1:PORT`, or `https://…` with a certificate. */
  get url(): string {
    return this.#listener.url
  }

  /** TCP connections: `accepted` so far, `open` now. */
  get connections(): Connections {
    return this.#listener.connections
  }

  /** Handshakes without an answer: `now`, and at most so far (`peak`). */
  get pending(): Pending {
    return this.#dispatcher.pending
  }

  /** What Classic knows of keys and topics; may be changed at any time. */
  get keys(): KeyBook {
    return this.#classic.keys
  }

  /** Every handshake so far, in order; long runs may empty it. */
  get handshakes(): CentralRequest[] {
    return this.#dispatcher.handshakes.all
  }

  /** Every validation of a key so far, in order; long runs may empty it. */
  get validations(): CentralRequest[] {
    return this.#classic.validations.all
  }

  /** Connected sockets (frozen ones too), oldest first. */
  get sockets(): readonly CentralSocket[] {
    return [...this.#sockets]
  }

  /** The next `times` selected handshakes meet this fault; `Infinity`: until it is removed. */
  failHandshake(fault: Fault, selection?: Selection, times?: number): RemoveFault {
    return this.#dispatcher.handshakes.fail(fault, selection, times)
  }

  /** The next `times` selected validations meet this fault; `Infinity`: until it is removed. */
  failValidation(fault: Fault, selection?: Selection, times?: number): RemoveFault {
    return this.#classic.validations.fail(fault, selection, times)
  }

  /** The oldest selected socket that is open, or the next one to open. */
  async waitForSocket(selection: Selection = {}): Promise<CentralSocket> {
    const found = this.sockets.find((socket) => socket.open && selects(selection, socket))
    return found ?? this.nextSocket(selection)
  }

  /** The next selected socket that opens after this call. */
  nextSocket(selection: Selection = {}): Promise<CentralSocket> {
    return nextSelected(this, 'opened', selection)
  }

  /** The next selected handshake after this call; it may not be answered yet. */
  nextHandshake(selection?: Selection): Promise<CentralRequest> {
    return this.#dispatcher.handshakes.next(selection)
  }

  /** The next selected validation after this call; it may not be answered yet. */
  nextValidation(selection?: Selection): Promise<CentralRequest> {
    return this.#classic.validations.next(selection)
  }

  /**
   * Sends a frame to the open sockets of a topic, of all customers or of one, where `when` is true,
   * and keeps it in the history.
   * @returns the number of sockets whose frame the kernel has taken, once all are settled
   */
  async broadcast(
    topic: string,
    frame: Uint8Array,
    customerId?: string,
    when: (socket: CentralSocket) => boolean = () => true,
  ): Promise<number> {
    this.#history.add(topic, customerId, this.#clock.now(), frame)
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
  close(): Promise<void> {
    return this.#listener.close()
  }

  #open({ ws, stream, request, service }: Upgraded): void {
    const tcp = this.connections.beneath(stream)
    const customerId = service.customerOf(request)
    const socket = new CentralSocket({ ws, stream, tcp }, request, customerId, this.#socketCount)
    this.#socketCount += 1
    this.#sockets.add(socket)
    socket.ended.then(() => this.#sockets.delete(socket))
    const past = this.#history.of(socket.topic, customerId)
    for (const { frame } of service.replay(request, past, this.#clock.now())) socket.send(frame)
    this.emit('opened', socket)
  }
}

/** Starts a stand-in for Central: its services over HTTP and WebSockets on one port. */
export async function startCentral(options: CentralOptions = {}): Promise<Central> {
  const central = new Central(options)
  await central.listen(options.port ?? 0, options.host ?? '127.0.0.1')
  return central
}
