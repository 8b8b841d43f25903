import type { IncomingMessage } from 'node:http'
import type { HttpsProxyAgent } from 'https-proxy-agent'
import { StreamError } from '../errors.js'
import { parseRetryAfter } from './backoff.js'
import { networkError } from './network-error.js'
import { proxyFor } from './proxy.js'
import { proxyAgent } from './proxy-agent.js'

/** The way of one request, straight or through a proxy; tells whether a failure is the proxy's. */
export class Route {
  /** For the request; undefined where it goes straight. */
  readonly agent: HttpsProxyAgent<string> | undefined
  readonly #url: URL
  /** Reaches the socket to a proxy, which the request does not own before the proxy has answered. */
  readonly #tunnel: AbortController
  /** The proxy, as long as it has not let us through. */
  #proxy: URL | undefined
  /** What it answered in place of 200. */
  #proxyStatus: number | undefined

  constructor(url: URL, tunnel: AbortController, agent: HttpsProxyAgent<string> | undefined) {
    this.#url = url
    this.#tunnel = tunnel
    this.agent = agent
    this.#proxy = agent?.proxy
    agent?.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode === 200) this.#proxy = undefined
      else this.#proxyStatus = statusCode
    })
  }

  /** Whether the proxy has not let us through yet. */
  get atProxy(): boolean {
    return this.#proxy !== undefined
  }

  /** Leaves no socket to the proxy behind; a tunnel that stands belongs to the request. */
  close(): void {
    if (this.atProxy) this.#tunnel.abort()
  }

  /** What it means that the request failed. */
  failed(error: unknown): StreamError {
    return this.atProxy
      ? networkError(error, this.#proxyName, { proxy: true })
      : networkError(error, this.#url.host)
  }

  /**
   * @param late what did not come in time
   * @param waitingFor the step that Central did not get through with
   */
  timedOut(late: string, waitingFor?: string): StreamError {
    if (this.atProxy) return new StreamError('proxy-failed', `${this.#proxyName}: ${late}`)
    const step = waitingFor === undefined ? '' : `, still waiting for ${waitingFor}`
    return new StreamError('timed-out', `${this.#url.host}: ${late}${step}`)
  }

  /**
   * Whether an answer is a proxy's own, and what it means then. 407 is a proxy's even where none was
   * named.
   * @param nowMs milliseconds since the epoch
   */
  refusedByProxy(answer: IncomingMessage, nowMs: number): StreamError | undefined {
    const { statusCode, headers } = answer
    const refused = this.#proxyStatus ?? (statusCode === 407 ? statusCode : undefined)
    if (refused === undefined) return undefined
    // tinyproxy answers 401, not 407, to a password that is wrong.
    const hint =
      refused === 407 || refused === 401
        ? ': it expects the right user and password in HTTPS_PROXY or HTTP_PROXY'
        : ''
    const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs)
    return new StreamError(
      'proxy-failed',
      `${this.#proxyName} answered ${refused} when asked for ${this.#url.host}${hint}`,
      retryAfterMs === undefined ? { status: refused } : { status: refused, retryAfterMs },
    )
  }

  /** Without the user and password that stand in its URL. */
  get #proxyName(): string {
    return this.#proxy ? `the proxy ${this.#proxy.host}` : 'a proxy'
  }
}

/**
 * Finds the way to a URL.
 * @throws StreamError `proxy-failed` where the environment names a proxy that cannot be used
 */
export async function findRoute(url: URL, verifyCertificates: boolean): Promise<Route> {
  const tunnel = new AbortController()
  const proxy = proxyFor(url.href)
  const agent =
    proxy === undefined
      ? undefined
      : await proxyAgent({ proxy, verifyCertificates, signal: tunnel.signal })
  return new Route(url, tunnel, agent)
}
