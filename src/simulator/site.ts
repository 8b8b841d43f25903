import { createRandom, type Random } from './random.js'

/** Metres from the floor's corner. */
export type Position = { x: number; y: number }

export type Radio = {
  readonly index: number
  readonly mac: Uint8Array
  readonly band: 2 | 5
  channel: number
}

export type AccessPoint = {
  readonly serial: string
  readonly name: string
  readonly mac: Uint8Array
  readonly ip: Uint8Array
  readonly model: string
  readonly position: Position
  readonly radios: readonly [Radio, Radio]
}

export type SwitchDevice = {
  readonly serial: string
  readonly name: string
  readonly mac: Uint8Array
  readonly ip: Uint8Array
  readonly model: string
}

export type Client = {
  readonly name: string
  readonly username: string
  readonly mac: Uint8Array
  readonly ip: Uint8Array
  readonly manufacturer: string
  readonly os: string
  readonly ssid: Ssid
  position: Position
  /** Where it walks to. */
  target: Position
  ap: AccessPoint
  /** dBm, as its access point hears it. */
  rssi: number
  /** Bytes a second. */
  throughput: number
  /** It has changed to another access point and nobody was told yet. */
  roamed: boolean
}

export type Ssid = { readonly name: string; readonly security: string; readonly vlan: number }

export const FLOOR = { width: 60, depth: 30, latitude: 37.4189, longitude: -122.0401 } as const
export const SSIDS: readonly Ssid[] = [
  { name: 'Corp', security: 'wpa3-aes-ccm-128', vlan: 10 },
  { name: 'Café Gäste', security: 'opensystem', vlan: 20 },
]

const WALK_METRES_A_SECOND = 1.2
/** A client changes only for an access point that it hears so much better, dB. */
const ROAM_DB = 6
const DEVICES = [
  { manufacturer: 'Apple', os: 'iOS', name: 'iPhone', oui: [0xa4, 0x83, 0xe7] },
  { manufacturer: 'Apple', os: 'macOS', name: 'MacBook', oui: [0xf0, 0x18, 0x98] },
  { manufacturer: 'Lenovo', os: 'Win 11', name: 'ThinkPad', oui: [0xe0, 0xf8, 0x47] },
  { manufacturer: 'Samsung', os: 'Android', name: 'Galaxy', oui: [0x8c, 0xf5, 0xa3] },
] as const
const PEOPLE = 'ann bob chen dina emil fay gus hana ivan june kofi lena'.split(' ')

/** A floor with four access points, two switches and a dozen people who walk about. */
export class Site {
  readonly random: Random
  readonly accessPoints: readonly AccessPoint[]
  readonly switches: readonly SwitchDevice[]
  readonly clients: readonly Client[]
  readonly swarmId: string
  #movedAt: number | undefined

