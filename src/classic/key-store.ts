import { untilAborted } from '../clock.js'
import { errorText, StreamError } from '../errors.js'
import type { Renewal } from '../input/rewrite.js'
import type { Logger } from '../log.js'
import { type Host, isSameHost } from '../net/host.js'
import type { Limiter } from '../net/limiter.js'
import type { Secret } from '../secret.js'
import { Silences } from './circuit-breaker.js'
import { createSaver } from './key-saver.js'
import type { KeySource } from './key-source.js'
import type { Validation } from './validate-key.js'
import { createValidator } from './validator.js'

/** What the ring needs to know of an entry. */
export type KeyEntry = { readonly name: string; readonly host: Host; readonly key: Secret }

export type KeyRingOptions = {
  /** Asks Central, see `validateKey`. */
  readonly validate: (host: Host, key: Secret, signal: AbortSignal) => Promise<Validation>
  /** Limits the validations under way at a time. */
  readonly limiter: Limiter
  /** The keys that the input file holds now, by entry. May throw where it is wrong now. */
  readonly readKeys: () => Promise<ReadonlyMap<string, Secret>>
  /** Is told of a key that was found in the file and is used from now on. */
  readonly onPasted?: (name: string, key: Secret) => void
  /** Writes renewals into the input file; says by itself what hinders it, and never throws. */
  readonly saveKeys: (renewals: readonly Renewal[]) => Promise<void>
  readonly log: Logger
}

/** The keys of all entries. */
export interface KeyRing {
  /**
   * Validates the keys of these entries before they connect, one call a key and host, and saves all
   * renewals at once. Where Central gives no answer, a warning is logged and the key stays in use; a
   * host that gave none to the first two keys is not asked for its others this time.
   * To be called again with entries that are new or have changed.
   * @returns the entries that must not connect, by name, and why (`key-refused`)
   * @throws the signal's reason as soon as it aborts
   */
  validateAll(
    entries: readonly KeyEntry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, StreamError>>
  /** Gives an entry its keys. */
  source(entry: KeyEntry): KeySource
  /** Forgets entries that have ended. */
  forget(names: Iterable<string>): void
}

type Holder = {
  readonly name: string
  readonly host: Host
  current: Secret
  /** What it has offered so far: a file that could not be written still holds one of these. */
  readonly used: Secret[]
}

type Unanswered = { readonly name: string; readonly host: Host; readonly cause: StreamError }

/** Makes the one ring of a program. */
export function createKeyRing(options: KeyRingOptions): KeyRing {
  return new Ring(options)
}

class Ring implements KeyRing {
  readonly #options: KeyRingOptions
  readonly #validate: KeyRingOptions['validate']
  readonly #save: KeyRingOptions['saveKeys']
  readonly #holders = new Map<string, Holder>()
  #reading: Promise<ReadonlyMap<string, Secret>> | undefined

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.#validate = createValidator(options.validate, options.limiter)
    this.#save = createSaver(options.saveKeys)
  }

