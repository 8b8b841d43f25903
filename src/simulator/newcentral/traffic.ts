import type { Clock } from '../../clock.js'
import { getOrMake } from '../../maps.js'
import { isTopic, type Topic } from '../../newcentral/topics.js'
import type { NextFrame } from '../feed.js'
import { seedOf } from '../random.js'
import { Site } from '../site.js'
import { accessPoints } from './access-points.js'
import { type EventMaker, encodeEvent, macText } from './cloud-event.js'
import { alerts, audit, wids } from './events.js'
import { gateways } from './gateways.js'
import { clients, geofence, location, rssi } from './people.js'
import { type NewCentralSettings, withDefaults } from './settings.js'
import { switches } from './switches.js'

const MAKERS: Readonly<Record<Topic, EventMaker>> = {
  'ap-events': accessPoints,
  'audit-trail-events': audit,
  'location-v1alpha1': (moment) => location(moment, 'v1alpha1'),
  'location-events': (moment) => location(moment, 'v1'),
  'geofence-v1alpha1': (moment) => geofence(moment, 'v1alpha1'),
  'geofence-events': (moment) => geofence(moment, 'v1'),
  'rssi-events': rssi,
  wids,
  'gw-events': gateways,
  'clients-events': clients,
  'switch-events': switches,
  'alert-events': alerts,
}

export type TrafficOptions = {
  /** 32 hex digits; every event carries it. */
  readonly customerId: string
  readonly clock: Pick<Clock, 'now'>
  readonly settings?: () => NewCentralSettings
  /** The same seed, clock and calls give the same bytes. Default: made from the customer. */
  readonly seed?: number
}

/** The events of the site of one customer. */
export class Traffic {
  readonly #customerId: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #settings: () => NewCentralSettings
  readonly #site: Site
  readonly #counts = new Map<Topic, number>()
  readonly #seen = new Map<Topic, Map<object, unknown>>()

  constructor({ customerId, clock, settings, seed = seedOf(customerId) }: TrafficOptions) {
    this.#customerId = customerId
    this.#clock = clock
    this.#settings = settings ?? (() => withDefaults({}))
    this.#site = new Site(seed)
  }

  /** The next event of a topic as a frame. */
  next(topic: Topic): Uint8Array {
    const now = this.#clock.now()
    const count = this.#counts.get(topic) ?? 0
    this.#counts.set(topic, count + 1)
    this.#site.advance(now)
    const settings = this.#settings()
    const customerId = this.#customerId
    const content = MAKERS[topic]({
      ...{ site: this.#site, customerId, now, count, settings },
      mac: (bytes) => macText(bytes, settings),
      hasChanged: (thing, value) => this.#hasChanged(topic, thing, value),
    })
    return encodeEvent(content, { topic, customerId, now, count, settings })
  }

  #hasChanged(topic: Topic, thing: object, value: unknown): boolean {
    const seen = getOrMake(this.#seen, topic, () => new Map<object, unknown>())
    const hasChanged = seen.has(thing) && seen.get(thing) !== value
    seen.set(thing, value)
    return hasChanged
  }
}

/** The traffic of any customer of New Central, each with a site of its own. */
export function newCentralTraffic(
  clock: Pick<Clock, 'now'>,
  settings: () => NewCentralSettings,
): NextFrame {
  const customers = new Map<string, Traffic>()
  return (topic, customerId) => {
    if (!isTopic(topic)) throw new RangeError(`no traffic for ${topic}`)
    const begin = () => new Traffic({ customerId, clock, settings })
    return getOrMake(customers, customerId, begin).next(topic)
  }
}
