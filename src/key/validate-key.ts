import { type IncomingMessage, request as requestPlain, validateHeaderValue } from 'node:http'
import { request as requestSecure } from 'node:https'
import { parseRetryAfter } from '../backoff.js'
import { StreamError } from '../errors.js'
import { type Host, validateUrl } from '../host.js'
import { said } from '../said.js'
import { Secret } from '../secret.js'
import { Route } from './route.js'

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
  const route = new Route(url)
  const onAbort = () => route.giveUp(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => route.giveUp(route.timedOut(timeoutMs)), timeoutMs)
  try {
    await route.find(verifyCertificates)
    const response = await ask(url, options, route)
    return await judge(response, url, key)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw route.explain(error)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    route.close()
  }
}

function ask(
  url: URL,
  { key, verifyCertificates, userAgent }: ValidateKeyOptions,
  route: Route,
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
    route.follow(request)
    request.on('error', reject)
    request.on('response', (response) => {
      // What breaks off is seen by who reads it; there may be nobody any more.
      response.on('error', () => undefined)
      const refused = route.refusedByProxy(response.statusCode)
      if (refused) reject(refused)
      else resolve(response)
    })
    request.end()
  })
}

function headerValue(key: Secret): string {
  if (isHeaderValue(key.reveal())) return key.reveal()
  throw new StreamError(
    'input-invalid',
    'the key holds a character that an HTTP header cannot carry',
  )
}

function isHeaderValue(text: string): boolean {
  try {
    validateHeaderValue('Authorization', text)
    return true
  } catch {
    return false
  }
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
    const line = said(body.toString(), key)
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
  const hint = status >= 300 && status < 400 ? redirectHint(response, url, key) : ''
  throw new StreamError(
    'answer-invalid',
    `${answered}${hint}, expected 200: compare the hostname with the one on Central's Streaming page`,
    { status },
  )
}

function redirectHint(response: IncomingMessage, url: URL, key: Secret): string {
  const { location = '' } = response.headers
  const to = URL.canParse(location, url.href) ? said(new URL(location, url.href).host, key) : ''
  return ` and sends us to ${to || 'an unreadable address'}, which is not followed because the key would travel along`
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
  if (token.trim() !== token || token === '' || !isHeaderValue(token))
    throw wrong('with a token that an HTTP header cannot carry')
  return token === key.reveal() ? { type: 'accepted' } : { type: 'renewed', key: new Secret(token) }
}
