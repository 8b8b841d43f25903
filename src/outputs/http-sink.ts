import { StreamError } from '../errors.js'
import { parseRetryAfter } from '../net/backoff.js'
import { isLoopback } from '../net/host.js'
import { type HttpAnswer, HttpClient, headerFault } from '../net/http.js'
import { redactUrl } from '../net/redact.js'
import { Secret } from '../secret.js'
import type { OutputContext } from './output.js'
import { readType } from './type-options.js'

/** The whole of one request: a sink may write a batch to a slow disk for a minute before it answers. */
const REQUEST_MS = 90_000
/** Statuses that are retried, like all from 500 on. 101 is no answer to a batch. */
const RETRIED: readonly number[] = [101, 408, 429]
const AUTHORIZATION = 'ARUBA_STREAM_HTTP_AUTHORIZATION'

/** Where batches are posted to. */
export class HttpSink {
  /** Without query: that may hold a token. */
  readonly name: string
  readonly #requestMs: number
  readonly #signal: AbortSignal
  readonly #headers: Readonly<Record<string, string>>
  readonly #secrets: readonly Secret[]
  readonly #client: HttpClient

  /**
   * @param requestMs for the whole of one request
   * @throws StreamError `exporter-unusable` where the authorization is no header value, or the
   *   environment names a proxy that cannot be used
   */
  constructor(url: URL, context: OutputContext, requestMs = REQUEST_MS) {
    const authorization = readAuthorization(context.env[AUTHORIZATION])
    this.name = redactUrl(url.href)
    this.#requestMs = requestMs
    this.#signal = context.graceOver
    this.#headers = {
      'Content-Type': 'application/x-ndjson',
      'Content-Encoding': 'gzip',
      ...(authorization !== undefined && { Authorization: authorization }),
    }
    this.#secrets = secretsOf(url, authorization)
    this.#client = createClient(url, this.name)
    if (authorization !== undefined && url.protocol === 'http:' && !isLoopback(url.hostname)) {
      context.log.warn(`${AUTHORIZATION} is sent in plain text; use https:// to keep it secret`)
    }
  }

  /**
   * Posts one gzipped batch.
   * @returns nothing when it was taken, else why not: `export-failed` where another try is no use
   */
  async post(body: Uint8Array): Promise<StreamError | undefined> {
    try {
      const answer = await this.#client.request({
        method: 'POST',
        headers: this.#headers,
        secrets: this.#secrets,
        body,
        signal: this.#signal,
        timeoutMs: this.#requestMs,
        late: `no answer within ${this.#requestMs / 1000} s`,
      })
      return this.#judge(answer)
    } catch (error) {
      if (error instanceof StreamError) return error
      if (this.#signal.aborted) return new StreamError('timed-out', `${this.name}: given up`)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  #judge({ status, headers, quote }: HttpAnswer): StreamError | undefined {
    if (status >= 200 && status < 300) return undefined
    const answered = `${this.name} answered ${status}${quote === '' ? '' : `: ${quote}`}`
    if (!RETRIED.includes(status) && status < 500) {
      return new StreamError('export-failed', answered, { status })
    }
    const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
    return new StreamError('unavailable', answered, { status, retryAfterMs })
  }
}

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
export function parseHttpTarget(type: string): URL {
  const { target } = readType(type, {})
  let url: URL
  try {
    url = new URL(target)
  } catch {
    throw new StreamError(
      'exporter-unusable',
      `--export_data: expected a URL such as https://HOST:PORT/PATH; got ${JSON.stringify(redactUrl(target))}`,
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

function readAuthorization(value: string | undefined): string | undefined {
  if (value === undefined || value === '') return undefined
  const fault = headerFault(value)
  if (fault === undefined) return value
  throw new StreamError(
    'exporter-unusable',
    `${AUTHORIZATION} holds ${fault}, which an HTTP header cannot carry`,
  )
}

/** The secrets of a request, whole and in parts: they must not be shown when the sink quotes them. */
function secretsOf({ search, searchParams }: URL, authorization = ''): Secret[] {
  const [scheme = '', ...rest] = authorization.split(' ')
  const credentials = rest.join(' ')
  const login =
    scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString() : ''
  const password = login.slice(login.indexOf(':') + 1)
  // A shorter value of the query may be any word, such as the name of an index.
  const values = [...searchParams.values()].filter((value) => value.length >= 8)
  return [authorization, credentials, login, password, search, ...values].map(
    (each) => new Secret(each),
  )
}

function createClient(url: URL, name: string): HttpClient {
  try {
    return new HttpClient({
      url,
      name,
      verifyCertificates: true,
      forwardPlain: true,
      keepAlive: true,
    })
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    throw new StreamError('exporter-unusable', `${name}: ${error.message}`)
  }
}
