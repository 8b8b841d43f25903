import { untilAborted } from '../clock.js'
import { errorText, StreamError } from '../errors.js'
import type { Renewal } from '../input/save-keys.js'
import type { Logger } from '../log.js'
import { type Host, isSameHost } from '../net/host.js'
import type { Limiter } from '../net/limiter.js'
import type { Secret } from '../secret.js'
import { EntryKey, type KeyEntry } from './entry-key.js'
import { shareValidations, type Validate, withCircuitBreaker } from './validations.js'

type KeyStoreOptions = {
  /** Asks Central, see `validateKey`. */
  readonly validate: Validate
  /** Limits the validations under way. */
  readonly limiter: Limiter
  /** The keys that the input file holds now, by entry. Rejects if the file is wrong now. */
  readonly readKeys: () => Promise<ReadonlyMap<string, Secret>>
  /** Called when a key was found in the file and is used from now on. */
  readonly onPasted?: (name: string, key: Secret) => void
  /** Writes renewals into the input file. Logs what fails, and never throws. */
  readonly saveKeys: (renewals: readonly Renewal[]) => Promise<void>
  readonly log: Logger
}

/** The keys of all entries. */
export class KeyStore {
  readonly #options: KeyStoreOptions
  readonly #validate: Validate
  readonly #entries = new Set<EntryKey>()
  #reading: Promise<ReadonlyMap<string, Secret>> | undefined
  /** Renewals to be saved by the next rewrite. */
  #unsaved: Renewal[] = []
  #saving = Promise.resolve()
  #nextSave: Promise<void> | undefined

  constructor(options: KeyStoreOptions) {
    this.#options = options
    this.#validate = shareValidations(options.validate, options.limiter)
  }

