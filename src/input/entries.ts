import { type Host, isSameHost } from '../net/host.js'
import type { Secret } from '../secret.js'
import type { AnyTopic } from '../service.js'
import { formatCount } from '../text.js'
import type { CheckedEntry } from './check-entry.js'
import type { EntryRules } from './entry-rules.js'
import type { Checked, LoadOptions } from './load-input.js'

/** One subscription of the input file: one topic of one entry. The pair of both is unique. */
export type InputEntry<T extends AnyTopic = AnyTopic> = {
  /** The user's name for the entry; `customer` in records and metrics. */
  readonly name: string
  readonly topic: T
  /**
   * One word for both, in the log and in names of files: the name, for an entry with `topics` followed
   * by `.TOPIC`. Unique, too.
   */
  readonly label: string
  /** Undefined where the file has none, or an empty one: no `UserName` header is sent. */
  readonly username: string | undefined
  /** The WSS key, or the secret of the API client. */
  readonly key: Secret
  /** The cluster of this entry, where it is not that of `--hostname`. */
  readonly hostname: Host | undefined
  /** Of an entry of New Central. */
  readonly client?: ApiClient | undefined
}

/** What an entry of New Central has besides the secret of its API client. */
export type ApiClient = {
  readonly id: string
  /** Default: that of HPE. */
  readonly tokenUrl: URL | undefined
  /** Full names of the events to get; empty: all. */
  readonly eventTypes: readonly string[]
  /** In place of the derived one. */
  readonly subscriberId: string | undefined
  /** In place of the topic's. */
  readonly path: string | undefined
}

/** An entry that knows where to connect. */
export type CustomerEntry<T extends AnyTopic = AnyTopic> = InputEntry<T> & { readonly host: Host }

/** Gives each entry its host: its own, or the default. The file was checked: one of them is there. */
export function withHost(
  entries: readonly InputEntry[],
  defaultHost: Host | undefined,
): CustomerEntry[] {
  return entries.flatMap((entry) => {
    const host = entry.hostname ?? defaultHost
    return host ? [{ ...entry, host }] : []
  })
}

/** What tells one subscription from all others. No topic holds a blank. */
export function subscriptionId({ name, topic }: Pick<InputEntry, 'name' | 'topic'>): string {
  return `${topic} ${name}`
}

/** The difference between two readings of the file. Subscriptions are matched by entry and topic. */
export type EntryChanges = {
  readonly added: CustomerEntry[]
  readonly removed: CustomerEntry[]
  /** As they are now. */
  readonly changed: CustomerEntry[]
  readonly same: CustomerEntry[]
}

/** Compares subscriptions by credentials, host and what else they ask for, in any order. */
export function diffEntries(
  before: readonly CustomerEntry[],
  after: readonly CustomerEntry[],
): EntryChanges {
  const old = new Map(before.map((entry) => [subscriptionId(entry), entry]))
  const kept = new Set(after.map(subscriptionId))
  const changes: EntryChanges = {
    added: [],
    removed: before.filter((entry) => !kept.has(subscriptionId(entry))),
    changed: [],
    same: [],
  }
  for (const entry of after) {
    const was = old.get(subscriptionId(entry))
    if (was === undefined) changes.added.push(entry)
    else if (isSame(was, entry)) changes.same.push(entry)
    else changes.changed.push(entry)
  }
  return changes
}

function isSame(a: CustomerEntry, b: CustomerEntry): boolean {
  return (
    a.label === b.label &&
    a.username === b.username &&
    a.key.equals(b.key) &&
    isSameHost(a.host, b.host) &&
    // Texts and lists of texts, and URLs, which JSON shows whole.
    JSON.stringify(a.client) === JSON.stringify(b.client)
  )
}

type SubscriptionsOptions = Pick<LoadOptions, 'defaultHost' | 'needsHost'>

/** Makes the place of an entry, when there is something to report. */
type Place = () => string

/** Collects the subscriptions of a file, and checks each against those before it. */
export class Subscriptions {
  readonly #found: Checked
  readonly #options: SubscriptionsOptions
  /** The place of the first entry, by label. */
  readonly #labels = new Map<string, Place>()
  /** The place of the first entry, by what it subscribes to and with which credentials. */
  readonly #same = new Map<string, Place>()
  readonly #withoutHost: Place[] = []
  /** The service of those, with the first one's place. */
  readonly #onDefault = new Map<EntryRules, Place>()

  constructor(found: Checked, options: SubscriptionsOptions) {
    this.#found = found
    this.#options = options
  }

  add({ subscriptions, enabled, service }: CheckedEntry, place: Place): void {
    const { entries, disabled } = this.#found
    for (const subscription of subscriptions) this.#checkLabel(subscription, place)
    if (!enabled) {
      disabled.push(...subscriptions.map(({ label }) => label))
      return
    }
    for (const subscription of subscriptions) this.#checkSame(subscription, place)
    const [first] = subscriptions
    if (first && !first.hostname) {
      this.#withoutHost.push(place)
      if (service && !this.#onDefault.has(service)) this.#onDefault.set(service, place)
    }
    entries.push(...subscriptions)
  }

  /** All entries were added. */
  end(): void {
    const { entries, disabled, problems } = this.#found
    const { defaultHost, needsHost = false } = this.#options
    if (problems.count === 0 && entries.length === 0 && disabled.length > 0) {
      problems.add(
        () => 'customers: every entry has "enabled": false; expected at least one that is enabled',
      )
    }
    if (defaultHost) this.#checkDefault(defaultHost)
    const [first, ...others] = this.#withoutHost
    if (!needsHost || defaultHost || !first) return
    problems.add(() => {
      const more = others.length === 0 ? '' : ` (and of ${formatCount(others.length)} more)`
      return `${first()}.hostname: is missing${more}; expected --hostname HOST, or a "hostname" in each entry`
    })
  }

  /** An input file of both services needs a host for each: one of them is not that of `--hostname`. */
  #checkDefault(host: Host): void {
    for (const [service, place] of this.#onDefault) {
      const doubt = service.doubt(host)
      if (doubt === undefined) continue
      const { name } = service
      this.#found.warnings.add(
        () => `${place()}: is an entry of ${name} without a "hostname", and --hostname ${doubt}`,
      )
    }
  }

  #checkLabel({ label, topic }: InputEntry, place: Place): void {
    const first = this.#labels.get(label)
    this.#labels.set(label, first ?? place)
    if (!first || first() === place()) return
    this.#found.problems.add(
      () =>
        `${place()}: its topic ${topic} comes out with the name "${label}", as a topic of ${first()} does; rename one of them`,
    )
  }

  #checkSame({ name, label, topic, key, hostname, client }: InputEntry, place: Place): void {
    const { authority } = hostname ?? this.#options.defaultHost ?? { authority: '' }
    const id = JSON.stringify([
      ...[key.reveal(), topic, authority],
      ...[client?.id, client?.eventTypes, client?.subscriberId],
    ])
    const first = this.#same.get(id)
    this.#same.set(id, first ?? place)
    if (!first) return
    const which = `topic${label === name ? '' : ` "${topic}"`}`
    const [what, effect] =
      client?.subscriberId === undefined
        ? [`${client ? 'API client' : 'key'} and ${which}`, 'may come twice']
        : [`API client, ${which} and subscriber_id`, 'comes to one of them alone']
    this.#found.warnings.add(
      () =>
        `${place()}: has the ${what} of ${first()}, so each message ${effect}; remove one of them`,
    )
  }
}
