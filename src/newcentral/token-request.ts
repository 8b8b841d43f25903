import type { Clock } from '../clock.js'
import { StreamError } from '../errors.js'
import { isTemporary, parseRetryAfter } from '../net/backoff.js'
import { type HttpAnswer, HttpClient, headerFault } from '../net/http.js'
import { redirectHost } from '../net/redact.js'
import { Secret } from '../secret.js'
import { printable } from '../text.js'

/** DNS, TCP, proxy, TLS and the whole answer, all together. */
const TIMEOUT_MS = 10_000
/** A token is replaced when this part of its life is over. */
const USED_UP = 0.8
/** The shorter one of the documented lives, for an answer that names none. */
const UNKNOWN_LIFE_S = 15 * 60
/** A token that ends at once would be asked for hundreds of times a second. */
const MIN_LIFE_S = 1
/** Past any real one. */
const MAX_LIFE_S = 366 * 86_400

/** What a token is asked for with. */
export type Client = { readonly id: string; readonly secret: Secret; readonly tokenUrl: URL }

type TokenRequestOptions = {
  readonly verifyCertificates: boolean
  readonly userAgent: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** An access token. */
export class Token {
  readonly secret: Secret
  readonly lifeMs: number
  readonly #clock: Clock
  readonly #nowMs: number
  readonly #elapsedMs: number

  constructor(secret: Secret, lifeMs: number, clock: Clock) {
    this.secret = secret
    this.lifeMs = lifeMs
    this.#clock = clock
    this.#nowMs = clock.now()
    this.#elapsedMs = clock.elapsed()
  }

  /**
   * Milliseconds since it was issued. The clock of the day also goes on while the machine sleeps; the
   * other one is never set back.
   */
  get ageMs(): number {
    return Math.max(this.#clock.now() - this.#nowMs, this.#clock.elapsed() - this.#elapsedMs)
  }

  /** Milliseconds until it is to be replaced; 0 where that is due. */
  get freshMs(): number {
    return Math.max(0, this.lifeMs * USED_UP - this.ageMs)
  }
}

/** How long a token is good. */
export function lifeText(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}

/** Where client id and secret stand in a request. */
export type Place = 'form' | 'header'

/**
 * Asks for a token. Where the endpoint does not find the client in the form, it is asked once more with
 * HTTP Basic.
 * @returns the token, and where the client was found
 * @throws StreamError `client-refused`; what can be tried again: `unavailable`, `answer-invalid`,
 *   `proxy-failed`, `unreachable`, `timed-out`, `certificate-untrusted`; the signal's reason
 */
export async function requestToken(
  client: Client,
  place: Place,
  options: TokenRequestOptions,
): Promise<{ readonly token: Token; readonly place: Place }> {
  const first = await post(client, place === 'header', options)
  if (place === 'header' || oauthError(first) !== 'invalid_client') {
    return { token: read(first, client, options.clock), place }
  }
  const second = await post(client, true, options)
  // Where the header is refused as well, the first answer says why.
  const answer = oauthError(second) === undefined ? second : first
  return { token: read(answer, client, options.clock), place: 'header' }
}

async function post(
  { id, secret, tokenUrl }: Client,
  basic: boolean,
  { verifyCertificates, userAgent, signal }: TokenRequestOptions,
) {
  const pair = `${encodeForm(id)}:${encodeForm(secret.reveal())}`
  const header = new Secret(Buffer.from(pair).toString('base64'))
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(!basic && { client_id: id, client_secret: secret.reveal() }),
  })
  return new HttpClient({ url: tokenUrl, verifyCertificates }).request({
    method: 'POST',
    headers: {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded',
      'User-Agent': userAgent,
      ...(basic && { Authorization: `Basic ${header.reveal()}` }),
    },
    body: Buffer.from(form.toString()),
    secrets: [secret, header],
    signal,
    timeoutMs: TIMEOUT_MS,
    late: `no answer to the request for a token within ${TIMEOUT_MS / 1000} s`,
    needsBody: (status) => status === 200 || status === 400 || status === 401,
  })
}

function read(answer: HttpAnswer, { id, secret, tokenUrl }: Client, clock: Clock): Token {
  const { status, headers } = answer
  const answered = `${tokenUrl.host} answered ${status} to the request for a token of client id ${printable(id, 100)}`
  const refusal = oauthError(answer)
  if (refusal) {
    throw new StreamError('client-refused', `${answered}: ${answer.quote}: ${hintFor(refusal)}`, {
      status,
    })
  }
  if (isTemporary(status)) {
    const retryAfterMs = parseRetryAfter(headers['retry-after'], clock.now())
    throw new StreamError('unavailable', `${answered}: it cannot do this now`, {
      status,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    })
  }
  if (status !== 200) {
    const hint =
      status >= 300 && status < 400
        ? ` and sends us to ${redirectHost(answer, tokenUrl, [secret])}, which is not followed because the client secret would travel along`
        : status === 403
          ? '; this address may be blocked there'
          : ''
    throw new StreamError(
      'answer-invalid',
      `${answered}${hint}, expected 200: compare token_url with the token issuer URL of the API client in GreenLake`,
      { status },
    )
  }
  return readToken(answer, answered, clock)
}

/** What an answer says that refuses the client; undefined for any other answer. */
function oauthError({ status, body }: HttpAnswer): string | undefined {
  if (status !== 400 && status !== 401) return undefined
  const { error } = parseObject(body)
  return typeof error === 'string' ? error : undefined
}

function hintFor(error: string): string {
  return error === 'invalid_client'
    ? 'compare client_id and client_secret with the API client in GreenLake'
    : 'compare client_id, client_secret and token_url with the API client in GreenLake'
}

function readToken({ body, status }: HttpAnswer, answered: string, clock: Clock): Token {
  const { access_token: token, expires_in: life, token_type: type } = parseObject(body)
  const wrong = (what: string) =>
    new StreamError(
      'answer-invalid',
      `${answered}, but ${what}: something other than the token endpoint may answer there, such as a captive portal`,
      { status },
    )
  if (typeof token !== 'string' || token === '')
    throw wrong('not with JSON that has an access_token')
  if (headerFault(token) !== undefined) throw wrong('with a token that a header cannot carry')
  if (typeof type === 'string' && type.toLowerCase() !== 'bearer') {
    throw wrong('with a token that is no bearer token')
  }
  return new Token(new Secret(token), secondsOf(life) * 1000, clock)
}

/** @param life what an answer says of it */
function secondsOf(life: unknown): number {
  const seconds = Number(life)
  if (!(seconds > 0)) return UNKNOWN_LIFE_S
  return Math.min(Math.max(seconds, MIN_LIFE_S), MAX_LIFE_S)
}

/** The members of a JSON object; none where it is no such thing. */
function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** RFC 6749, 2.3.1: both are encoded as in a form before they are put together. */
function encodeForm(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}
