import { validateHeaderValue } from 'node:http'
import { Agent, type buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici'
import { StreamError } from '../errors.js'
import { parseRetryAfter } from '../net/backoff.js'
import { isLoopback } from '../net/host.js'
import { networkError } from '../net/network-error.js'
import { proxyFor } from '../net/proxy.js'
import { redactUrl } from '../net/url-text.js'
import { Secret } from '../secret.js'
import { firstLine } from '../text.js'
import type { ExporterContext } from './output.js'

const CONNECT_MS = 10_000
/** The whole of one request: a sink may write a batch to a slow disk for a minute before it answers. */
const REQUEST_MS = 90_000
/** What is read of an answer, to quote its first line. */
const MAX_ANSWER_BYTES = 4_096
/** Beside all of 500 and above. 407 is the proxy's: once its login is right, the batch can pass. */
const RETRIED: readonly number[] = [407, 408, 429]
const AUTHORIZATION = 'ARUBA_STREAM_HTTP_AUTHORIZATION'

/** Where batches are posted to. */
export class HttpSink {
  /** Without query: that may hold a token. */
  readonly name: string
  readonly #url: URL
  readonly #requestMs: number
  readonly #authorization: Secret | undefined
  #dispatcher: Dispatcher

  /**
   * @param requestMs for the whole of one request
   * @throws StreamError `exporter-unusable` where the authorization is no header value, or the
   *   environment names a proxy that cannot be used
   */
  constructor(url: URL, context: ExporterContext, requestMs = REQUEST_MS) {
    this.name = redactUrl(url.href)
    this.#url = url
    this.#requestMs = requestMs
    this.#authorization = readAuthorization(context.env[AUTHORIZATION])
    this.#dispatcher = createDispatcher(url, this.name)
    if (this.#authorization && url.protocol === 'http:' && !isLoopback(url.hostname)) {
      context.log.warn(`${AUTHORIZATION} is sent in plain text; use https:// to keep it secret`)
    }
    context.signal.addEventListener('abort', () => this.#dispatcher.destroy(), { once: true })
  }

  /**
   * Posts one gzipped batch.
   * @returns nothing when it was taken, else why not: `export-failed` where another try is no use
   */
  async post(body: Uint8Array): Promise<StreamError | undefined> {
    const headers: Record<string, string> = {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    }
    if (this.#authorization) headers.authorization = this.#authorization.reveal()
    const timer = setTimeout(() => this.#startAfresh(), this.#requestMs)
    try {
      const answer = await this.#dispatcher.request({
        origin: this.#url.origin,
        path: `${this.#url.pathname}${this.#url.search}`,
        method: 'POST',
        headers,
        body,
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      return await this.#judge(answer)
    } catch (error) {
      return networkError(error, this.name)
    } finally {
      clearTimeout(timer)
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  /**
   * Ends the request under way, with its connection. No signal and no other time-out of undici's covers
   * the wait for a proxy's answer to CONNECT.
   */
  #startAfresh(): void {
    const seconds = this.#requestMs / 1000
    const error = new StreamError('timed-out', `${this.name}: no answer within ${seconds} s`)
    const old = this.#dispatcher
    this.#dispatcher = createDispatcher(this.#url, this.name)
    old.destroy(error)
  }

  async #judge(answer: Dispatcher.ResponseData): Promise<StreamError | undefined> {
    const { statusCode: status } = answer
    if (status >= 200 && status < 300) {
      // The status says it all; what happens to the rest of the answer changes nothing.
      await answer.body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => {})
      return undefined
    }
    const line = firstLine(await beginning(answer.body).catch(() => ''))
    const said = `${this.name} answered ${status}${line === '' ? '' : `: ${line}`}`
    if (!RETRIED.includes(status) && status < 500) {
      return new StreamError('export-failed', said, { status })
    }
    const { 'retry-after': retryAfter } = answer.headers
    const retryAfterMs = parseRetryAfter([retryAfter].flat()[0], Date.now())
    return new StreamError('unavailable', said, {
      status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }
}

/** @throws StreamError `exporter-unusable`; a login is never quoted */
export function parseHttpTarget(target: string): URL {
  let url: URL
  try {
    url = new URL(target)
  } catch {
    throw new StreamError(
      'exporter-unusable',
      `expected a URL such as https://HOST:PORT/PATH; got ${JSON.stringify(redactUrl(target))}`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new StreamError(
      'exporter-unusable',
      `${url.origin}: no user or password in the URL, which everyone on this machine can read; ` +
        `set ${AUTHORIZATION} to the value of the Authorization header`,
    )
  }
  return url
}

function readAuthorization(value: string | undefined): Secret | undefined {
  if (value === undefined || value === '') return undefined
  try {
    validateHeaderValue('authorization', value)
  } catch {
    // Not passed along: the original quotes the value.
    throw new StreamError(
      'exporter-unusable',
      `${AUTHORIZATION} has characters that a header cannot carry (a newline at its end?)`,
    )
  }
  return new Secret(value)
}

function createDispatcher(url: URL, name: string): Dispatcher {
  const proxy = proxyFor(url.href)
  // One connection: batches go one after the other.
  const connections = 1
  const connect = { timeout: CONNECT_MS }
  if (proxy === undefined) return new Agent({ connections, connect })
  // Many proxies open tunnels to port 443 alone, so plain HTTP is forwarded instead.
  const proxyTunnel = url.protocol === 'https:'
  const factory = (origin: URL, options: Pool.Options) => {
    const { connect } = options
    if (typeof connect !== 'function') return new Pool(origin, options)
    return new Pool(origin, { ...options, connect: connectOrFail(connect, name) })
  }
  const tls = { proxyTls: connect, requestTls: connect }
  try {
    return new ProxyAgent({ connections, uri: proxy, proxyTunnel, ...tls, factory })
  } catch {
    // Not passed along: the original may quote the URL, which may hold a password.
    throw new StreamError(
      'exporter-unusable',
      `${name}: the proxy that the environment names cannot be used; expected http://host:port ` +
        'in HTTPS_PROXY or HTTP_PROXY, with %XX for what is special in its user and password',
    )
  }
}

/**
 * undici connects again at once, without pause or end, where a proxy hangs up in place of an answer to
 * CONNECT: it takes the code of that error for a request's. Here the request fails.
 */
function connectOrFail(connect: buildConnector.connector, name: string): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (!error) return callback(null, socket)
      const hungUp = 'code' in error && error.code === 'UND_ERR_SOCKET'
      const says = `cannot reach ${name}: the proxy hung up in place of opening a tunnel`
      callback(hungUp ? new StreamError('proxy-failed', says) : error, null)
    })
}

/** The first bytes of an answer, as text. */
async function beginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).toString('utf8')
}
