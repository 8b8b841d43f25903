import type { Site } from '../site.js'

/** A payload in the names of its `.proto` file; enums as names, bytes as bytes. */
export type Payload = Readonly<Record<string, unknown>>

/** Makes a topic's messages one after another. */
export type MessageMaker = (moment: {
  readonly site: Site
  readonly customerId: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Messages of the topic made before this one. */
  readonly count: number
}) => Payload

/** A `mac_address` or `MacAddress` message. */
export function macAddress(bytes: Uint8Array): Payload {
  return { addr: bytes }
}

/** An `ip_address` or `IpAddress` message; the family goes by the length. */
export function ipAddress(bytes: Uint8Array): Payload {
  return { af: bytes.length === 4 ? 'ADDR_FAMILY_INET' : 'ADDR_FAMILY_INET6', addr: bytes }
}

/** Seconds since the epoch. */
export function seconds(now: number): number {
  return Math.floor(now / 1000)
}
