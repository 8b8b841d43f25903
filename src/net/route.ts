import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as requestPlain,
} from 'node:http'
import { type RequestOptions, request as requestSecure, Agent as SecureAgent } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { StreamError } from '../errors.js'
import { parseRetryAfter } from './backoff.js'
import { networkError } from './network-error.js'
import { findProxy, loginHint, type ProxyServer } from './proxy.js'

/** Many servers close an idle connection after 5 s. A request must not be sent on it at that moment. */
const IDLE_MS = 4000
/** A proxy or a server must not choose HTTP/2. */
const ALPN = { ALPNProtocols: ['http/1.1'] }

/** The warning of a run that verifies no certificate of Central. */
export const UNVERIFIED = '--no_valid_cert: certificates are not verified'

export type RouteOptions = {
  /** As `--no_valid_cert` says, for connections to Central. Default: always, and no option changes that. */
  readonly verifyCertificates?: boolean
  /** How errors call the other side; the host of the URL (default). */
  readonly name?: string
  /**
   * Hands plain HTTP to the proxy in place of asking it for a tunnel: many proxies open tunnels to port
   * 443 alone. The proxy then sees all of the request. No by default.
   */
  readonly forwardPlain?: boolean
  /** Keeps one connection open for the next request. No by default. */
  readonly keepAlive?: boolean
}

/** How the requests to one URL travel, straight or through a proxy, and whose fault a failure is. */
export class Route {
  /** For `node:http` and `ws`; undefined where a request goes straight, on a connection of its own. */
  readonly agent: PlainAgent | undefined
  /** How errors call the other side. */
  readonly name: string
  readonly #url: URL
  readonly #verifyCertificates: boolean
  readonly #canSkip: boolean
  readonly #proxy: ProxyServer | undefined
  readonly #forward: boolean
  /** The step that the request has not got through yet. */
  #waitingFor = 'a TCP connection'
  /** The request for a tunnel, until the proxy has answered it with 200. */
  #tunnel: ClientRequest | undefined

  /** @throws StreamError `proxy-failed` where the environment names a proxy that cannot be used */
  constructor(url: URL, options: RouteOptions) {
    const { verifyCertificates = true, name = url.host } = options
    const { forwardPlain = false, keepAlive = false } = options
    this.#url = url
    this.name = name
    this.#verifyCertificates = verifyCertificates
    this.#canSkip = options.verifyCertificates !== undefined
    this.#proxy = findProxy(url)
    this.#forward = forwardPlain && url.protocol === 'http:' && this.#proxy !== undefined
    this.agent = this.#createAgent(keepAlive)
  }