  /**
   * Validates the keys of entries that are new or have changed, before they connect: one call for each
   * key and host. All renewals are saved at once. Where Central gives no answer, a warning is logged and
   * the key stays in use; a host that gave none to the first two keys is not asked for its others.
   * @throws the signal's reason as soon as it aborts
   */
  async open<Entry extends KeyEntry>(
    entries: readonly Entry[],
    signal: AbortSignal,
  ): Promise<{ readonly entry: Entry; readonly key: EntryKey }[]> {
    const unanswered: Unanswered[] = []
    const renewals: Renewal[] = []
    const validate = withCircuitBreaker(this.#validate, signal)
    const validateOne = async (own: EntryKey) => {
      const { host, name } = own
      const from = own.current()
      try {
        const validation = await validate(host, from)
        if (validation.type === 'renewed') renewals.push({ host, from, to: validation.key })
      } catch (error) {
        if (signal.aborted || !(error instanceof StreamError)) throw error
        if (error.retry) unanswered.push({ name, host, cause: error })
        else own.refusal = error
      }
    }
    const all = entries.map((entry) => ({ entry, key: this.add(entry) }))
    try {
      // All are asked in one tick, so that those with the same key share a call.
      await Promise.all(all.map(({ key }) => validateOne(key)))
      this.#warn(unanswered)
      const adopted = this.#adopt(renewals)
      if (adopted.length > 0) await untilAborted(this.#save(adopted), signal)
    } catch (error) {
      for (const { key } of all) key.close()
      throw error
    }
    return all
  }

  /** Adds an entry without validating its key. */
  add(entry: KeyEntry): EntryKey {
    const own = new EntryKey(entry, this)
    this.#entries.add(own)
    return own
  }

  /** The entry has ended. */
  remove(own: EntryKey): void {
    this.#entries.delete(own)
  }

  /** Finds another key for an entry whose key was refused: in the file, or at Central. */
  async replace(own: EntryKey, refused: Secret, signal: AbortSignal): Promise<void> {
    const { host } = own
    // Another entry with the same key has already replaced it.
    if (!own.current().equals(refused)) return
    if (await this.lookForPasted(own, signal)) return
    // It may also have replaced it while the file was being read.
    if (!own.current().equals(refused)) return
    const validation = await this.#validate(host, refused, signal)
    if (validation.type === 'accepted') throw goodButRefused(host, refused)
    const renewal = { host, from: refused, to: validation.key }
    const adopted = this.#adopt([renewal])
    if (adopted.length > 0) await this.#save(adopted)
    // A closed entry gets no renewals any more, but may still make this one try.
    if (own.current().equals(refused)) own.use(validation.key)
  }

  /** @returns whether the file holds another key, which is used from now on */
  async lookForPasted(own: EntryKey, signal: AbortSignal): Promise<boolean> {
    const pasted = await untilAborted(this.#keyInFile(own), signal)
    if (!pasted) return false
    // Another topic of the entry has taken it while the file was being read.
    if (own.hasUsed(pasted)) return true
    const { name } = own
    this.#options.log.info('the input file has another key now; it is used', {
      entry: name,
      key: own.current().fingerprint,
      replaced_by: pasted.fingerprint,
    })
    const old = own.current()
    // The other topics of the entry have the same key.
    for (const each of this.#entries) {
      if (each.name === name && each.current().equals(old)) each.use(pasted)
    }
    if (!own.current().equals(pasted)) own.use(pasted)
    this.#options.onPasted?.(name, pasted)
    return true
  }

  /** Another key than those that the entry has used so far. */
  async #keyInFile(own: EntryKey): Promise<Secret | undefined> {
    // A key of many entries is refused to all of them at once: the file is read once for all.
    this.#reading ??= this.#options.readKeys().finally(() => {
      this.#reading = undefined
    })
    try {
      const found = (await this.#reading).get(own.name)
      return found && !own.hasUsed(found) ? found : undefined
    } catch (error) {
      this.#options.log.debug(`cannot look for a new key in the input file: ${errorText(error)}`)
      return undefined
    }
  }

  /**
   * Gives the new keys to the entries that have the old ones.
   * @returns those that an entry has taken
   */
  #adopt(renewals: readonly Renewal[]): Renewal[] {
    const adopted: Adopted[] = []
    for (const renewal of renewals) {
      const { host, from, to } = renewal
      const holders = [...this.#entries].filter(
        (own) => isSameHost(own.host, host) && own.current().equals(from),
      )
      for (const own of holders) own.use(to)
      // Nobody has it where another entry with the same key was first.
      if (holders.length > 0) adopted.push({ renewal, subscriptions: holders.length })
    }
    this.#logAdopted(adopted)
    return adopted.map(({ renewal }) => renewal)
  }

  /** A few keys of a host have a line each, many have one together. */
  #logAdopted(adopted: readonly Adopted[]): void {
    const { log } = this.#options
    for (const host of new Set(adopted.map(({ renewal }) => renewal.host.authority))) {
      const here = adopted.filter(({ renewal }) => renewal.host.authority === host)
      const level = here.length <= FEW_KEYS ? 'info' : 'debug'
      for (const { renewal, subscriptions } of here) {
        const keys = { key: renewal.from.fingerprint, replaced_by: renewal.to.fingerprint }
        log[level]('Central has renewed a key', { host, ...keys, subscriptions })
      }
      if (level === 'debug') {
        const subscriptions = here.reduce((sum, each) => sum + each.subscriptions, 0)
        log.info(`Central has renewed ${here.length} keys`, { host, subscriptions })
      }
    }
  }

  /**
   * Saves one batch at a time: what comes while the file is being written goes into the next one, so
   * that a thousand renewals at once are a few rewrites.
   */
  #save(renewals: readonly Renewal[]): Promise<void> {
    this.#unsaved.push(...renewals)
    this.#nextSave ??= this.#saving.then(() => {
      const batch = this.#unsaved
      this.#unsaved = []
      this.#nextSave = undefined
      this.#saving = this.#options.saveKeys(batch)
      return this.#saving
    })
    return this.#nextSave
  }

  /** One line for each host and kind of trouble, however many keys it has. */
  #warn(unanswered: readonly Unanswered[]): void {
    const groups = new Map<string, Unanswered[]>()
    for (const each of unanswered) {
      const kind = `${each.host.authority} ${each.cause.code}`
      groups.set(kind, [...(groups.get(kind) ?? []), each])
    }
    for (const group of groups.values()) {
      const [first] = group
      if (!first) continue
      const { name, host, cause } = first
      this.#options.log.warn(
        `keys could not be validated and are tried as they are: ${cause.message}`,
        group.length === 1
          ? { entry: name, code: cause.code }
          : { host: host.authority, subscriptions: group.length, code: cause.code },
      )
    }
  }
}

/** So many renewed keys of a host are logged one by one. */
const FEW_KEYS = 3

/** A renewal, and how many entries have taken it. */
type Adopted = { readonly renewal: Renewal; readonly subscriptions: number }

type Unanswered = { readonly name: string; readonly host: Host; readonly cause: StreamError }

/** Validation and handshake contradict each other. This counts as temporary, and is tried again. */
function goodButRefused(host: Host, key: Secret): StreamError {
  return new StreamError(
    'still-unauthorized',
    `${host.authority} answered 401 to the key ${key.fingerprint}, although its validation says that the key is good: compare user name and hostname with Central's Streaming page, or download a new key there`,
    { status: 401 },
  )
}
