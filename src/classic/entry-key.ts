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
}

/** What the store needs to know of an entry. */
export type KeyEntry = { readonly name: string; readonly host: Host; readonly key: Secret }

type EntryKeyActions = {
  replace(refused: Secret, signal: AbortSignal): Promise<void>
  lookForPasted(signal: AbortSignal): Promise<unknown>
  close(): void
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
  readonly #actions: EntryKeyActions

  constructor({ name, host, key }: KeyEntry, actions: EntryKeyActions) {
    this.name = name
    this.host = host
    this.#current = key
    this.#used = [key]
    this.#actions = actions
  }

  current(): Secret {
    return this.#current
  }

  async afterUnauthorized(refused: Secret, signal: AbortSignal): Promise<Secret> {
    await this.#actions.replace(refused, signal)
    return this.#current
  }

  lookForPasted(signal: AbortSignal): Promise<unknown> {
    return this.#actions.lookForPasted(signal)
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
    this.#actions.close()
  }
}
