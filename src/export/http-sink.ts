import { validateHeaderValue } from 'node:http'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { parseRetryAfter } from '../backoff.js'
import { StreamError } from '../errors.js'
import { isLoopback } from '../host.js'
import { networkError } from '../network-error.js'
import { proxyFor } from '../proxy.js'
import { Secret } from '../secret.js'
import { firstLine } from '../text.js'
import type { ExporterContext } from './exporter.js'

const CONNECT_MS = 10_000
/** A sink may write a batch to a slow disk before it answers. */
const ANSWER_MS = 60_000
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
  readonly #signal: AbortSignal
  readonly #authorization: Secret | undefined
  readonly #dispatcher: Dispatcher

  /** @throws StreamError `exporter-unusable` where the authorization is no header value */
  constructor(url: URL, context: ExporterContext) {
    this.name = `${url.origin}${url.pathname}`
    this.#url = url
    this.#signal = context.signal
    this.#authorization = readAuthorization(context.env[AUTHORIZATION])
    this.#dispatcher = createDispatcher(url)
    if (this.#authorization && url.protocol === 'http:' && !isLoopback(url.hostname)) {
      context.log.warn(`${AUTHORIZATION} is sent in plain text; use https:// to keep it secret`)
    }
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
    try {
      const answer = await this.#dispatcher.request({
        origin: this.#url.origin,
        path: `${this.#url.pathname}${this.#url.search}`,
        method: 'POST',
        headers,
        body,
        signal: this.#signal,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
      })
      return await this.#judge(answer)
    } catch (error) {
      return networkError(error, this.name)
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
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
      `expected a URL such as https://HOST:PORT/PATH; got ${JSON.stringify(target)}`,
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

function createDispatcher(url: URL): Dispatcher {
  const proxy = proxyFor(url.href)
  // One connection: batches go one after the other.
  const connections = 1
  const connect = { timeout: CONNECT_MS }
  if (proxy === undefined) return new Agent({ connections, connect })
  // Many proxies open tunnels to port 443 alone, so plain HTTP is forwarded instead.
  const proxyTunnel = url.protocol === 'https:'
  return new ProxyAgent({
    connections,
    uri: proxy,
    proxyTunnel,
    proxyTls: connect,
    requestTls: connect,
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