  constructor(seed: number) {
    const random = createRandom(seed)
    this.random = random
    this.swarmId = Buffer.from(random.bytes(16)).toString('hex')
    this.accessPoints = [0, 1, 2, 3].map((index) => makeAccessPoint(index, random))
    this.switches = [0, 1].map((index) => ({
      serial: serial('SG', random),
      name: index === 0 ? 'sw-core-1' : 'sw-floor-1',
      mac: mac([0x88, 0x3a, 0x30], random),
      ip: Uint8Array.of(10, 1, 0, 2 + index),
      model: index === 0 ? 'CX 6300M' : 'CX 6100',
    }))
    this.clients = PEOPLE.map((person, index) => this.#makeClient(person, index))
  }

  /** Lets people walk until `now` (milliseconds since the epoch); at most a minute at a time. */
  advance(now: number): void {
    const seconds = Math.min(60, Math.max(0, (now - (this.#movedAt ?? now)) / 1000))
    this.#movedAt = now
    for (const client of this.clients) this.#move(client, seconds)
  }

  /** Signal of a client at an access point, dBm: falls with the distance, and trembles. */
  rssi(client: Client, ap: AccessPoint): number {
    const metres = Math.max(1, distance(client.position, ap.position))
    const trembling = this.random.integer(-3, 3)
    return Math.round(Math.max(-92, -38 - 24 * Math.log10(metres) + trembling))
  }

  /** The access points that hear a client, the loudest first. */
  heardBy(client: Client): { ap: AccessPoint; rssi: number }[] {
    return this.accessPoints
      .map((ap) => ({ ap, rssi: ap === client.ap ? client.rssi : this.rssi(client, ap) }))
      .sort((a, b) => b.rssi - a.rssi)
  }

  #makeClient(person: string, index: number): Client {
    const { random } = this
    const device = random.pick(DEVICES)
    const ssid = random.pick(SSIDS)
    const position = somewhere(random)
    const client: Client = {
      name: `${person}-${device.name}`,
      username: `${person}@example.com`,
      mac: mac(device.oui, random),
      ip: index % 6 === 5 ? ipv6(random) : Uint8Array.of(10, 1, ssid.vlan, 20 + index),
      manufacturer: device.manufacturer,
      os: device.os,
      ssid,
      position,
      target: somewhere(random),
      ap: random.pick(this.accessPoints),
      rssi: -60,
      throughput: random.integer(10_000, 500_000),
      roamed: false,
    }
    this.#associate(client)
    client.roamed = false
    return client
  }

  #move(client: Client, seconds: number): void {
    const { random } = this
    const left = distance(client.position, client.target)
    const step = WALK_METRES_A_SECOND * seconds
    if (left <= step) {
      client.position = client.target
      // People stay a while where they wanted to go.
      if (random.chance(0.2)) client.target = somewhere(random)
    } else {
      const { position, target } = client
      client.position = {
        x: position.x + ((target.x - position.x) * step) / left,
        y: position.y + ((target.y - position.y) * step) / left,
      }
    }
    const change = 0.7 + random.next() * 0.6
    client.throughput = Math.round(Math.min(5e6, Math.max(1_000, client.throughput * change)))
    this.#associate(client)
  }

  #associate(client: Client): void {
    client.rssi = this.rssi(client, client.ap)
    const [loudest] = this.heardBy(client)
    if (loudest === undefined || loudest.rssi < client.rssi + ROAM_DB) return
    client.ap = loudest.ap
    client.rssi = loudest.rssi
    client.roamed = true
  }
}

function makeAccessPoint(index: number, random: Random): AccessPoint {
  const base = mac([0x20, 0x4c, 0x03], random)
  // The radios' addresses follow the Ethernet one, as Aruba hands them out.
  const radio = (offset: number) => Uint8Array.of(...base.slice(0, 5), (offset << 4) & 0xff)
  return {
    serial: serial('CN', random),
    name: `ap-floor1-${index + 1}`,
    mac: base,
    ip: Uint8Array.of(10, 1, 0, 11 + index),
    model: index < 2 ? 'AP-515' : 'AP-635',
    position: { x: 8 + (index % 2) * 44, y: 7 + Math.floor(index / 2) * 16 },
    radios: [
      { index: 0, mac: radio(1), band: 5, channel: random.pick([36, 44, 100, 149]) },
      { index: 1, mac: radio(2), band: 2, channel: random.pick([1, 6, 11]) },
    ],
  }
}

function somewhere(random: Random): Position {
  return { x: random.next() * FLOOR.width, y: random.next() * FLOOR.depth }
}

function distance(a: Position, b: Position): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

function serial(prefix: string, random: Random): string {
  return `${prefix}${String(random.integer(10_000_000, 99_999_999))}`
}

/** An address of this maker. */
export function mac(oui: readonly number[], random: Random): Uint8Array {
  return Uint8Array.of(...oui, ...random.bytes(3))
}

function ipv6(random: Random): Uint8Array {
  return Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, ...random.bytes(8))
}
