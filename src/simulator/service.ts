import { EventEmitter } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import {
  type Answer,
  applyFault,
  type Fault,
  Faults,
  type Identity,
  nextSelected,
  type RemoveFault,
  type Selection,
} from './faults.js'
import type { PastFrame } from './history.js'

/** One of the services of Central: what it does at its paths. The server knows only this. */
export type Service = {
  /** Paths of plain HTTP requests. */
  readonly endpoints: Readonly<Record<string, Endpoint>>
  /** Paths where sockets open. */
  readonly streams: Readonly<Record<string, Stream>>
}

export type Endpoint = {
  readonly requests: Requests
  readonly identify: (headers: IncomingHttpHeaders) => Identity
  readonly answer: (request: CentralRequest) => Answer
}

export type Stream = {
  readonly identify: (headers: IncomingHttpHeaders) => Identity
  /** The answer to a request for which no socket opens; undefined: it opens. */
  readonly refuse: (request: CentralRequest) => Answer | undefined
  readonly customerOf: (request: CentralRequest) => string
  /** The frames that a new socket gets first, of those that its customer has missed. */
  readonly replay: (
    request: CentralRequest,
    past: readonly PastFrame[],
    now: number,
  ) => readonly PastFrame[]
}

/** A request as it came, with the status of its answer. */
export type CentralRequest = Identity & {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Without the query. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Names and values as they came, in order. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[]
  /** undefined until it is answered, and after a stall, reset or hang-up. */
  status: number | undefined
}

export function readRequest(
  incoming: IncomingMessage,
  identify: Stream['identify'] | undefined,
  at: number,
): CentralRequest {
  const { headers, rawHeaders } = incoming
  const nobody = { topic: undefined, key: undefined, username: undefined }
  return {
    ...(identify?.(headers) ?? nobody),
    at,
    path: pathOf(incoming),
    headers,
    rawHeaders: rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : [],
    ),
    status: undefined,
  }
}

/** The requested path, without the query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/'
}

/** The requests of one kind, and the faults for those to come. */
export class Requests {
  /** All so far, in order; long runs may empty it. */
  readonly all: CentralRequest[] = []
  readonly #faults = new Faults()
  readonly #events = new EventEmitter<{ request: [CentralRequest] }>().setMaxListeners(0)

  fail(fault: Fault, selection?: Selection, times?: number): RemoveFault {
    return this.#faults.add(fault, selection, times)
  }

  /** The next selected request after this call; it may not be answered yet. */
  next(selection: Selection = {}): Promise<CentralRequest> {
    return nextSelected(this.#events, 'request', selection)
  }

  /** Takes a request in; a fault may answer it, or keep it from its answer. */
  receive(
    request: CentralRequest,
    tcp: Socket,
    handle: { readonly proceed: () => void; readonly answer: (answer: Answer) => void },
  ): void {
    this.all.push(request)
    this.#events.emit('request', request)
    applyFault(this.#faults.take(request), tcp, handle)
  }
}
