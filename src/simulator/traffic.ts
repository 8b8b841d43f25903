import type { Topic } from '../classic/topics.js'
import { encodeFrame } from './encode.js'
import { apprf } from './messages/apprf.js'
import { audit } from './messages/audit.js'
import { location } from './messages/location.js'
import { monitoring } from './messages/monitoring.js'
import type { MessageMaker } from './messages/payload.js'
import { presence } from './messages/presence.js'
import { security } from './messages/security.js'
import { seedOf } from './random.js'
import { Site } from './site.js'

const MAKERS: Readonly<Record<Topic, MessageMaker>> = {
  apprf,
  audit,
  location,
  monitoring,
  presence,
  security,
}

export type TrafficOptions = {
  /** 32 hex digits; every message carries it. */
  readonly customerId: string
  /** Managed service provider; default none. */
  readonly mspId?: string
  /** Same seed, clock and calls: same bytes. Default: made from the customer. */
  readonly seed?: number
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number
}

/** The messages of one customer's site. */
export class Traffic {
  readonly #customerId: string
  readonly #mspId: string
  readonly #site: Site
  readonly #clock: () => number
  readonly #counts = new Map<Topic, number>()
  #lastNs = 0n

  constructor(options: TrafficOptions) {
    this.#customerId = options.customerId
    this.#mspId = options.mspId ?? ''
    this.#site = new Site(options.seed ?? seedOf(options.customerId))
    this.#clock = options.clock ?? Date.now
  }

  /** The topic's next message as a frame: the envelope with the payload in it. */
  next(topic: Topic): Uint8Array {
    const now = this.#clock()
    const count = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, count + 1)
    this.#site.advance(now)
    const payload = MAKERS[topic]({ site: this.#site, customerId: this.#customerId, now, count })
    return encodeFrame(topic, payload, {
      timestamp: String(this.#timestampNs(now)),
      customer_id: this.#customerId,
      msp_id: this.#mspId,
    })
  }

  /** Nanoseconds; later than any before, so that messages can be told apart by it. */
  #timestampNs(now: number): bigint {
    const ns = BigInt(Math.floor(now)) * 1_000_000n
    this.#lastNs = ns > this.#lastNs ? ns : this.#lastNs + 1n
    return this.#lastNs
  }
}
