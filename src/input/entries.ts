import { type Host, isSameHost } from '../net/host.js'
import type { Secret } from '../secret.js'
import type { AnyTopic } from '../stream-record.js'

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
  /** Undefined: HPE's. */
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
