import type { Agent, ClientRequest } from 'node:http'
import { StreamError } from '../errors.js'
import { networkError } from '../network-error.js'
import { proxyFor } from '../proxy.js'
import { proxyAgent } from '../proxy-agent.js'

/** The way of one request, straight or through the proxy that the environment names. */
export class Route {
  agent: Agent | undefined
  readonly #url: URL
  /** Reaches the socket to a proxy, which the request does not own before the proxy has answered. */
  readonly #tunnel = new AbortController()
  /** The proxy without user and password, as long as it has not let us through. */
  #proxy: string | undefined
  #request: ClientRequest | undefined
  #why: unknown

  constructor(url: URL) {
    this.#url = url
  }

  /** @throws StreamError `proxy-failed` where the environment names a proxy that cannot be used */
  async find(verifyCertificates: boolean): Promise<void> {
    const proxy = proxyFor(this.#url.href)
    if (proxy === undefined) return
    const agent = await proxyAgent({ proxy, verifyCertificates, signal: this.#tunnel.signal })
    this.#proxy = `the proxy ${agent.proxy.host}`
    agent.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode === 200) this.#proxy = undefined
    })
    this.agent = agent
  }

  follow(request: ClientRequest): void {
    this.#request = request
  }

  /** Ends the request, which then fails; `explain` gives the reason. */
  giveUp(why: unknown): void {
    this.#why ??= why
    this.close()
  }

  /** Leaves no socket behind. */
  close(): void {
    this.#request?.destroy()
    // A tunnel that stands belongs to the request.
    if (this.#proxy !== undefined) this.#tunnel.abort()
  }

  /** What it means that the request failed. */
  explain(error: unknown): unknown {
    if (error instanceof StreamError) return error
    if (this.#why !== undefined) return this.#why
    return this.#proxy === undefined
      ? networkError(error, this.#url.host)
      : networkError(error, this.#proxy, { proxy: true })
  }

  timedOut(afterMs: number): StreamError {
    const late = `no answer to the validation of a key within ${afterMs / 1000} s`
    return this.#proxy === undefined
      ? new StreamError('timed-out', `${this.#url.host}: ${late}`)
      : new StreamError('proxy-failed', `${this.#proxy}: ${late}`)
  }

  /** Whether an answer is the proxy's own, and what it means then. */
  refusedByProxy(status = 0): StreamError | undefined {
    if (this.#proxy === undefined && status !== 407) return undefined
    const hint =
      status === 407 ? ': it expects a user and password in HTTPS_PROXY or HTTP_PROXY' : ''
    return new StreamError(
      'proxy-failed',
      `${this.#proxy ?? 'a proxy'} answered ${status} when asked for ${this.#url.host}${hint}`,
      { status },
    )
  }
}
