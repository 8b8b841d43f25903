import { EventEmitter } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import {
  type Answer,
  type Fault,
  type Identity,
  nextSelected,
  type RemoveFault,
  type Selection,
  selects,
} from './faults.js'
import type { CentralSocket } from './socket.js'

/** One of the services of Central: what it does at its paths. The server knows only this. */
export type Service = {
  /** Paths of plain HTTP requests. */
  readonly endpoints: Readonly<Record<string, Endpoint>>
  /** Paths where sockets open. */
  readonly streams: Readonly<Record<string, Stream>>
  /**
   * Sends a frame to the sockets that should get it.
   * @returns the number of sockets whose frame the kernel has taken, once all are settled
   */
  broadcast(broadcast: Broadcast): Promise<number>
}

export type Endpoint = {
  readonly requests: Requests
  readonly identify: (request: PlainRequest) => Identity
  readonly answer: (request: CentralRequest) => Answer
}

export type Stream = {
  readonly identify: (request: PlainRequest) => Identity
  /** The answer to a request for which no socket opens; undefined: it opens. */
  readonly refuse: (request: CentralRequest) => Answer | undefined
  readonly customerOf: (request: CentralRequest) => string
  /** Takes a new socket over, and sends first what it has missed. */
  readonly join: (socket: CentralSocket, request: CentralRequest) => void
}

/** A frame to send. */
export type Broadcast = {
  readonly topic: string
  /** Text is sent as a text frame. */
  readonly frame: Uint8Array | string
  /** undefined: every customer. */
  readonly customerId: string | undefined
  /** Which sockets may get it. */
  readonly when: (socket: CentralSocket) => boolean
}

/** A request as it came. */
export type PlainRequest = {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Empty where a socket is requested. */
  readonly body: string
}

/** A request with the identity of its sender, and with the status of its answer. */
export type CentralRequest = Identity &
  PlainRequest & {
    /** Milliseconds since the epoch. */
    readonly at: number
    /** Names and values as they came, in order. */
    readonly rawHeaders: readonly (readonly [name: string, value: string])[]
    /** undefined until it is answered, and after a stall, reset or hang-up. */
    status: number | undefined
  }

export function readRequest(
  incoming: IncomingMessage,
  at: number,
  identify: Stream['identify'] = () => NOBODY,
  body = '',
): CentralRequest {
  const { headers, rawHeaders, method = 'GET', url = '/' } = incoming
  const [, search = ''] = /\?(.*)$/s.exec(url) ?? []
  const path = pathOf(incoming)
  const plain = { method, path, query: new URLSearchParams(search), headers, body }
  return {
    ...identify(plain),
    ...plain,
    at,
    rawHeaders: rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
    ),
    status: undefined,
  }
}

const NOBODY: Identity = { topic: undefined, key: undefined, username: undefined }

/** The requested path, without the query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/'
}

type Rule = { readonly fault: Fault; readonly selection: Selection; left: number }

/** The requests of one kind, and the faults for those to come. */
export class Requests {
  /** All so far, in order; long runs may empty it. */
  readonly all: CentralRequest[] = []
  readonly #rules = new Set<Rule>()
  readonly #events = new EventEmitter<{ request: [CentralRequest] }>().setMaxListeners(0)

  /** Adds a fault for the next `times` selected requests; `Infinity`: until it is removed. */
  fail(fault: Fault, selection: Selection = {}, times = 1): RemoveFault {
    const rule = { fault, selection, left: times }
    this.#rules.add(rule)
    return () => this.#rules.delete(rule)
  }

  /** The next selected request after this call; it may not be answered yet. */
  next(selection: Selection = {}): Promise<CentralRequest> {
    return nextSelected(this.#events, 'request', selection)
  }

  /** Takes a request in. It meets the oldest fault that selects it; without one it proceeds. */
  receive(
    request: CentralRequest,
    tcp: Socket,
    { proceed, answer }: { readonly proceed: () => void; answer: (answer: Answer) => void },
  ): void {
    this.all.push(request)
    this.#events.emit('request', request)
    const fault = this.#takeFault(request)
    if (!fault) proceed()
    else if (fault.type === 'answer') answer(fault)
    else if (fault.type === 'hold') fault.until.then(proceed, proceed)
    else if (fault.type === 'reset') tcp.resetAndDestroy()
    else if (fault.type === 'hang-up') tcp.destroy()
  }

  #takeFault(request: CentralRequest): Fault | undefined {
    const rule = [...this.#rules].find(({ selection }) => selects(selection, request))
    if (!rule) return undefined
    rule.left -= 1
    if (rule.left <= 0) this.#rules.delete(rule)
    return rule.fault
  }
}
