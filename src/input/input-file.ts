import type { Readable } from 'node:stream'
import { StreamError } from '../errors.js'
import type { Logger } from '../log.js'
import { type Host, isSameHost } from '../net/host.js'
import type { Secret } from '../secret.js'
import { listed } from '../text.js'
import { type CustomerEntry, diffEntries, type EntryChanges, withHost } from './entries.js'
import type { EntryRules } from './entry-rules.js'
import type { LockOwner } from './file-lock.js'
import { type LoadedInput, loadInput, shownPath } from './load-input.js'
import { type Renewal, saveKeys } from './save-keys.js'

type InputFileOptions = {
  /** `-` is stdin. */
  readonly path: string
  readonly stdin: () => Readable
  /** One for each service that entries may be of. */
  readonly services: readonly EntryRules[]
  /** The host of entries that name none; undefined: each must name one. */
  readonly host: Host | undefined
  readonly log: Logger
  /** Ends the wait for the writer of a pipe. */
  readonly signal: AbortSignal
  /** This process, for the lock while the file is rewritten. */
  readonly owner: LockOwner
}

/** The input file: its entries as this process last read or wrote them. */
export class InputFile {
  #entries: readonly CustomerEntry[] = []
  #last: Promise<void> = Promise.resolve()
  #wasRead = false
  /** The warning that renewals cannot be written to stdin was logged. */
  #hasWarned = false
  readonly #options: InputFileOptions

  constructor(options: InputFileOptions) {
    this.#options = options
  }

  /**
   * Reads the file, and returns what has changed since it was last read or written.
   * @param accept may throw where the program cannot do what the file asks for
   * @throws StreamError `input-invalid`, or what `accept` throws; the entries are then as they were
   */
  read(accept: (changes: EntryChanges) => void): Promise<EntryChanges> {
    return this.#alone(async () => {
      const { host, log } = this.#options
      if (this.#isStdin && this.#wasRead) throw readBefore()
      const { entries, disabled, warnings } = await this.#load()
      this.#wasRead = true
      for (const warning of warnings) log.warn(warning)
      if (disabled.length > 0) {
        log.info(`entries are disabled and not streamed: ${listed(disabled)}`)
      }
      const now = withHost(entries, host)
      const changes = diffEntries(this.#entries, now)
      accept(changes)
      this.#entries = now
      return changes
    })
  }

  /** The keys that the file holds now, by entry. Entries that have another host now are left out. */
  async keys(): Promise<ReadonlyMap<string, Secret>> {
    const { host } = this.#options
    if (this.#isStdin) return new Map(this.#entries.map(({ name, key }) => [name, key]))
    const { entries } = await this.#load()
    const hosts = new Map(this.#entries.map((entry) => [entry.name, entry.host]))
    const keys = new Map<string, Secret>()
    for (const entry of withHost(entries, host)) {
      const known = hosts.get(entry.name)
      if (known && isSameHost(known, entry.host)) keys.set(entry.name, entry.key)
    }
    return keys
  }

  /** Notes that an entry uses the key that the file holds now: the next reading finds no change. */
  noteKey(name: string, key: Secret): void {
    this.#entries = this.#entries.map((entry) => (entry.name === name ? { ...entry, key } : entry))
  }

  /** Writes renewed keys. Where that fails, a warning says why. */
  save(renewals: readonly Renewal[]): Promise<void> {
    return this.#alone(() => this.#save(renewals))
  }

  /** Resolves when nothing is being read or written, so that the end does not cut a rewrite off. */
  settled(): Promise<void> {
    return this.#alone(async () => {})
  }

  get #isStdin(): boolean {
    return this.#options.path === '-'
  }

  #load(): Promise<LoadedInput> {
    const { path, host: defaultHost, stdin, services, signal } = this.#options
    return loadInput(path, { stdin, services, defaultHost, needsHost: true, signal })
  }

  async #save(renewals: readonly Renewal[]): Promise<void> {
    const { path, host: defaultHost, log, owner, services } = this.#options
    const shown = shownPath(path)
    if (this.#isStdin) {
      if (!this.#hasWarned) {
        log.warn(`${shown}: renewed keys cannot be written back; they serve this run alone`)
      }
      this.#hasWarned = true
    } else {
      const secrets = services.flatMap((each) => each.properties).filter(({ secret }) => secret)
      const properties = secrets.map(({ name }) => name)
      const result = await saveKeys({ path, renewals, owner, defaultHost, properties })
      if (result.type === 'failed') {
        log.warn(`${shown}: ${result.reason}; the renewed keys serve this run alone`)
        return
      }
      if (result.written) log.info(`${shown}: holds the renewed keys now`)
    }
    this.#entries = this.#entries.map((entry) => withRenewal(entry, renewals))
  }

  /** Reads and writes one after the other: a rewrite by this program must not look like a change. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.then(
      () => {},
      () => {},
    )
    return done
  }
}

function readBefore(): StreamError {
  return new StreamError(
    'input-invalid',
    'stdin: was read to its end at the start and cannot be read again; use a file to change entries',
  )
}

function withRenewal(entry: CustomerEntry, renewals: readonly Renewal[]): CustomerEntry {
  const renewal = renewals.find(
    ({ host, from }) => isSameHost(host, entry.host) && from.equals(entry.key),
  )
  return renewal ? { ...entry, key: renewal.to } : entry
}
