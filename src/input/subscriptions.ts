import { formatCount } from '../text.js'
import type { CheckedEntry } from './check-entry.js'
import type { InputEntry } from './entries.js'
import type { Checked, LoadOptions } from './load-input.js'

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

  constructor(found: Checked, options: SubscriptionsOptions) {
    this.#found = found
    this.#options = options
  }

  add({ subscriptions, enabled }: CheckedEntry, place: Place): void {
    const { entries, disabled } = this.#found
    for (const subscription of subscriptions) this.#checkLabel(subscription, place)
    if (!enabled) {
      disabled.push(...subscriptions.map(({ label }) => label))
      return
    }
    for (const subscription of subscriptions) this.#checkSame(subscription, place)
    const [first] = subscriptions
    if (first && !first.hostname) this.#withoutHost.push(place)
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
    const [first, ...others] = this.#withoutHost
    if (!needsHost || defaultHost || !first) return
    problems.add(() => {
      const more = others.length === 0 ? '' : ` (and of ${formatCount(others.length)} more)`
      return `${first()}.hostname: is missing${more}; expected --hostname HOST, or a "hostname" in each entry`
    })
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
    const credentials = client ? 'API client' : 'key'
    const which = label === name ? '' : ` "${topic}"`
    this.#found.warnings.add(
      () =>
        `${place()}: has the ${credentials} and topic${which} of ${first()}, so each message may come twice; remove one of them`,
    )
  }
}
