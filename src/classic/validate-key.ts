import { StreamError } from '../errors.js'
import { isTemporary, parseRetryAfter } from '../net/backoff.js'
import { type Host, validateUrl } from '../net/host.js'
import { type HttpAnswer, HttpClient, headerFault } from '../net/http.js'
import { redirectHost } from '../net/redact.js'
import { Secret } from '../secret.js'
import { mayBeKey } from './entry.js'

/** DNS, TCP, proxy, TLS and the whole answer, all together. */
const TIMEOUT_MS = 10_000
/** Many times the answer of Central, which is a key with a few characters around it. */
const MAX_ANSWER_BYTES = 64 * 1024

/** What Central says of a key that it does not refuse. */
export type Validation =
  | { readonly type: 'accepted' }
  /** Central has replaced the key. The new one is used from now on. */
  | { readonly type: 'renewed'; readonly key: Secret }

export type ValidateKeyOptions = {
  readonly host: Host
  readonly key: Secret
  readonly verifyCertificates: boolean
  readonly userAgent: string
  readonly signal: AbortSignal
}

/**
 * Asks Central whether a key is good: `GET https://HOST/streaming/token/validate` with the key as
 * `Authorization` is answered by `{"token": KEY}`, where KEY is the same one or its renewal. It does
 * no harm to ask often.
 * @throws StreamError `key-refused` (401, 403); what can be tried again: `unavailable` (408, 429,
 *   5xx), `answer-invalid` (any other answer), `proxy-failed`, `unreachable`, `timed-out`,
 *   `certificate-untrusted`; the signal's reason as soon as it aborts
 */
export async function validateKey(options: ValidateKeyOptions): Promise<Validation> {
  const { host, key, verifyCertificates, userAgent, signal } = options
  const url = new URL(validateUrl(host))
  signal.throwIfAborted()
  const answer = await new HttpClient({ url, verifyCertificates }).request({
    method: 'GET',
    headers: {
      Accept: 'application/json',
      Authorization: headerValue(key),
      'User-Agent': userAgent,
    },
    secrets: [key],
    signal,
    timeoutMs: TIMEOUT_MS,
    late: `no answer to the validation of a key within ${TIMEOUT_MS / 1000} s`,
    needsBody: isSuccess,
    maxBytes: MAX_ANSWER_BYTES,
  })
  return judge(answer, url, key)
}

const isSuccess = (status: number) => status >= 200 && status < 300

function headerValue(key: Secret): string {
  const fault = headerFault(key.reveal())
  if (fault === undefined) return key.reveal()
  throw new StreamError(
    'input-invalid',
    `the key holds ${fault}, which an HTTP header cannot carry`,
  )
}

function judge(answer: HttpAnswer, url: URL, key: Secret): Validation {
  const { status, headers, quote } = answer
  const answered = `${url.host} answered ${status} to the validation of a key`
  if (isSuccess(status)) return readToken(answer, answered, key)
  if (status === 401 || status === 403) {
    throw new StreamError(
      'key-refused',
      `${url.host} answered ${status}${quote && ` "${quote}"`} to the validation of the key ${key.fingerprint}: download a new key from Central's Streaming page and put it into the input file`,
      { status },
    )
  }
  // From here on the answer is not quoted: nothing is known of what it holds.
  if (isTemporary(status)) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], Date.now())
    throw new StreamError('unavailable', `${answered}: it cannot do this now`, {
      status,
      retryAfterMs,
    })
  }
  const hint =
    status >= 300 && status < 400
      ? ` and redirects to ${redirectHost(answer, url, [key])}, which is not followed because the key would be sent there`
      : ''
  throw new StreamError(
    'answer-invalid',
    `${answered}${hint}, expected 200: compare the hostname with the one on Central's Streaming page`,
    { status },
  )
}

function readToken({ body, truncated }: HttpAnswer, answered: string, key: Secret): Validation {
  // The parser's error quotes what it stumbled over, so it is not passed along.
  const wrong = (what: string) =>
    new StreamError(
      'answer-invalid',
      `${answered}, but ${what}, expected {"token": KEY}: something other than Central may answer there, such as a captive portal`,
    )
  if (truncated) throw wrong(`with more than ${MAX_ANSWER_BYTES} bytes`)
  let answer: unknown
  try {
    answer = JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw wrong('not with JSON')
  }
  const token = typeof answer === 'object' && answer && 'token' in answer ? answer.token : undefined
  if (typeof token !== 'string') throw wrong('with JSON without a token')
  if (token === key.reveal()) return { type: 'accepted' }
  if (!mayBeKey(token)) throw wrong('with a token that cannot be a key')
  return { type: 'renewed', key: new Secret(token) }
}
