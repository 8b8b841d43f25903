import { type Clock, systemClock, type Timer } from '../clock.js'
import type { Status } from '../connection/status.js'
import { type CustomerEntry, subscriptionId } from '../input/entries.js'
import type { LogFields, Logger } from '../log.js'
import { getOrMake } from '../maps.js'
import { serviceOf } from '../service.js'
import { listed } from '../text.js'
import { countOf, FEW } from './snapshot.js'
import { describeStatus, duration, logStatus, type StatusLine } from './status-line.js'

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
    const cluster = { name: host.authority + service, all, gaps: this.#gaps.get(own) }
    // Trouble counts all that have it by now, whenever it began. What is over is left out.
    const candidates = type === 'retrying' || type === 'refused' ? cluster.all : [...news]
    const [one, ...others] = candidates.filter((each) => eventOf(each) === key)
    if (one) {
      const { level, message, fields } = describeEvent([one, ...others], cluster)
      this.#log[level](message, fields)
    }
    if (type === 'open' && isWhole(cluster)) this.#gaps.delete(own)
    for (const { entry, status } of news) {
      if (status.type === 'ended') this.#known.delete(subscriptionId(entry))
    }
  }
}

/** A subscription and its last status that was more than an attempt. */
type Known = { entry: CustomerEntry; status: Status }

/** The gaps of those that came back since the cluster was whole, milliseconds. */
type Gaps = { readonly shortest: number; readonly longest: number; readonly count: number }

/** What is known of a cluster. */
type Cluster = {
  /** Its host, with the service where the host serves both. */
  readonly name: string
  readonly all: readonly Known[]
  readonly gaps: Gaps | undefined
}

/** A host that serves both services counts as two clusters. */
function clusterOf({ entry }: Known): string {
  return `${serviceOf(entry.topic)} ${entry.host.authority}`
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

/** Whether no subscription of a cluster is without a connection for a while. */
function isWhole({ all }: Cluster): boolean {
  return all.every(({ status }) => status.type !== 'retrying' && status.type !== 'connecting')
}

/** The line for subscriptions that are in one state for one reason. */
function describeEvent(subjects: readonly [Known, ...Known[]], cluster: Cluster): StatusLine {
  const [{ status, entry }] = subjects
  const isAlone = subjects.length === 1 && (cluster.gaps?.count ?? 0) <= 1
  if (isAlone && (status.type !== 'open' || isWhole(cluster))) {
    const line = describeStatus(status)
    return { ...line, fields: { ...line.fields, entry: entry.label } }
  }
  const { level, fields } = describeStatus(status)
  return {
    level,
    message: eventMessage(subjects, cluster),
    fields: { ...fields, ...eventFields(subjects, cluster) },
  }
}

function eventMessage(subjects: readonly [Known, ...Known[]], cluster: Cluster): string {
  const [{ status }] = subjects
  const { all, gaps } = cluster
  const [many, are] =
    subjects.length === 1 ? ['1 subscription', 'is'] : [`${subjects.length} subscriptions`, 'are']
  const open = countOf(all, 'open')
  const names = listed(subjects.map((each) => each.entry.label))
  // All of them need no names.
  const which = subjects.length === all.length ? '' : `: ${names}`
  switch (status.type) {
    case 'open':
      return status.reconnects === 0 || !gaps
        ? `${cluster.name} is connected: ${open} of ${all.length} subscriptions open`
        : `${cluster.name} answers again: ${open} of ${all.length} subscriptions open${retrying(all)}; gap ${lengths(gaps)}; messages of that time may be missing`
    case 'retrying':
      return `${status.cause.message}; ${subjects.length} of ${all.length} subscriptions ${are} trying again${which}`
    case 'refused':
      return `${status.cause.message}; ${many} ${are} refused${status.delayMs === undefined ? '' : ' and tried again every 10 min, or at once on SIGHUP'}: ${names}`
    case 'ended':
      return status.cause ? `ended: ${status.cause.message}; ${many}: ${names}` : `${many} ended`
    case 'connecting':
      return `${many} ${are} connecting`
  }
}

function retrying(all: readonly Known[]): string {
  const count = countOf(all, 'retrying')
  return count === 0 ? '' : `, ${count} ${count === 1 ? 'is' : 'are'} trying again`
}

function lengths({ shortest, longest }: Gaps): string {
  const [from, to] = [duration(shortest), duration(longest)]
  return from === to ? from : `${from} to ${to}`
}

/** With a code, a line is a repeat of an earlier one that has the same, and may be held back. */
function codeOf({ reconnects }: Extract<Status, { type: 'open' }>, cluster: Cluster) {
  // All are back: that is a line of its own, not a repeat of "some are back".
  if (isWhole(cluster)) return reconnects > 0 ? 'all-reconnected' : undefined
  return reconnects > 0 ? 'reconnected' : 'connected'
}

function eventFields(subjects: readonly [Known, ...Known[]], cluster: Cluster): LogFields {
  const [{ status, entry }] = subjects
  const subscriptions = subjects.length
  if (status.type === 'ended' && !status.cause) return { subscriptions }
  const service = serviceOf(entry.topic)
  // One host may serve both.
  const where = {
    host: entry.host.authority,
    service: service === 'classic' ? undefined : service,
  }
  if (status.type !== 'open') return { ...where, subscriptions }
  const longest = cluster.gaps && { gap_seconds: cluster.gaps.longest / 1000 }
  return {
    ...where,
    subscriptions: countOf(cluster.all, 'open'),
    ...longest,
    code: codeOf(status, cluster),
  }
}