  async validateAll(
    entries: readonly KeyEntry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, StreamError>> {
    const refused = new Map<string, StreamError>()
    const unanswered: Unanswered[] = []
    const renewals: Renewal[] = []
    const silences = new Silences(signal)
    const validateOne = async (holder: Holder) => {
      const { host, current: from } = holder
      const silence = silences.of(host)
      try {
        const validation = await silence.watch(this.#validate(host, from, silence.signal))
        if (validation.type === 'renewed' && this.#adopt({ host, from, to: validation.key })) {
          renewals.push({ host, from, to: validation.key })
        }
      } catch (error) {
        if (signal.aborted || !(error instanceof StreamError)) throw error
        if (error.retry) unanswered.push({ name: holder.name, host, cause: error })
        else refused.set(holder.name, error)
      }
    }
    // All are asked in one tick, so that those with the same key share a call.
    await Promise.all(entries.map((entry) => validateOne(this.#hold(entry))))
    this.#warn(unanswered)
    if (renewals.length > 0) await untilAborted(this.#save(renewals), signal)
    return refused
  }

  source(entry: KeyEntry): KeySource {
    const known = this.#holders.get(entry.name)
    const same =
      known && isSameHost(known.host, entry.host) && known.used.some((key) => key.equals(entry.key))
    const holder = same ? known : this.#hold(entry)
    return {
      current: () => holder.current,
      afterUnauthorized: (refused, signal) => this.#replace(holder, refused, signal),
    }
  }

  forget(names: Iterable<string>): void {
    for (const name of names) this.#holders.delete(name)
  }

  #hold({ name, host, key }: KeyEntry): Holder {
    const holder: Holder = { name, host, current: key, used: [key] }
    this.#holders.set(name, holder)
    return holder
  }

  async #replace(holder: Holder, refused: Secret, signal: AbortSignal): Promise<Secret> {
    const { host, name } = holder
    // Another entry with the same key has been here before.
    if (!holder.current.equals(refused)) return holder.current
    const pasted = await untilAborted(this.#keyInFile(holder), signal)
    if (pasted) {
      this.#options.log.info('the input file holds another key by now, which is used', {
        entry: name,
        key: refused.fingerprint,
        replaced_by: pasted.fingerprint,
      })
      use(holder, pasted)
      this.#options.onPasted?.(name, pasted)
      return pasted
    }
    // Or was here while the file was being read.
    if (!holder.current.equals(refused)) return holder.current
    const validation = await this.#validate(host, refused, signal)
    if (validation.type === 'accepted') throw goodButRefused(host, refused)
    const renewal = { host, from: refused, to: validation.key }
    if (this.#adopt(renewal)) await this.#save([renewal])
    // A holder that was forgotten, and still has a try to make.
    if (holder.current.equals(refused)) use(holder, validation.key)
    return holder.current
  }

  /** Another key than those that the entry has used so far. */
  async #keyInFile({ name, used }: Holder): Promise<Secret | undefined> {
    // A key of many entries is refused to all of them at once: one look is enough.
    this.#reading ??= this.#options.readKeys().finally(() => {
      this.#reading = undefined
    })
    try {
      const found = (await this.#reading).get(name)
      return found && !used.some((key) => key.equals(found)) ? found : undefined
    } catch (error) {
      this.#options.log.debug(`cannot look for a new key in the input file: ${errorText(error)}`)
      return undefined
    }
  }

  /** @returns whether there was anybody who did not have the new key yet */
  #adopt({ host, from, to }: Renewal): boolean {
    const holders = [...this.#holders.values()].filter(
      (holder) => isSameHost(holder.host, host) && holder.current.equals(from),
    )
    for (const holder of holders) use(holder, to)
    if (holders.length === 0) return false
    this.#options.log.info('Central has renewed a key', {
      host: host.authority,
      key: from.fingerprint,
      replaced_by: to.fingerprint,
      entries: holders.length,
    })
    return true
  }

  /** One line a host and kind of trouble, however many keys it has. */
  #warn(unanswered: readonly Unanswered[]): void {
    const groups = new Map<string, Unanswered[]>()
    for (const each of unanswered) {
      const kind = `${each.host.authority} ${each.cause.code}`
      groups.set(kind, [...(groups.get(kind) ?? []), each])
    }
    for (const group of groups.values()) {
      const [first] = group
      if (!first) continue
      const { name, cause } = first
      this.#options.log.warn(
        `keys could not be validated and are tried as they are: ${cause.message}`,
        group.length === 1
          ? { entry: name, code: cause.code }
          : { entries: group.length, code: cause.code },
      )
    }
  }
}

function use(holder: Holder, key: Secret): void {
  holder.current = key
  holder.used.push(key)
}

function goodButRefused(host: Host, key: Secret): StreamError {
  return new StreamError(
    'key-refused',
    `${host.authority} answered 401 to the key ${key.fingerprint}, although its validation says that the key is good: compare user name and hostname with Central's Streaming page, or download a new key there`,
    { status: 401 },
  )
}
