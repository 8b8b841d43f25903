import { EventEmitter } from 'node:events'
import { type Clock, systemClock } from '../clock.js'
import { isTopic } from '../newcentral/topics.js'
import type { KeyBook } from './classic/keys.js'
import { type ClassicOptions, ClassicService } from './classic/service.js'
import { Dispatcher, Listener, type Upgraded } from './dispatcher.js'
import { type Fault, nextSelected, type RemoveFault, type Selection, selects } from './faults.js'
import { type NewCentralOptions, NewCentralService } from './newcentral/service.js'
import type { CentralRequest } from './service.js'
import { CentralSocket } from './socket.js'

/** Topics of either service may be in `unsubscribed`. */
export type CentralOptions = ClassicOptions & {
  /** Default 0: any free port. */
  readonly port?: number
  /** Certificate and its key, PEM; plain text without. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** What New Central does where that is unknown, and which API clients it has. */
  readonly newCentral?: NewCentralOptions
  readonly clock?: Clock
  /** From 0 up to, but not including, 1: who gets an event of those who share. */
  readonly random?: () => number
}

/**
 * A stand-in for Central: see {@link startCentral}. It emits `opened` for each new socket and
 * `answered` for each handshake that has got its answer.
 */
export class Central extends EventEmitter<{
  opened: [CentralSocket]
  answered: [CentralRequest]
}> {
  /** What Classic knows of keys and topics; may be changed at any time. */
  readonly keys: KeyBook
  /** New Central: its settings, API clients, and the account of its events. */
  readonly newCentral: NewCentralService
  /** Every handshake so far, in order; long runs may empty it. */
  readonly handshakes: CentralRequest[]
  /** Every validation of a key so far, in order; long runs may empty it. */
  readonly validations: CentralRequest[]
  /** Every request for a token of New Central so far, in order; long runs may empty it. */
  readonly tokenRequests: CentralRequest[]
  /** TCP connections: `accepted` so far, `open` now. */
  readonly connections: { readonly accepted: number; readonly open: number }
  /** Handshakes without an answer: `now`, and at most so far (`peak`). */
  readonly pending: { readonly now: number; readonly peak: number }
  readonly #classic: ClassicService
  readonly #listener: Listener
  readonly #dispatcher: Dispatcher
  readonly #sockets = new Set<CentralSocket>()

  /** Use {@link startCentral}, which also listens. */
  constructor(options: CentralOptions) {
    super()
    this.setMaxListeners(0)
    const { clock = systemClock, random = Math.random, unsubscribed = [] } = options
    this.#classic = new ClassicService(options, clock)
    this.newCentral = new NewCentralService({ ...options.newCentral, unsubscribed, clock, random })
    this.#listener = new Listener(options.tls)
    this.#dispatcher = new Dispatcher({
      listener: this.#listener,
      services: [this.#classic, this.newCentral],
      clock,
      onAnswer: (handshake) => this.emit('answered', handshake),
      onUpgrade: (upgraded) => this.#open(upgraded),
    })
    this.keys = this.#classic.keys
    this.handshakes = this.#dispatcher.handshakes.all
    this.validations = this.#classic.validations.all
    this.tokenRequests = this.newCentral.tokenRequests.all
    this.connections = this.#listener
    this.pending = this.#dispatcher.pending
  }

  /** @returns when connections are accepted */
  listen(port: number): Promise<void> {
    return this.#listener.listen(port)
  }

  get port(): number {
    return this.#listener.port
  }

  /** A value for `--hostname`: `http://127.0.0.1:PORT`, or `https://…` with a certificate. */
  get url(): string {
    return this.#listener.url
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

  /** The next `times` selected requests for a token meet this fault; `Infinity`: until it is removed. */
  failToken(fault: Fault, selection?: Selection, times?: number): RemoveFault {
    return this.newCentral.tokenRequests.fail(fault, selection, times)
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

  /** The next selected request for a token after this call; it may not be answered yet. */
  nextTokenRequest(selection?: Selection): Promise<CentralRequest> {
    return this.newCentral.tokenRequests.next(selection)
  }

  /**
   * Sends a frame to the subscribers of a topic, of all customers or of one, where `when` is true.
   * Classic sends it to every socket, and keeps it in the history; New Central to one socket of
   * each subscriber id, or to its queue.
   * @returns the number of sockets whose frame the kernel has taken, once all are settled
   */
  broadcast(
    topic: string,
    frame: Uint8Array | string,
    customerId?: string,
    when: (socket: CentralSocket) => boolean = () => true,
  ): Promise<number> {
    const service = isTopic(topic) ? this.newCentral : this.#classic
    return service.broadcast({ topic, frame, customerId, when })
  }

  /** Cuts every connection and stops listening. */
  close(): Promise<void> {
    return this.#listener.close()
  }

  #open({ request, service, ...layers }: Upgraded): void {
    const customerId = service.customerOf(request)
    const socket = new CentralSocket(layers, request, customerId)
    this.#sockets.add(socket)
    socket.ended.then(() => this.#sockets.delete(socket))
    service.join(socket, request)
    this.emit('opened', socket)
  }
}

/** Starts a stand-in for Central: its services over HTTP and WebSockets on one port. */
export async function startCentral(options: CentralOptions = {}): Promise<Central> {
  const central = new Central(options)
  await central.listen(options.port ?? 0)
  return central
}
