import type { Device, Site } from '../site.js'
import type { EventContent, Payload } from './encode.js'
import type { NewCentralSettings } from './settings.js'

/** What a maker of events knows. */
export type Moment = {
  readonly site: Site
  readonly customerId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Events of the topic made before this one. */
  readonly count: number
  readonly settings: NewCentralSettings
  readonly mac: (bytes: Uint8Array) => string
  /** Whether the value of a thing differs from the one at the call before; false at the first call. */
  readonly hasChanged: (thing: object, value: unknown) => boolean
}

/** Makes the events of a topic, one after another. */
export type EventMaker = (moment: Moment) => EventContent

/** The fields that most messages about a device begin with. */
export function aboutDevice({ customerId }: Moment, { serial }: Device): Payload {
  return { tenant_id: customerId, serial_number: serial }
}

/** The element of a list whose turn it is. */
export function inTurn<T>(list: readonly T[], count: number): T {
  const element = list[count % list.length]
  if (element === undefined) throw new RangeError('nothing to take a turn')
  return element
}
