import type { StreamError } from '../errors.js'
import type { Host } from '../net/host.js'
import type { Secret } from '../secret.js'

/** Where the key of an entry comes from. */
export interface KeySource {
  /** The key to offer now. */
  current(): Secret
  /**
   * Looks for another key after a 401. Resolves with the key to offer at once.
   * @throws StreamError; one that can be retried makes the entry wait, any other refuses it
   */
  afterUnauthorized(refused: Secret, signal: AbortSignal): Promise<Secret>
  /** Called before a refused key is offered again: a user may have pasted a new one into the file. */
  lookForPasted?(signal: AbortSignal): Promise<unknown>
  /** The entry has ended. */
  close?(): void
}

/** What the store needs to know of an entry. */
export type KeyEntry = { readonly name: string; readonly host: Host; readonly key: Secret }

/** The store that holds the keys of all entries. */
interface Keys {
  /** Gives the entry another key than the refused one. */
  replace(own: EntryKey, refused: Secret, signal: AbortSignal): Promise<void>
  /** Gives the entry the key that the input file holds now, where that is another one. */
  lookForPasted(own: EntryKey, signal: AbortSignal): Promise<unknown>
  remove(own: EntryKey): void
}

/** The key of one entry. */
export class EntryKey implements KeySource {
  readonly name: string
  readonly host: Host
  /** Why the first validation refused it, where it did. */
  refusal: StreamError | undefined
  /**
   * All keys used so far, the current one last. A file that could not be rewritten still holds an old
   * one.
   */
  readonly #used: Secret[]
  #current: Secret
  readonly #keys: Keys

  constructor({ name, host, key }: KeyEntry, keys: Keys) {
    this.name = name
    this.host = host
    this.#current = key
    this.#used = [key]
    this.#keys = keys
  }

  current(): Secret {
    return this.#current
  }

  async afterUnauthorized(refused: Secret, signal: AbortSignal): Promise<Secret> {
    await this.#keys.replace(this, refused, signal)
    return this.#current
  }

  lookForPasted(signal: AbortSignal): Promise<unknown> {
    return this.#keys.lookForPasted(this, signal)
  }

  use(key: Secret): void {
    this.#current = key
    this.#used.push(key)
  }

  hasUsed(key: Secret): boolean {
    return this.#used.some((each) => each.equals(key))
  }

  /** The entry has ended. */
  close(): void {
    this.#keys.remove(this)
  }
}

/**
 * Days after which Central renews a key by itself (Central's online help on streaming; a key has no
 * `exp`).
 */
export const KEY_LIFE_DAYS = 7

/** Seconds since the epoch stay below this until the year 5138; milliseconds passed it in 1973. */
const MAX_SECONDS = 1e11

/**
 * How long ago a key was made, seconds; below zero where the clocks disagree. Keys are JWTs with the
 * claim `creation_date`, or `Created` (both were seen), seconds since the epoch.
 * @param nowMs milliseconds since the epoch
 * @returns undefined where the key holds no date
 */
export function keyAge(key: Secret, nowMs: number): number | undefined {
  const claims = readClaims(key)
  const createdAt = readTime(claims?.creation_date) ?? readTime(claims?.Created)
  return createdAt === undefined ? undefined : nowMs / 1000 - createdAt
}

function readClaims(key: Secret): Readonly<Record<string, unknown>> | undefined {
  const [, claims, signature] = key.reveal().split('.')
  if (claims === undefined || signature === undefined) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Seconds since the epoch, from seconds or milliseconds. */
function readTime(value: unknown): number | undefined {
  const time = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof time !== 'number' || !Number.isFinite(time) || time <= 0) return undefined
  return time < MAX_SECONDS ? time : time / 1000
}
