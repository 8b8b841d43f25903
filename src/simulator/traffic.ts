import { type Topic as ClassicTopic, isTopic as isClassicTopic } from '../classic/topics.js'
import type { Clock } from '../clock.js'
import { getOrMake } from '../maps.js'
import { isTopic, type Topic } from '../newcentral/topics.js'
import { encodeFrame, type MessageMaker } from './classic/encode.js'
import { audit, security } from './classic/events.js'
import { monitoring } from './classic/monitoring.js'
import { apprf, location, presence } from './classic/people.js'
import type { NextFrame } from './feed.js'
import { accessPoints } from './newcentral/access-points.js'
import { type EventMaker, encodeEvent, macText } from './newcentral/cloud-event.js'
import { alerts, audit as auditEvents, wids } from './newcentral/events.js'
import { gateways } from './newcentral/gateways.js'
import { clients, geofence, location as locationEvents, rssi } from './newcentral/people.js'
import { switches } from './newcentral/switches.js'
import { seedOf } from './random.js'
import { type NewCentralSettings, withDefaults } from './settings.js'
import { Site } from './site.js'

/** What a message is made of. */
export type Moment = {
  readonly site: Site
  readonly customerId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Messages of the topic made before this one. */
  readonly count: number
}

type TrafficOptions = {
  /** 32 hex digits; every message carries it. */
  readonly customerId: string
  readonly clock: Pick<Clock, 'now'>
  /** The same seed, clock and calls give the same bytes. Default: made from the customer. */
  readonly seed?: number
}

const CLASSIC_MAKERS: Readonly<Record<ClassicTopic, MessageMaker>> = {
  apprf,
  audit,
  location,
  monitoring,
  presence,
  security,
}

const NEW_CENTRAL_MAKERS: Readonly<Record<Topic, EventMaker>> = {
  'ap-events': accessPoints,
  'audit-trail-events': auditEvents,
  'location-v1alpha1': (moment) => locationEvents(moment, 'v1alpha1'),
  'location-events': (moment) => locationEvents(moment, 'v1'),
  'geofence-v1alpha1': (moment) => geofence(moment, 'v1alpha1'),
  'geofence-events': (moment) => geofence(moment, 'v1'),
  'rssi-events': rssi,
  wids,
  'gw-events': gateways,
  'clients-events': clients,
  'switch-events': switches,
  'alert-events': alerts,
}

/** The messages of the site of one customer. */
abstract class Traffic<T extends string> {
  readonly #customerId: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #site: Site
  readonly #counts = new Map<T, number>()

  constructor({ customerId, clock, seed = seedOf(customerId) }: TrafficOptions) {
    this.#customerId = customerId
    this.#clock = clock
    this.#site = new Site(seed)
  }

  /** The next message of a topic as a frame. */
  next(topic: T): Uint8Array {
    const now = this.#clock.now()
    const count = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, count + 1)
    this.#site.advance(now)
    return this.frame(topic, { site: this.#site, customerId: this.#customerId, now, count })
  }

  protected abstract frame(topic: T, moment: Moment): Uint8Array
}

/** The messages of a customer of Classic: payloads in their envelopes. */
export class ClassicTraffic extends Traffic<ClassicTopic> {
  #lastNs = 0n

  protected frame(topic: ClassicTopic, moment: Moment): Uint8Array {
    const timestamp = String(this.#timestampNs(moment.now))
    const fields = { timestamp, customer_id: moment.customerId }
    return encodeFrame(topic, CLASSIC_MAKERS[topic](moment), fields)
  }

  /** Nanoseconds. Each timestamp is later than the one before, so that it identifies its message. */
  #timestampNs(now: number): bigint {
    const ns = BigInt(Math.floor(now)) * 1_000_000n
    this.#lastNs = ns > this.#lastNs ? ns : this.#lastNs + 1n
    return this.#lastNs
  }
}

/** The events of a customer of New Central. */
export class NewCentralTraffic extends Traffic<Topic> {
  readonly #settings: () => NewCentralSettings
  readonly #seen = new Map<Topic, Map<object, unknown>>()

  constructor({
    settings = () => withDefaults({}),
    ...options
  }: TrafficOptions & { readonly settings?: () => NewCentralSettings }) {
    super(options)
    this.#settings = settings
  }

  protected frame(topic: Topic, moment: Moment): Uint8Array {
    const settings = this.#settings()
    const content = NEW_CENTRAL_MAKERS[topic]({
      ...moment,
      settings,
      mac: (bytes) => macText(bytes, settings),
      hasChanged: (thing, value) => this.#hasChanged(topic, thing, value),
    })
    return encodeEvent(content, { ...moment, topic, settings })
  }

  #hasChanged(topic: Topic, thing: object, value: unknown): boolean {
    const seen = getOrMake(this.#seen, topic, () => new Map<object, unknown>())
    const hasChanged = seen.has(thing) && seen.get(thing) !== value
    seen.set(thing, value)
    return hasChanged
  }
}

/** The traffic of any customer of Classic, each with a site of its own. */
export function classicTraffic(clock: Pick<Clock, 'now'>): NextFrame {
  return byCustomer(isClassicTopic, (customerId) => new ClassicTraffic({ customerId, clock }))
}

/** The traffic of any customer of New Central, each with a site of its own. */
export function newCentralTraffic(
  clock: Pick<Clock, 'now'>,
  settings: () => NewCentralSettings,
): NextFrame {
  const begin = (customerId: string) => new NewCentralTraffic({ customerId, clock, settings })
  return byCustomer(isTopic, begin)
}

function byCustomer<T extends string>(
  isOwn: (topic: string) => topic is T,
  begin: (customerId: string) => Traffic<T>,
): NextFrame {
  const customers = new Map<string, Traffic<T>>()
  return (topic, customerId) => {
    if (!isOwn(topic)) throw new RangeError(`no traffic for ${topic}`)
    return getOrMake(customers, customerId, () => begin(customerId)).next(topic)
  }
}