  /** Begins a request; its body and its end are up to the caller. */
  request({ headers, ...options }: RequestOptions & { headers: Record<string, string> }) {
    const { pathname, search, origin, host } = this.#url
    const rejectUnauthorized = this.#verifyCertificates
    const all = { ...options, rejectUnauthorized, agent: this.agent ?? false }
    if (!this.#proxy || !this.#forward) return requestTo(this.#url, { ...all, headers })
    const { url, authorization } = this.#proxy
    return requestTo(url, {
      ...all,
      path: `${origin}${pathname}${search}`,
      // Else it would be taken from the header Host.
      servername: serverName(url),
      headers: {
        ...headers,
        Host: host,
        ...(authorization !== undefined && { 'Proxy-Authorization': authorization }),
      },
    })
  }

  /** What must not be shown when a proxy quotes it. */
  get secrets(): ProxyServer['secrets'] {
    return this.#proxy?.secrets ?? []
  }

  /** Whether the proxy has not let the request through yet. */
  get atProxy(): boolean {
    return this.#forward || this.#tunnel !== undefined
  }

  /** Closes what is open: the kept connection, and one on which a proxy has not answered yet. */
  close(): void {
    this.#tunnel?.destroy()
    this.agent?.destroy()
  }

  /** What the failure of a request means. */
  failed(error: unknown): StreamError {
    const proxy = this.atProxy
    const where = proxy ? `${this.#proxyName} on the way to ${this.name}` : this.name
    return networkError(error, where, { proxy, canSkip: this.#canSkip })
  }

  /**
   * Follows a request, to tell which step takes too long.
   * @param onConnected called when the request can be sent
   */
  follow(request: ClientRequest, onConnected: () => void = () => undefined): void {
    this.#waitingFor = 'a TCP connection'
    const connected = () => {
      this.#waitingFor = 'the answer to the request'
      onConnected()
    }
    request.once('socket', (socket) => {
      const secure = isSecure(this.#connectsTo)
      const opened = () => {
        if (secure) this.#waitingFor = 'the TLS handshake'
        else connected()
      }
      if (request.reusedSocket) return connected()
      if (secure) socket.once('secureConnect', connected)
      if (socket.connecting) socket.once('connect', opened)
      else opened()
    })
  }

  /** @param late what did not come in time */
  timedOut(late: string): StreamError {
    if (this.#tunnel) {
      const message = `${this.#proxyName}: ${late}, asked for a tunnel to ${this.name}`
      return new StreamError('proxy-failed', message)
    }
    const message = `${this.name}: ${late}, still waiting for ${this.#waitingFor}`
    return new StreamError('timed-out', message)
  }

  /**
   * The error for an answer of a proxy; undefined for an answer of the server. A 407 is a proxy's, even
   * where the environment names none.
   * @param nowMs milliseconds since the epoch
   */
  refusedByProxy(answer: IncomingMessage, nowMs: number): StreamError | undefined {
    return answer.statusCode === 407 ? this.#refused(answer, nowMs) : undefined
  }

  #refused({ statusCode: status = 0, headers }: IncomingMessage, nowMs: number): StreamError {
    const hint = status === 407 || status === 401 ? loginHint(headers['proxy-authenticate']) : ''
    const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs)
    return new StreamError(
      'proxy-failed',
      `${this.#proxyName} answered ${status} when asked for ${this.name}${hint}`,
      { status, retryAfterMs },
    )
  }

  get #proxyName(): string {
    return this.#proxy ? `the proxy ${this.#proxy.url.host}` : 'a proxy'
  }

  /** Where connections of the agent end: at the proxy, where it forwards, else at the server. */
  get #connectsTo(): URL {
    return this.#forward && this.#proxy ? this.#proxy.url : this.#url
  }

  #createAgent(keepAlive: boolean): PlainAgent | undefined {
    const proxy = this.#proxy
    const tunnels = proxy !== undefined && !this.#forward
    if (!keepAlive && !tunnels) return undefined
    const options = keepAlive ? { keepAlive, timeout: IDLE_MS } : {}
    const secure = isSecure(this.#connectsTo)
    const agent = secure ? new SecureAgent(options) : new PlainAgent(options)
    if (!tunnels) return agent
    agent.createConnection = (target, callback) => {
      const done = callback as (error: Error | null, socket?: Socket) => void
      const open = (socket: Socket) =>
        secure ? connectTls({ ...(target as object), ...ALPN, socket }) : socket
      this.#openTunnel(proxy)
        .then(open)
        .then((socket) => done(null, socket), done)
      return undefined
    }
    return agent
  }

  /** Node's own parser reads the proxy's answer: it bounds the header. */
  #openTunnel({ url, authorization }: ProxyServer): Promise<Socket> {
    const { hostname, port } = this.#url
    const target = `${hostname}:${port || (isSecure(this.#url) ? 443 : 80)}`
    const request = requestTo(url, {
      method: 'CONNECT',
      path: target,
      agent: false,
      servername: serverName(url),
      rejectUnauthorized: this.#verifyCertificates,
      headers: {
        Host: target,
        ...(authorization !== undefined && { 'Proxy-Authorization': authorization }),
      },
    })
    this.#tunnel = request
    return new Promise((resolve, reject) => {
      request.on('connect', (answer, socket, head) => {
        const { statusCode = 0 } = answer
        // The request that gets the socket reports its errors. It may not have the socket yet.
        socket.on('error', () => undefined)
        if (statusCode >= 200 && statusCode < 300) {
          this.#tunnel = undefined
          socket.unshift(head)
          resolve(socket)
        } else {
          socket.destroy()
          reject(this.#refused(answer, Date.now()))
        }
      })
      const fail = (error: unknown) => reject(this.failed(error))
      request.on('error', fail)
      request.on('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
      request.end()
    })
  }
}

const isSecure = ({ protocol }: URL) => protocol === 'https:' || protocol === 'wss:'

function requestTo(url: URL, options: RequestOptions): ClientRequest {
  return (isSecure(url) ? requestSecure : requestPlain)(url, options)
}

/** For the certificate of a server that is not the one in the header `Host`. */
function serverName({ hostname }: URL): string {
  return hostname.startsWith('[') || isIP(hostname) > 0 ? '' : hostname
}
