import { type Clock, systemClock, type Timer } from '../clock.js'
import type { Status } from '../connection/status.js'
import { type CustomerEntry, subscriptionId } from '../input/entries.js'
import type { Logger } from '../log.js'
import { getOrMake } from '../maps.js'
import { serviceOf } from '../service.js'
import { clusterOf, describeEvent, type Gaps, isWhole, type Known } from './cluster-line.js'
import { FEW } from './snapshot.js'
import { describeStatus, logStatus } from './status-line.js'

/** An event is logged once nothing has been added to it for this long. */
const QUIET_MS = 1000
/** It waits no longer than this in all. */
const MOST_MS = 3000

const SERVICE_NAMES = { classic: 'Classic Central', newcentral: 'New Central' } as const

/** What happens to subscriptions of one cluster for one reason. */
type Event = {
  readonly type: Status['type']
  readonly firstMs: number
  lastMs: number
  /** The subscriptions that it has happened to since the last line. */
  readonly news: Set<Known>
}

/**
 * Logs what happens to the subscriptions. Where there are few, each has lines of its own. Where there are
 * many, a line is about an event: it counts the subscriptions of a cluster that are in one state for one
 * reason. What happens to each of them is logged at debug then.
 */
export class StatusLog {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()
  readonly #events = new Map<string, Event>()
  /** By cluster: the gaps of those that came back, until all are back. */
  readonly #gaps = new Map<string, Gaps>()
  /** Clusters whose last count was not of all: another one is due. */
  readonly #counted = new Set<string>()
  readonly #stopping: AbortSignal | undefined
  #timer: Timer

  /** @param stopping the program is asked to end: the counters tell of each subscription that does */
  constructor(log: Logger, stopping?: AbortSignal, clock = systemClock) {
    this.#log = log
    this.#stopping = stopping
    this.#clock = clock
  }

  /** Takes the new status of a subscription. */
  change(entry: CustomerEntry, status: Status): void {
    const id = subscriptionId(entry)
    const known = this.#known.get(id) ?? { entry, status }
    known.entry = entry
    // An attempt is no state of its own.
    if (status.type !== 'connecting') known.status = status
    this.#known.set(id, known)
    if (this.#stopping?.aborted && status.type === 'ended' && !status.cause) {
      this.#log.debug('ended', { entry: entry.label })
    } else if (this.#known.size > FEW) {
      this.#log.debug(describeStatus(status).message, { entry: entry.label })
      if (status.type !== 'connecting') this.#addToEvent(known)
    } else {
      logStatus(this.#log.child({ entry: entry.label }), status)
      if (status.type === 'ended') this.#known.delete(id)
    }
  }

  /** Logs what waits. Call it at the end. */
  close(): void {
    this.#clock.clearTimeout(this.#timer)
    for (const [key, event] of this.#events) this.#write(key, event)
  }

  #addToEvent(known: Known): void {
    const key = eventOf(known)
    const nowMs = this.#clock.elapsed()
    const { status } = known
    const { type } = status
    const begin = () => ({ type, firstMs: nowMs, lastMs: nowMs, news: new Set<Known>() })
    const event = getOrMake(this.#events, key, begin)
    event.lastMs = nowMs
    event.news.add(known)
    if (status.type === 'open' && status.reconnects > 0) this.#addGap(known, status.gapMsBefore)
    this.#timer ??= this.#clock.setTimeout(this.#writeDue, QUIET_MS)
  }

  #addGap(known: Known, gapMs: number): void {
    const cluster = clusterOf(known)
    const before = this.#gaps.get(cluster)
    this.#gaps.set(cluster, {
      shortest: Math.min(before?.shortest ?? gapMs, gapMs),
      longest: Math.max(before?.longest ?? gapMs, gapMs),
      count: (before?.count ?? 0) + 1,
    })
  }

  readonly #writeDue = () => {
    const nowMs = this.#clock.elapsed()
    for (const [key, event] of this.#events) {
      const isDue = nowMs - event.lastMs >= QUIET_MS || nowMs - event.firstMs >= MOST_MS
      if (isDue) this.#write(key, event)
    }
    this.#timer =
      this.#events.size > 0 ? this.#clock.setTimeout(this.#writeDue, QUIET_MS) : undefined
  }

  #write(key: string, { type, news }: Event): void {
    this.#events.delete(key)
    const [first] = news
    if (!first) return
    const own = clusterOf(first)
    const { host, topic } = first.entry
    const isOnHost = ({ entry }: Known) => entry.host.authority === host.authority
    const onHost = [...this.#known.values()].filter(isOnHost)
    const all = onHost.filter((each) => clusterOf(each) === own)
    const service = all.length < onHost.length ? ` (${SERVICE_NAMES[serviceOf(topic)]})` : ''
    const cluster = {
      name: host.authority + service,
      all,
      gaps: this.#gaps.get(own),
      counted: this.#counted.has(own),
    }
    // Trouble counts all that have it by now, whenever it began. What is over is left out.
    const candidates = type === 'retrying' || type === 'refused' ? cluster.all : [...news]
    const [one, ...others] = candidates.filter((each) => eventOf(each) === key)
    if (one) {
      const { level, message, fields } = describeEvent([one, ...others], cluster)
      this.#log[level](message, fields)
    }
    if (type === 'open' && isWhole(cluster)) {
      this.#gaps.delete(own)
      this.#counted.delete(own)
    } else if (type === 'open' && one) this.#counted.add(own)
    for (const { entry, status } of news) {
      if (status.type === 'ended') this.#known.delete(subscriptionId(entry))
    }
  }
}

/**
 * Which event the status of a subscription belongs to. A refusal says which key or topic it is about, so
 * the message tells two events apart; other trouble is that of the whole cluster.
 */
function eventOf(known: Known): string {
  const { type } = known.status
  const cause = 'cause' in known.status ? known.status.cause : undefined
  if (type === 'ended' && !cause) return type
  return JSON.stringify([
    clusterOf(known),
    type,
    type === 'retrying' ? cause?.code : cause?.message,
  ])
}
