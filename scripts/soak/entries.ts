import { TOPICS as CLASSIC_TOPICS } from '../../src/classic/topics.js'
import { TOPICS } from '../../src/newcentral/topics.js'
import type { Central } from '../../src/simulator/central.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { numberOf } from '../../test/helpers/breaks.js'
import { goldenEvents } from '../../test/helpers/event.js'
import { goldenFrames } from '../../test/helpers/golden.js'
import { makeKey } from '../../test/helpers/keys.js'
import { CLIENT_SECRET, newCentralEntry } from '../../test/helpers/new-central.js'
import { bytes, int } from '../../test/helpers/wire.js'

/** Each has two topics of Classic. */
const CUSTOMERS = 12
/** Each has four topics of New Central. */
const CLIENTS = 4
/** The seconds of `numberOf`'s timestamps: the number is the nanoseconds. */
const SECONDS = 1_700_000_000

/** A customer of Classic; its key changes. */
export type Customer = { readonly username: string; readonly id: string; key: string }

export type SoakEntry = {
  readonly name: string
  readonly topic: string
  readonly username: string
  readonly customerId: string
  /** Undefined: New Central. */
  readonly customer: Customer | undefined
  readonly frames: readonly Uint8Array[]
}

/** What tells the sockets of an entry from those of others, whatever its credential is. */
export function nameOfSocket({ username, topic }: Pick<CentralSocket, 'username' | 'topic'>) {
  return `${username} ${topic}`
}

export function makeCustomers(): Customer[] {
  return Array.from({ length: CUSTOMERS }, (_, n) => {
    const id = n.toString(16).padStart(32, '0')
    return { username: `soak-${n}@example.com`, id, key: makeKey(`soak-${n}`, { customerId: id }) }
  })
}

/** An entry without messages, which comes and goes with reloads. */
export function makeGuest(): SoakEntry & { readonly customer: Customer } {
  const [username, customerId] = ['guest@example.com', 'f'.repeat(32)]
  const customer = { username, id: customerId, key: makeKey('guest', { customerId }) }
  return { ...{ name: 'Guest', topic: 'audit', username, customerId, customer }, frames: [] }
}

/** 24 entries of Classic and 16 of New Central, with realistic frames. */
export function makeEntries(central: Central, customers: readonly Customer[]): SoakEntry[] {
  const classic = customers.flatMap((customer, n) =>
    [0, 1].map((which) => {
      const topic = CLASSIC_TOPICS[(2 * n + which) % CLASSIC_TOPICS.length] ?? ''
      const { username, id: customerId } = customer
      const frames = goldenFrames(topic)
      return { name: `C${n}_${topic}`, topic, username, customerId, customer, frames }
    }),
  )
  const events = goldenEvents().filter(({ kind }) => kind === 'realistic')
  const newCentral = Array.from({ length: CLIENTS * 4 }, (_, n) => {
    const username = `client-${Math.floor(n / 4)}`
    const topic = TOPICS[n % TOPICS.length] ?? ''
    const customerId = central.newCentral.clients.customerOf(username)
    const frames = events.filter((each) => each.topic === topic).map((each) => each.bytes)
    return { name: `N${n}_${topic}`, topic, username, customerId, customer: undefined, frames }
  })
  return [...classic, ...newCentral]
}

/** The text of the input file. */
export function inputOf(central: Central, entries: readonly SoakEntry[]): string {
  const customers = entries.map(({ name, topic, username, customer }) => {
    const own = customer
      ? { username, wsskey: customer.key, topic }
      : newCentralEntry(central, topic, { client_id: username })
    return [name, own]
  })
  return `${JSON.stringify({ customers: Object.fromEntries(customers) }, null, 2)}\n`
}

/** What may stand in the input file alone. */
export function secretsOf(customers: readonly Customer[]): string[] {
  return [CLIENT_SECRET, ...customers.map(({ key }) => key)]
}

/** The frame of an entry with this number: its record has it as the last digits of its timestamp. */
export function frameOf({ frames, customer }: SoakEntry, number: number): Buffer {
  const frame = frames[number % frames.length] ?? Buffer.alloc(0)
  // The last value of a field counts.
  if (customer) return Buffer.concat([frame, numberOf(number)])
  const time = Buffer.concat([int(1, SECONDS), int(2, number)])
  return Buffer.concat([frame, bytes(1, `soak-${number}`), bytes(9, time)])
}

/** The number of an event by its id. */
export function numberOfEvent(id: string): number {
  return Number(id.slice('soak-'.length))
}
