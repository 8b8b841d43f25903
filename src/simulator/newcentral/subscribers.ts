import type { Clock } from '../../clock.js'
import { getOrMake } from '../../maps.js'
import type { Broadcast } from '../service.js'
import type { NewCentralSettings } from '../settings.js'
import type { CentralSocket } from '../socket.js'
import type { Account, AccountLine, Outcome, SubscriberName } from './account.js'
import { readEvent } from './cloud-event.js'

/** So long an event waits for its subscriber. */
const QUEUE_MS = 15 * 60_000
/** Connections without the header share under this id. */
const DEFAULT_ID = 'default'

/** Event types to send; undefined: all. */
export type EventTypes = ReadonlySet<string> | undefined

type Event = {
  /** Counts all events from 1: their order. */
  readonly seq: number
  readonly at: number
  readonly id: string
  readonly type: string
  readonly frame: Uint8Array | string
  isQueued: boolean
}

type Member = { readonly socket: CentralSocket; readonly types: EventTypes }

/** The connections of one id on one topic of one customer, which share its events. */
type Subscriber = SubscriberName & {
  readonly members: Set<Member>
  /** In order. */
  queue: Event[]
  /** The last events that were sent, for repeats. */
  recent: Event[]
  /** Of the last connection that ended. */
  types: EventTypes
  /** When the last connection ended, and whether its client closed it in order. */
  left: { readonly at: number; readonly cleanly: boolean } | undefined
}

type SubscribersOptions = {
  readonly settings: () => NewCentralSettings
  readonly account: Account
  readonly clock: Pick<Clock, 'now'>
  readonly random: () => number
}

/** Gives each event to one connection of each subscriber id, or keeps it for that id. */
export class Subscribers {
  readonly #options: SubscribersOptions
  readonly #all = new Map<string, Subscriber>()
  #seq = 0

  constructor(options: SubscribersOptions) {
    this.#options = options
  }

  /** Sends to a new socket what has waited for it, and from now on its share. */
  join(socket: CentralSocket, types: EventTypes): void {
    const { queue, duplicates } = this.#options.settings()
    this.#prune()
    const own = this.#subscriberOf(socket)
    const member = { socket, types }
    const isBack = own.members.size === 0 && own.left?.cleanly === false
    own.members.add(member)
    own.left = undefined
    socket.ended.then(({ code, byServer }) => {
      this.#leave(own, member, !byServer && code !== 1006)
    })
    const repeats = isBack && duplicates > 0 ? own.recent.slice(-duplicates) : []
    for (const event of repeats) {
      socket.send(event.frame)
      this.#note(own, event, 'repeated', { socket })
    }
    for (const each of this.#all.values()) {
      if (each !== own && (queue !== 'any' || !isAbandoned(each, own))) continue
      for (const event of each.queue.splice(0)) this.#give(each, event, () => true, own.members)
    }
  }

  /** @returns how many sockets got the frame */
  async broadcast({ topic, frame, customerId, when }: Broadcast): Promise<number> {
    this.#prune()
    this.#seq += 1
    const event = { ...readEvent(frame), seq: this.#seq, at: this.#options.clock.now(), frame }
    const meant = [...this.#all.values()].filter(
      (each) => each.topic === topic && (customerId ?? each.customerId) === each.customerId,
    )
    const given = meant.map((each) => this.#give(each, { ...event, isQueued: false }, when))
    return (await Promise.all(given)).filter(Boolean).length
  }

  /** Takes out of the queues what has waited for too long, and forgets ids that are gone for so long. */
  #prune(): void {
    const end = this.#options.clock.now() - QUEUE_MS
    for (const [key, each] of this.#all) {
      while (each.queue[0] !== undefined && each.queue[0].at < end) {
        this.#lose(each, each.queue.splice(0, 1), 'over 15 minutes')
      }
      if (each.left === undefined || each.left.at >= end) continue
      this.#lose(each, each.queue, 'over 15 minutes')
      this.#all.delete(key)
    }
  }

  /** @returns whether a socket got it */
  async #give(
    subscriber: Subscriber,
    event: Event,
    when: Broadcast['when'],
    members: ReadonlySet<Member> = subscriber.members,
    tried = new Set<Member>(),
  ): Promise<boolean> {
    const open = [...members].filter((each) => each.socket.open && !tried.has(each))
    if (open.length === 0) {
      this.#keep(subscriber, event)
      return false
    }
    const willing = open.filter(({ socket, types }) => accepts(types, event) && when(socket))
    const member = willing[Math.floor(this.#options.random() * willing.length)]
    if (member === undefined) {
      this.#note(subscriber, event, 'filtered')
      return false
    }
    if (await member.socket.send(event.frame)) {
      this.#note(subscriber, event, 'sent', { socket: member.socket })
      const { duplicates } = this.#options.settings()
      if (duplicates > 0) subscriber.recent = [...subscriber.recent, event].slice(-duplicates)
      return true
    }
    // The connection ended before all of the frame had left this process.
    return this.#give(subscriber, event, when, members, tried.add(member))
  }

  #keep(subscriber: Subscriber, event: Event): void {
    const { queue, clean_close } = this.#options.settings()
    if (subscriber.members.size === 0 && !accepts(subscriber.types, event)) {
      this.#note(subscriber, event, 'filtered')
    } else if (queue === 'none') this.#lose(subscriber, [event], 'no queue')
    else if (subscriber.left?.cleanly && clean_close === 'lost') {
      this.#lose(subscriber, [event], 'closed cleanly')
    } else {
      if (!event.isQueued) this.#note(subscriber, event, 'queued')
      const place = subscriber.queue.findLastIndex(({ seq }) => seq < event.seq) + 1
      subscriber.queue.splice(place, 0, event)
    }
  }

  #leave(subscriber: Subscriber, member: Member, cleanly: boolean): void {
    subscriber.members.delete(member)
    if (subscriber.members.size > 0) return
    subscriber.types = member.types
    subscriber.left = { at: this.#options.clock.now(), cleanly }
    if (!cleanly) return
    subscriber.recent = []
    if (this.#options.settings().clean_close === 'lost') {
      this.#lose(subscriber, subscriber.queue.splice(0), 'closed cleanly')
    }
  }

  #lose(subscriber: Subscriber, events: readonly Event[], reason: AccountLine['reason']): void {
    for (const event of events) this.#note(subscriber, event, 'lost', { reason })
  }

  #note(
    { customerId, topic, subscriberId }: Subscriber,
    event: Event,
    outcome: Outcome,
    { socket, reason }: { socket?: CentralSocket; reason?: AccountLine['reason'] } = {},
  ): void {
    const name = { customerId, topic, subscriberId }
    const more = { ...(socket && { socket }), ...(reason && { reason }) }
    const { id, type, isQueued } = event
    event.isQueued = outcome === 'queued'
    this.#options.account.add({ ...name, id, type, outcome, ...more }, isQueued)
  }

  #subscriberOf({ topic, customerId, subscriberId = DEFAULT_ID }: CentralSocket): Subscriber {
    const key = `${customerId}/${topic}/${subscriberId}`
    return getOrMake(this.#all, key, () => ({
      ...{ customerId, topic, subscriberId },
      ...{ members: new Set<Member>(), queue: [], recent: [], types: undefined, left: undefined },
    }))
  }
}

/** Whether another id of the same stream has no connection. */
function isAbandoned(each: Subscriber, own: Subscriber): boolean {
  const isSame = each.topic === own.topic && each.customerId === own.customerId
  return isSame && each.members.size === 0
}

function accepts(types: EventTypes, { type }: Event): boolean {
  return types === undefined || types.has(type)
}
