import { createHash } from 'node:crypto'

type KeyState =
  | { readonly type: 'accepted' }
  | { readonly type: 'renewed'; readonly to: string }
  | { readonly type: 'refused'; readonly status: number }

/** What validation answers: 200 with the key to use, or a refusal without one. */
export type Verdict = { readonly status: number; readonly token?: string }

/**
 * The state of keys, and the topics that are ticked for them. Unknown keys are accepted until the
 * first key is named, and then refused, unless `unknownKeys` says otherwise.
 */
export class KeyBook {
  readonly #states = new Map<string, KeyState>()
  readonly #unknownKeys: 'accept' | 'refuse' | undefined
  /** Topics that are not ticked: for a key, or under undefined for all. */
  readonly #unsubscribed = new Map<string | undefined, Set<string>>()

  constructor(unknownKeys: 'accept' | 'refuse' | undefined) {
    this.#unknownKeys = unknownKeys
  }

  /** These keys are good. */
  accept(...keys: string[]): void {
    for (const key of keys) this.#states.set(key, { type: 'accepted' })
  }

  /** `key` has expired: validation answers with its renewal `to`, and no socket opens with `key`. */
  renew(key: string, to: string): void {
    this.#states.set(key, { type: 'renewed', to })
    if (!this.#states.has(to)) this.accept(to)
  }

  /** Validation refuses the key with this status (401 or 403), a handshake with 401. */
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
    return ![undefined, key].some((each) => this.#unsubscribed.get(each)?.has(topic))
  }

  /** What validation answers; for a key that was renewed more than once, the latest renewal. */
  validate(key: string): Verdict {
    const state = this.#state(key)
    if (state.type === 'refused') return { status: state.status }
    return state.type === 'renewed' ? this.validate(state.to) : { status: 200, token: key }
  }

  /** Whether a socket opens with this key. */
  opens(key: string): boolean {
    return this.#state(key).type === 'accepted'
  }

  #state(key: string): KeyState {
    const known = this.#states.get(key)
    if (known !== undefined) return known
    // Central expects the key alone, without `Bearer`.
    const accepted =
      !/^bearer\s/i.test(key) &&
      (this.#unknownKeys ?? (this.#states.size === 0 ? 'accept' : 'refuse')) === 'accept'
    return accepted ? { type: 'accepted' } : { type: 'refused', status: 401 }
  }
}

/**
 * The customer of a key, 32 hex digits: the claim `customer_id` of a JWT; for other keys the first
 * digits of the key's hash.
 */
export function customerIdOf(key: string): string {
  const [, payload = ''] = key.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    if (typeof claims === 'object' && claims !== null && 'customer_id' in claims) {
      if (typeof claims.customer_id === 'string') return claims.customer_id
    }
  } catch {
    // Not a JWT. Any text may be a key here.
  }
  return createHash('sha256').update(key).digest('hex').slice(0, 32)
}
