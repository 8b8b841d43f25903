import type { ClientRequest } from 'node:http'
import type { HttpsProxyAgent } from 'https-proxy-agent'
import { StreamError } from '../errors.js'
import { networkError } from '../network-error.js'

const ANSWER = 'the answer to the request for a WebSocket'

/** Follows a handshake, to tell what failed: which step, and whether here, at the proxy or at Central. */
export class HandshakeWatch {
  readonly #url: URL
  /** The proxy, as long as it has not let us through. */
  #proxy: URL | undefined
  /** What it answered in place of 200. */
  #proxyStatus: number | undefined
  #waitingFor = 'a TCP connection'

  constructor(url: URL) {
    this.#url = url
  }

  throughProxy(agent: HttpsProxyAgent<string>): void {
    this.#proxy = agent.proxy
    agent.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode === 200) this.#proxy = undefined
      else this.#proxyStatus = statusCode
    })
  }

  /** Sends the request. */
  begin(request: ClientRequest): void {
    request.once('socket', (socket) => {
      const connected = () => {
        this.#waitingFor = this.#url.protocol === 'wss:' ? 'the TLS handshake' : ANSWER
      }
      if (socket.connecting) socket.once('connect', connected)
      else connected()
      socket.once('secureConnect', () => {
        this.#waitingFor = ANSWER
      })
    })
    request.end()
  }

  /** An error before the socket was open. */
  failed(error: Error): StreamError {
    if (this.#proxy) return networkError(error, this.#proxyName, { proxy: true })
    // Only `ws` itself, which did not like the headers of a 101, gives no code.
    if ('code' in error) return networkError(error, this.#url.host)
    return new StreamError(
      'answer-invalid',
      `${this.#url.host} answered 101, but not as a WebSocket server does: ${error.message}`,
    )
  }

  timedOut(afterMs: number): StreamError {
    const late = `no answer within ${afterMs / 1000} s`
    return this.#proxy
      ? new StreamError('proxy-failed', `${this.#proxyName}: ${late}`)
      : new StreamError(
          'timed-out',
          `${this.#url.host}: ${late}, still waiting for ${this.#waitingFor}`,
        )
  }

  /** Whether the answer that came is the proxy's own, and what it means then. */
  refusedByProxy(): StreamError | undefined {
    const status = this.#proxyStatus
    if (status === undefined) return undefined
    const hint =
      status === 407 ? ': it expects a user and password in HTTPS_PROXY or HTTP_PROXY' : ''
    return new StreamError(
      'proxy-failed',
      `${this.#proxyName} answered ${status} when asked for ${this.#url.host}${hint}`,
      { status },
    )
  }

  /** Without the user and password that stand in its URL. */
  get #proxyName(): string {
    return `the proxy ${this.#proxy?.host}`
  }
}
