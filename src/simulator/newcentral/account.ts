import { getOrMake } from '../../maps.js'
import type { CentralSocket } from '../socket.js'

/** What became of an event for one subscriber id. */
export type Outcome =
  /** The kernel has taken it for a socket. */
  | 'sent'
  /** It was sent once more after a reconnect. */
  | 'repeated'
  /** No open connection of the id asks for its type. */
  | 'filtered'
  /** It waits for a connection of its id. */
  | 'queued'
  /** Nobody gets it. */
  | 'lost'

/** The subscribers with one id on one topic of one customer. */
export type SubscriberName = {
  readonly customerId: string
  readonly topic: string
  readonly subscriberId: string
}

export type AccountLine = SubscriberName & {
  /** The event's id; empty where the frame has none. */
  readonly id: string
  readonly type: string
  readonly outcome: Outcome
  /** The socket that it was sent to. */
  readonly socket?: CentralSocket
  /** Why it is lost. */
  readonly reason?: 'no queue' | 'closed cleanly' | 'over 15 minutes'
}

/** `queued`: so many wait now; `fromQueue`: so many of those sent had waited. */
type Counts = Readonly<Record<Outcome | 'fromQueue', number>>

const NOTHING: Counts = { sent: 0, repeated: 0, filtered: 0, queued: 0, lost: 0, fromQueue: 0 }

/** What was sent to whom, what waits, and what was lost. */
export class Account {
  /** Every outcome so far, in order, if lines are kept; long runs may empty it. */
  readonly lines: AccountLine[] = []
  readonly #keepsLines: boolean
  readonly #counts = new Map<string, SubscriberName & { counts: Record<keyof Counts, number> }>()

  constructor(keepsLines: boolean) {
    this.#keepsLines = keepsLines
  }

  add(line: AccountLine, wasQueued: boolean): void {
    const { customerId, topic, subscriberId, outcome } = line
    const key = `${customerId}/${topic}/${subscriberId}`
    const begin = () => ({ customerId, topic, subscriberId, counts: { ...NOTHING } })
    const { counts } = getOrMake(this.#counts, key, begin)
    counts[outcome] += 1
    if (wasQueued) counts.queued -= 1
    if (wasQueued && outcome === 'sent') counts.fromQueue += 1
    if (this.#keepsLines) this.lines.push(line)
  }

  /** The counts of each subscriber id. */
  get subscribers(): readonly (SubscriberName & { readonly counts: Counts })[] {
    return [...this.#counts.values()]
  }

  /** The sum of the selected subscribers. */
  counts(selection: Partial<SubscriberName> = {}): Counts {
    const sum: Record<keyof Counts, number> = { ...NOTHING }
    for (const entry of this.#counts.values()) {
      if (!agrees(entry, selection)) continue
      for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += entry.counts[name]
    }
    return sum
  }

  /** The ids of the events with this outcome, in order, if lines are kept. */
  ids(outcome: Outcome, selection: Partial<SubscriberName> = {}): string[] {
    return this.lines
      .filter((line) => line.outcome === outcome && agrees(line, selection))
      .map(({ id }) => id)
  }
}

function agrees(name: SubscriberName, selection: Partial<SubscriberName>): boolean {
  const given = Object.keys(selection) as (keyof SubscriberName)[]
  return given.every((each) => selection[each] === undefined || selection[each] === name[each])
}
