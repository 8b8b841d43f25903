import { createHash } from 'node:crypto'

type KeyState =
  | { readonly type: 'accepted' }
  | { readonly type: 'renewed'; readonly to: string }
  | { readonly type: 'refused'; readonly status: number }

/** What validation answers: 200 with the key to use, or a refusal. */
export type Verdict =
  | { readonly status: 200; readonly token: string }
  | { readonly status: number; readonly token: undefined }

/**
 * What the stand-in knows of keys and of the topics ticked for them. As long as nothing was said
 * about any key, every key is accepted; from then on an unknown one is refused, unless
 * `unknownKeys` says otherwise.
 */
export class KeyBook {
  readonly #states = new Map<string, KeyState>()
  readonly #unknownKeys: 'accept' | 'refuse' | undefined
  /** Topics not ticked, for one key or (under undefined) for all. */
  readonly #unsubscribed = new Map<string | undefined, Set<string>>()

  constructor(unknownKeys: 'accept' | 'refuse' | undefined) {
    this.#unknownKeys = unknownKeys
  }

  /** These keys are good. */
  accept(...keys: string[]): void {
    for (const key of keys) this.#states.set(key, { type: 'accepted' })
  }

  /** `key` has run out and `to` is its renewal: validation answers `to`, the socket refuses `key`. */
  renew(key: string, to: string): void {
    this.#states.set(key, { type: 'renewed', to })
    if (!this.#states.has(to)) this.accept(to)
  }

  /** Refused by validation with this status (401 or 403), and with 401 on the socket. */
  refuse(key: string, status = 401): void {
    this.#states.set(key, { type: 'refused', status })
  }

  /** The topic is not ticked: for one key, or for all. */
  unsubscribe(topic: string, key?: string): void {
    const topics = this.#unsubscribed.get(key) ?? new Set()
    this.#unsubscribed.set(key, topics.add(topic))
  }

  /** Takes an `unsubscribe` back. */
  subscribe(topic: string, key?: string): void {
    this.#unsubscribed.get(key)?.delete(topic)
  }

  /** Whether the topic is ticked for this key. */
  isSubscribed(topic: string, key: string): boolean {
    const none =
      this.#unsubscribed.get(undefined)?.has(topic) || this.#unsubscribed.get(key)?.has(topic)
    return !none
  }

  /** What validation answers for a key; a key renewed more than once leads to the latest. */
  validate(key: string): Verdict {
    const state = this.#state(key)
    if (state.type === 'refused') return { status: state.status, token: undefined }
    return state.type === 'renewed' ? this.validate(state.to) : { status: 200, token: key }
  }

  /** Whether a socket may be opened with this key. */
  opens(key: string): boolean {
    return this.#state(key).type === 'accepted'
  }

  #state(key: string): KeyState {
    const known = this.#states.get(key)
    if (known !== undefined) return known
    // Central wants the bare key: one behind `Bearer` is no key of anybody.
    const accepted =
      !/^bearer\s/i.test(key) &&
      (this.#unknownKeys ?? (this.#states.size === 0 ? 'accept' : 'refuse')) === 'accept'
    return accepted ? { type: 'accepted' } : { type: 'refused', status: 401 }
  }
}

/**
 * The customer a key belongs to, 32 hex digits: the claim `customer_id` where the key is a JWT with
 * one, else made up from the key, always the same.
 */
export function customerIdOf(key: string): string {
  const [, payload = ''] = key.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (typeof claims === 'object' && claims !== null && 'customer_id' in claims) {
      if (typeof claims.customer_id === 'string') return claims.customer_id
    }
  } catch {
    // No JWT: any text may be a key here.
  }
  return createHash('sha256').update(key).digest('hex').slice(0, 32)
}
