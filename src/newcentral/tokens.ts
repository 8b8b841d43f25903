import { type Clock, systemClock, untilAborted } from '../clock.js'
import { getOrMake } from '../maps.js'
import { type Limiter, withPlace } from '../net/limiter.js'
import type { Secret } from '../secret.js'
import { type Client, type Place, requestToken, type Token } from './token-request.js'

/** HPE's, for API clients made in GreenLake for Central. */
export const TOKEN_URL = new URL('https://sso.common.cloud.hpe.com/as/token.oauth2')

/** A token is new for a tenth of its life, a minute at most. A new one did not end a connection. */
const FRESH = 0.1
const FRESH_MS = 60_000
/** A failed request also serves others who ask so shortly after it: entries open two at a time, or all retry. */
const FAILED_MS = 1000

type TokensOptions = {
  readonly verifyCertificates: boolean
  readonly userAgent: string
  /** Limits the requests under way. */
  readonly limiter: Limiter
  /** Called for each token; `isFirst` where the client had none before. */
  readonly onToken?: (client: Client, token: Token, isFirst: boolean) => void
  readonly clock?: Clock
}

type Call = {
  readonly answer: Promise<Token>
  /** Of the caller that began it. */
  readonly signal: AbortSignal
  /** By the clock's `elapsed`. */
  failedMs?: number
  /** Callers that know of its failure. */
  readonly told: WeakSet<object>
}

/** What is kept for one API client. */
type Account = {
  token: Token | undefined
  hadToken: boolean
  /** Under way, or failed a moment ago. */
  call: Call | undefined
  /** Where the endpoint has found the client. */
  place: Place
}

/** The access tokens of all API clients; one request serves all entries with the same client. */
export class Tokens {
  readonly #options: TokensOptions
  readonly #clock: Clock
  readonly #accounts = new Map<string, Account>()

  constructor(options: TokensOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /**
   * The token to use now.
   * @param caller whoever asks again after a failure; it gets a new answer then
   * @throws StreamError `client-refused`; what can be tried again: `unavailable`, `answer-invalid`,
   *   `proxy-failed`, `unreachable`, `timed-out`, `certificate-untrusted`; the signal's reason
   */
  async get(client: Client, signal: AbortSignal, caller: object = {}): Promise<Token> {
    const account = this.#accountOf(client)
    for (;;) {
      signal.throwIfAborted()
      if (account.token && account.token.freshMs > 0) return account.token
      if (!account.call || this.#isOver(account.call, caller)) {
        account.call = this.#begin(client, account, signal)
      }
      const { call } = account
      try {
        return await untilAborted(call.answer, signal)
      } catch (error) {
        // The first caller may have left, while the others still need the answer.
        if (!signal.aborted && call.signal.aborted) continue
        call.told.add(caller)
        throw error
      }
    }
  }

  /** Central does not accept this token: the next caller gets another one. */
  drop(client: Client, refused: Secret): void {
    const account = this.#accountOf(client)
    if (account.token?.secret.equals(refused)) account.token = undefined
  }

  /** Central ended a connection, perhaps because of its token. Unless that is new, the next caller gets another. */
  renew(client: Client, used: Secret): void {
    const { token } = this.#accountOf(client)
    if (token && token.ageMs > Math.min(FRESH_MS, token.lifeMs * FRESH)) this.drop(client, used)
  }

  #accountOf({ id, secret, tokenUrl }: Client): Account {
    const name = JSON.stringify([tokenUrl.href, id, secret.reveal()])
    return getOrMake(this.#accounts, name, () => ({
      token: undefined,
      hadToken: false,
      call: undefined,
      place: 'form',
    }))
  }

  #isOver({ signal, failedMs, told }: Call, caller: object): boolean {
    if (failedMs === undefined) return false
    const isOld = this.#clock.elapsed() - failedMs >= FAILED_MS
    return isOld || told.has(caller) || signal.aborted
  }

  #begin(client: Client, account: Account, signal: AbortSignal): Call {
    const { limiter } = this.#options
    const attempt = () => this.#request(client, account, signal)
    const answer = withPlace(limiter, client.tokenUrl.host, signal, attempt)
    const call: Call = { answer, signal, told: new WeakSet() }
    answer.then(
      (token) => {
        this.#options.onToken?.(client, token, !account.hadToken)
        account.token = token
        account.hadToken = true
        if (account.call === call) account.call = undefined
      },
      () => {
        call.failedMs = this.#clock.elapsed()
      },
    )
    return call
  }

  async #request(client: Client, account: Account, signal: AbortSignal): Promise<Token> {
    const { verifyCertificates, userAgent } = this.#options
    const options = { verifyCertificates, userAgent, clock: this.#clock, signal }
    const { token, place } = await requestToken(client, account.place, options)
    account.place = place
    return token
  }
}
