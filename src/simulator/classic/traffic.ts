import { isTopic, type Topic } from '../../classic/topics.js'
import type { Clock } from '../../clock.js'
import { getOrMake } from '../../maps.js'
import type { NextFrame } from '../feed.js'
import { seedOf } from '../random.js'
import { Site } from '../site.js'
import { encodeFrame, type Payload } from './encode.js'
import { audit, security } from './events.js'
import { monitoring } from './monitoring.js'
import { apprf, location, presence } from './people.js'

/** Makes the messages of a topic, one after another. */
export type MessageMaker = (moment: {
  readonly site: Site
  readonly customerId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Messages of the topic made before this one. */
  readonly count: number
}) => Payload

const MAKERS: Readonly<Record<Topic, MessageMaker>> = {
  apprf,
  audit,
  location,
  monitoring,
  presence,
  security,
}

type TrafficOptions = {
  /** 32 hex digits; every message carries it. */
  readonly customerId: string
  readonly clock: Pick<Clock, 'now'>
  /** The same seed, clock and calls give the same bytes. Default: made from the customer. */
  readonly seed?: number
}

/** The messages of the site of one customer. */
export class Traffic {
  readonly #customerId: string
  readonly #site: Site
  readonly #clock: Pick<Clock, 'now'>
  readonly #counts = new Map<Topic, number>()
  #lastNs = 0n

  constructor({ customerId, clock, seed = seedOf(customerId) }: TrafficOptions) {
    this.#customerId = customerId
    this.#site = new Site(seed)
    this.#clock = clock
  }

  /** The next message of a topic as a frame: the payload in its envelope. */
  next(topic: Topic): Uint8Array {
    const now = this.#clock.now()
    const count = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, count + 1)
    this.#site.advance(now)
    const payload = MAKERS[topic]({ site: this.#site, customerId: this.#customerId, now, count })
    const timestamp = String(this.#timestampNs(now))
    return encodeFrame(topic, payload, { timestamp, customer_id: this.#customerId })
  }

  /** Nanoseconds. Each timestamp is later than the one before, so that it identifies its message. */
  #timestampNs(now: number): bigint {
    const ns = BigInt(Math.floor(now)) * 1_000_000n
    this.#lastNs = ns > this.#lastNs ? ns : this.#lastNs + 1n
    return this.#lastNs
  }
}

/** The traffic of any customer of Classic, each with a site of its own. */
export function classicTraffic(clock: Pick<Clock, 'now'>): NextFrame {
  const customers = new Map<string, Traffic>()
  return (topic, customerId) => {
    if (!isTopic(topic)) throw new RangeError(`no traffic for ${topic}`)
    return getOrMake(customers, customerId, () => new Traffic({ customerId, clock })).next(topic)
  }
}
