import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { StreamError } from '../errors.js'
import { parseRetryAfter } from '../net/backoff.js'
import { headerFault } from '../net/header-value.js'
import { type Host, validateUrl } from '../net/host.js'
import { peerText, redirectHost } from '../net/peer-text.js'
import { findRoute, type Route } from '../net/route.js'
import { Secret } from '../secret.js'

/** DNS, TCP, proxy, TLS and the whole answer, all together. */
const TIMEOUT_MS = 10_000
/** Many times the answer of Central, which is a key with a few characters around it. */
const MAX_ANSWER_BYTES = 64 * 1024

/** What Central says of a key that it does not refuse. */
export type Validation =
  | { readonly type: 'accepted' }
  /** Central has another key in its place, which is the one to use from now on. */
  | { readonly type: 'renewed'; readonly key: Secret }

export type ValidateKeyOptions = {
  readonly host: Host
  readonly key: Secret
  readonly verifyCertificates: boolean
  readonly userAgent: string
  readonly signal: AbortSignal
  /** 10 s unless told. */
  readonly timeoutMs?: number
}

/**
 * Asks Central whether a key is good: `GET https://HOST/streaming/token/validate` with the key as
 * `Authorization` is answered by `{"token": KEY}`, where KEY is the same one or its renewal. It does
 * no harm to ask often. Redirects are not followed: the key would travel along.
 * @throws StreamError `key-refused` (401, 403); what can be tried again: `unavailable` (408, 429,
 *   5xx), `answer-invalid` (any other answer), `proxy-failed`, `unreachable`, `timed-out`,
 *   `certificate-untrusted`; the signal's reason as soon as it aborts
 */
export async function validateKey(options: ValidateKeyOptions): Promise<Validation> {
  const { host, key, verifyCertificates, signal, timeoutMs = TIMEOUT_MS } = options
  const url = new URL(validateUrl(host))
  signal.throwIfAborted()
  const route = await findRoute(url, verifyCertificates)
  signal.throwIfAborted()
  const giveUp = new AbortController()
  const onAbort = () => giveUp.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const late = `no answer to the validation of a key within ${timeoutMs / 1000} s`
  const timer = setTimeout(() => giveUp.abort(route.timedOut(late)), timeoutMs)
  try {
    const response = await ask(url, options, route, giveUp.signal)
    return await judge(response, url, key)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    const given = giveUp.signal.aborted && !(error instanceof StreamError)
    throw given ? giveUp.signal.reason : route.failed(error)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    // Leaves no socket behind, whatever is left of the answer.
    giveUp.abort()
  }
}

function ask(
  url: URL,
  { key, verifyCertificates, userAgent }: ValidateKeyOptions,
  route: Route,
  giveUp: AbortSignal,
): Promise<IncomingMessage> {
  const send = url.protocol === 'https:' ? requestSecure : requestPlain
  return new Promise((resolve, reject) => {
    const request = send(url, {
      // Without one of its own, Node would keep the connection for a next request.
      agent: route.agent ?? false,
      headers: {
        Accept: 'application/json',
        Authorization: headerValue(key),
        'User-Agent': userAgent,
      },
      rejectUnauthorized: verifyCertificates,
    })
    giveUp.addEventListener(
      'abort',
      () => {
        request.destroy()
        route.close()
      },
      { once: true },
    )
    request.on('error', reject)
    request.on('response', (response) => {
      // What breaks off is seen by who reads it; there may be nobody any more.
      response.on('error', () => undefined)
      const refused = route.refusedByProxy(response, Date.now())
      if (refused) reject(refused)
      else resolve(response)
    })
    request.end()
  })
}

function headerValue(key: Secret): string {
  const fault = headerFault(key.reveal())
  if (fault === undefined) return key.reveal()
  throw new StreamError(
    'input-invalid',
    `the key holds ${fault}, which an HTTP header cannot carry`,
  )
}

async function judge(response: IncomingMessage, url: URL, key: Secret): Promise<Validation> {
  const status = response.statusCode ?? 0
  const answered = `${url.host} answered ${status} to the validation of a key`
  if (status >= 200 && status < 300) {
    return readToken(await readBody(response), answered, key)
  }
  if (status === 401 || status === 403) {
    // The status alone decides: the text may break off, or never come.
    const body = await readBody(response).catch(() => '')
    const line = peerText(body.toString(), key)
    throw new StreamError(
      'key-refused',
      `${url.host} answered ${status}${line && ` "${line}"`} to the validation of the key ${key.fingerprint}: download a new key from Central's Streaming page and put it into the input file`,
      { status },
    )
  }
  // From here on the answer is not quoted: nothing is known of what it holds.
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now())
    throw new StreamError(
      'unavailable',
      `${answered}: it cannot do this now`,
      retryAfterMs === undefined ? { status } : { status, retryAfterMs },
    )
  }
  const hint =
    status >= 300 && status < 400
      ? ` and sends us to ${redirectHost(response, url, key)}, which is not followed because the key would travel along`
      : ''
  throw new StreamError(
    'answer-invalid',
    `${answered}${hint}, expected 200: compare the hostname with the one on Central's Streaming page`,
    { status },
  )
}

/** What comes of the body, up to a little more than an answer may have. */
async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks)
}

function readToken(body: Buffer, answered: string, key: Secret): Validation {
  // The parser's error quotes what it stumbled over, so it is not passed along.
  const wrong = (what: string) =>
    new StreamError(
      'answer-invalid',
      `${answered}, but ${what}, expected {"token": KEY}: something else than Central may answer there, such as a captive portal`,
    )
  if (body.length > MAX_ANSWER_BYTES) throw wrong(`with more than ${MAX_ANSWER_BYTES} bytes`)
  let answer: unknown
  try {
    answer = JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw wrong('not with JSON')
  }
  const token = typeof answer === 'object' && answer && 'token' in answer ? answer.token : undefined
  if (typeof token !== 'string') throw wrong('with JSON without a token')
  if (token.trim() !== token || token === '' || headerFault(token) !== undefined)
    throw wrong('with a token that an HTTP header cannot carry')
  return token === key.reveal() ? { type: 'accepted' } : { type: 'renewed', key: new Secret(token) }
}
