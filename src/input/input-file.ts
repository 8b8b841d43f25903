import type { Logger } from '../log.js'
import { type Host, isSameHost } from '../net/host.js'
import type { Secret } from '../secret.js'
import { type CustomerEntry, diffEntries, type EntryChanges, withHost } from './entries.js'
import type { LockOwner } from './file-lock.js'
import { loadInput } from './load-input.js'
import type { Renewal } from './rewrite.js'
import { saveKeys } from './save-keys.js'

export type InputFileOptions = {
  readonly path: string
  /** The host of entries that name none. */
  readonly host: Host
  readonly log: Logger
  /** Ends the wait for a pipe. */
  readonly signal: AbortSignal
  /** This process, for the lock while the file is rewritten. */
  readonly owner: LockOwner
}

/** The input file: its entries as this process last read or wrote them. */
export class InputFile {
  #entries: readonly CustomerEntry[] = []
  #last: Promise<void> = Promise.resolve()
  readonly #options: InputFileOptions

  constructor(options: InputFileOptions) {
    this.#options = options
  }

  /**
   * Reads the file, and says what is different from what was last read or written.
   * @param accept may throw where the program cannot do what the file asks for
   * @throws StreamError `input-invalid`, or what `accept` throws; the entries are then as they were
   */
  read(accept: (changes: EntryChanges) => void): Promise<EntryChanges> {
    return this.#alone(async () => {
      const { path, host, log, signal } = this.#options
      const { entries, warnings } = await loadInput(path, { signal })
      for (const warning of warnings) log.warn(warning)
      const now = withHost(entries, host)
      const changes = diffEntries(this.#entries, now)
      accept(changes)
      this.#entries = now
      return changes
    })
  }

  /** The keys that the file holds now, by entry; but for one that is for another host by now. */
  async keys(): Promise<ReadonlyMap<string, Secret>> {
    const { path, host, signal } = this.#options
    const { entries } = await loadInput(path, { signal })
    const hosts = new Map(this.#entries.map((entry) => [entry.name, entry.host]))
    const keys = new Map<string, Secret>()
    for (const entry of withHost(entries, host)) {
      const known = hosts.get(entry.name)
      if (known && isSameHost(known, entry.host)) keys.set(entry.name, entry.key)
    }
    return keys
  }

  /** Takes note that an entry uses the key that the file holds now: it has not changed any more. */
  noteKey(name: string, key: Secret): void {
    this.#entries = this.#entries.map((entry) => (entry.name === name ? { ...entry, key } : entry))
  }

  /** Writes renewed keys; where that cannot be done, a warning says so and why. */
  save(renewals: readonly Renewal[]): Promise<void> {
    return this.#alone(() => this.#save(renewals))
  }

  /** Resolves when nothing is being read or written: a rewrite must not be cut off by the end. */
  settled(): Promise<void> {
    return this.#alone(async () => {})
  }

  async #save(renewals: readonly Renewal[]): Promise<void> {
    const { path, host, log, owner } = this.#options
    const result = await saveKeys({
      path,
      renewals,
      owner,
      defaultHost: host,
    })
    if (result.type === 'failed') {
      log.warn(`${path}: ${result.reason}; the renewed keys serve this run alone`)
      return
    }
    if (result.written) log.info(`${path}: holds the renewed keys now`)
    this.#entries = this.#entries.map((entry) => withRenewal(entry, renewals))
  }

  /** Reading and writing one after the other: what was read before a rewrite is no change after it. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.then(
      () => {},
      () => {},
    )
    return done
  }
}

function withRenewal(entry: CustomerEntry, renewals: readonly Renewal[]): CustomerEntry {
  const renewal = renewals.find(
    ({ host, from }) => isSameHost(host, entry.host) && from.equals(entry.key),
  )
  return renewal ? { ...entry, key: renewal.to } : entry
}
