import { createHash } from 'node:crypto'
import type { Clock } from '../../clock.js'
import type { NewCentralSettings } from '../settings.js'

/** An API client of GreenLake. */
export type ApiClient = {
  readonly id: string
  /** Default: any secret is right. */
  readonly secret?: string
  /** 32 hex digits; default: made from the id. */
  readonly customerId?: string
}

/** A token that was issued, and what it says. */
type Token = {
  readonly text: string
  readonly clientId: string
  readonly customerId: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/**
 * API clients and their tokens. Unknown clients get tokens until the first client is named, and
 * then none, unless `unknown` says otherwise.
 */
export class ClientBook {
  readonly #clients = new Map<string, ApiClient>()
  readonly #refused = new Set<string>()
  readonly #old = new Set<string>()
  readonly #tokens = new Map<string, Token>()
  readonly #settings: () => NewCentralSettings
  readonly #clock: Pick<Clock, 'now'>
  readonly #unknown: 'accept' | 'refuse' | undefined
  #issued = 0

  constructor(options: {
    readonly settings: () => NewCentralSettings
    readonly clock: Pick<Clock, 'now'>
    readonly unknown: 'accept' | 'refuse' | undefined
  }) {
    this.#settings = options.settings
    this.#clock = options.clock
    this.#unknown = options.unknown
  }

  /** These clients get tokens. */
  accept(...clients: ApiClient[]): void {
    for (const client of clients) {
      this.#clients.set(client.id, client)
      this.#refused.delete(client.id)
    }
  }

  /** The client gets no token any more; those that it has stay good. */
  refuse(id: string): void {
    this.#refused.add(id)
  }

  /** The client is of the old kind: it gets tokens, but with them handshakes are answered with 403. */
  outdate(id: string): void {
    this.#old.add(id)
  }

  isOld(id: string): boolean {
    return this.#old.has(id) || this.#settings().old_client.includes(id)
  }

  /** A new token; undefined where the client gets none. */
  issue(id: string, secret: string): Token | undefined {
    if (!this.#isGood(id, secret)) return undefined
    const issuedAt = this.#clock.now()
    const expiresAt = issuedAt + this.#settings().expires_in * 1000
    const text = this.#text(id, issuedAt)
    const token = { text, clientId: id, customerId: this.customerOf(id), expiresAt }
    for (const { text: old, expiresAt: end } of this.#tokens.values()) {
      if (end <= issuedAt) this.#tokens.delete(old)
    }
    this.#tokens.set(text, token)
    return token
  }

  /** The token with this text, where it is good now. */
  find(text: string): Token | undefined {
    const token = this.#tokens.get(text)
    return token !== undefined && token.expiresAt > this.#clock.now() ? token : undefined
  }

  /** No handshake is accepted with this token any more. */
  revoke(text: string): void {
    this.#tokens.delete(text)
  }

  /** The customer of a client, 32 hex digits. */
  customerOf(id: string): string {
    if (this.#settings().customers === 'one') return sha256('the customer', 'hex').slice(0, 32)
    return this.#clients.get(id)?.customerId ?? sha256(id, 'hex').slice(0, 32)
  }

  #isGood(id: string, secret: string): boolean {
    if (this.#refused.has(id) || this.#settings().refused_client.includes(id)) return false
    const known = this.#clients.get(id)
    if (known !== undefined) return known.secret === undefined || known.secret === secret
    return (this.#unknown ?? (this.#clients.size === 0 ? 'accept' : 'refuse')) === 'accept'
  }

  /** A text in the form of a JWT, as GreenLake's tokens have it; its signature is made up. */
  #text(clientId: string, issuedAt: number): string {
    this.#issued += 1
    const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const iat = Math.floor(issuedAt / 1000)
    const claims = { client_id: clientId, iat, exp: iat + this.#settings().expires_in }
    const signature = sha256(`${clientId} ${issuedAt} ${this.#issued}`, 'base64url')
    return [segment({ alg: 'RS256', typ: 'JWT' }), segment(claims), signature].join('.')
  }
}

function sha256(text: string, encoding: 'hex' | 'base64url'): string {
  return createHash('sha256').update(text).digest(encoding)
}
