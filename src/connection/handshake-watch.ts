import type { ClientRequest, IncomingMessage } from 'node:http'
import { StreamError } from '../errors.js'
import type { Route } from '../net/route.js'

/** Follows a handshake, to tell what failed: which step, and whether here, at the proxy or at Central. */
export class HandshakeWatch {
  readonly #url: URL
  readonly #route: Route

  constructor(url: URL, route: Route) {
    this.#url = url
    this.#route = route
  }

  /** Sends the request. */
  begin(request: ClientRequest): void {
    this.#route.follow(request)
    request.end()
  }

  /** An error before the socket was open. */
  failed(error: Error): StreamError {
    // Only `ws` itself, which did not like the headers of a 101, gives no code.
    if (this.#route.atProxy || 'code' in error) return this.#route.failed(error)
    return new StreamError(
      'answer-invalid',
      `${this.#url.host} answered 101, but not as a WebSocket server does: ${error.message}`,
    )
  }

  timedOut(afterMs: number): StreamError {
    return this.#route.timedOut(`no answer within ${afterMs / 1000} s`)
  }

  /** Whether the answer that came is a proxy's own, and what it means then. */
  refusedByProxy(answer: IncomingMessage, nowMs: number): StreamError | undefined {
    return this.#route.refusedByProxy(answer, nowMs)
  }
}
