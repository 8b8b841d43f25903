import { createRandom, type Random } from './random.js'

/** Metres from a corner of the floor. */
type Position = { x: number; y: number }

export type Device = {
  readonly serial: string
  readonly name: string
  readonly model: string
  readonly mac: Uint8Array
  readonly ip: Uint8Array
}

type Radio = {
  readonly index: number
  readonly mac: Uint8Array
  readonly band: 2 | 5
  readonly channel: number
}

export type AccessPoint = Device & {
  readonly position: Position
  readonly radios: readonly [Radio, Radio]
  isUp: boolean
  /** It went down or came up, and no message has said so yet. */
  hasChanged: boolean
}

export type Client = {
  readonly name: string
  readonly username: string
  readonly mac: Uint8Array
  readonly ip: Uint8Array
  readonly device: { readonly manufacturer: string; readonly os: string }
  readonly ssid: Ssid
  position: Position
  /** Where the person walks to. */
  target: Position
  ap: AccessPoint
  /** dBm, at its access point. */
  rssi: number
  /** Bytes a second. */
  throughput: number
  /** It moved to another access point, and no message has said so yet. */
  hasRoamed: boolean
}

/** A tag on a thing that people carry about. */
type AssetTag = { readonly name: string; readonly mac: Uint8Array; readonly carrier: Client }

type Ssid = { readonly name: string; readonly security: string; readonly vlan: number }

export const FLOOR = { width: 60, depth: 30, latitude: 37.4189, longitude: -122.0401 } as const
export const SSIDS: readonly Ssid[] = [
  { name: 'Corp', security: 'wpa3-aes-ccm-128', vlan: 10 },
  { name: 'Café Gäste', security: 'opensystem', vlan: 20 },
]

const WALK_METRES_A_SECOND = 1.2
/** A client moves to another access point if the signal there is better by this much, dB. */
const ROAM_DB = 6
/** Now and then one of the access points restarts. */
const RESTART_EVERY_SECONDS = 300
const RESTART_TAKES_MS = 45_000
const DEVICES = [
  { manufacturer: 'Apple', os: 'iOS', name: 'iPhone', oui: [0xa4, 0x83, 0xe7] },
  { manufacturer: 'Apple', os: 'macOS', name: 'MacBook', oui: [0xf0, 0x18, 0x98] },
  { manufacturer: 'Lenovo', os: 'Win 11', name: 'ThinkPad', oui: [0xe0, 0xf8, 0x47] },
  { manufacturer: 'Samsung', os: 'Android', name: 'Galaxy', oui: [0x8c, 0xf5, 0xa3] },
] as const
const PEOPLE = 'ann bob chen dina emil fay gus hana ivan june kofi lena'.split(' ')

/**
 * A floor with four access points, two switches, a gateway and twelve people who walk about. Access
 * points restart; clients move to the one with the best signal.
 */
export class Site {
  readonly random: Random
  readonly accessPoints: readonly AccessPoint[]
  readonly switches: readonly Device[]
  readonly gateway: Device
  readonly tags: readonly AssetTag[]
  readonly clients: readonly Client[]
  readonly swarmId: string
  #movedAt: number | undefined
  #restartEndsAt = 0

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
    this.gateway = {
      serial: serial('GW', random),
      name: 'gw-floor-1',
      mac: mac([0x00, 0x1a, 0x1e], random),
      ip: Uint8Array.of(10, 1, 0, 1),
      model: '9004',
    }
    this.tags = ['projector', 'trolley'].map((name, index) => ({
      name,
      mac: mac([0x54, 0x6c, 0x0e], random),
      carrier: this.clients[index * 5] ?? random.pick(this.clients),
    }))
  }

  /** Lets time pass until `now` (milliseconds since the epoch), but at most a minute. */
  advance(now: number): void {
    const seconds = Math.min(60, Math.max(0, (now - (this.#movedAt ?? now)) / 1000))
    this.#movedAt = now
    this.#restart(now, seconds)
    for (const client of this.clients) this.#move(client, seconds)
  }

  /** The access points that work: at most one is down. */
  get upAccessPoints(): readonly AccessPoint[] {
    return this.accessPoints.filter(({ isUp }) => isUp)
  }

  /** Signal of a client at an access point, dBm: falls with the distance, and varies a little. */
  rssi(client: Client, ap: AccessPoint): number {
    const metres = Math.max(1, distance(client.position, ap.position))
    const noise = this.random.integer(-3, 3)
    return Math.round(Math.max(-92, -38 - 24 * Math.log10(metres) + noise))
  }

  /** The access points that hear a client, best signal first. */
  heardBy(client: Client): { ap: AccessPoint; rssi: number }[] {
    return this.upAccessPoints
      .map((ap) => ({ ap, rssi: ap === client.ap ? client.rssi : this.rssi(client, ap) }))
      .sort((a, b) => b.rssi - a.rssi)
  }

  #makeClient(person: string, index: number): Client {
    const { random } = this
    const device = random.pick(DEVICES)
    const ssid = random.pick(SSIDS)
    return {
      name: `${person}-${device.name}`,
      username: `${person}@example.com`,
      mac: mac(device.oui, random),
      ip: index % 6 === 5 ? ipv6(random) : Uint8Array.of(10, 1, ssid.vlan, 20 + index),
      device,
      ssid,
      position: somewhere(random),
      target: somewhere(random),
      ap: random.pick(this.accessPoints),
      rssi: -60,
      throughput: random.integer(10_000, 500_000),
      hasRoamed: false,
    }
  }

  #move(client: Client, seconds: number): void {
    const { random } = this
    const left = distance(client.position, client.target)
    const step = WALK_METRES_A_SECOND * seconds
    if (left <= step) {
      client.position = client.target
      // People stay for a while where they arrived.
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
    const [best] = this.heardBy(client)
    if (best === undefined || best.ap === client.ap) return
    if (client.ap.isUp && best.rssi < client.rssi + ROAM_DB) return
    client.ap = best.ap
    client.rssi = best.rssi
    client.hasRoamed = true
  }

  #restart(now: number, seconds: number): void {
    const down = this.accessPoints.find(({ isUp }) => !isUp)
    if (down && now < this.#restartEndsAt) return
    if (!down && !this.random.chance(seconds / RESTART_EVERY_SECONDS)) return
    const ap = down ?? this.random.pick(this.accessPoints)
    ap.isUp = !ap.isUp
    ap.hasChanged = true
    this.#restartEndsAt = now + RESTART_TAKES_MS
  }
}

function makeAccessPoint(index: number, random: Random): AccessPoint {
  const base = mac([0x20, 0x4c, 0x03], random)
  // As with Aruba's devices, the addresses of the radios follow the Ethernet address.
  const radio = (offset: number) => Uint8Array.of(...base.slice(0, 5), (offset << 4) & 0xff)
  return {
    serial: serial('CN', random),
    name: `ap-floor1-${index + 1}`,
    mac: base,
    ip: Uint8Array.of(10, 1, 0, 11 + index),
    model: index < 2 ? 'AP-515' : 'AP-635',
    position: { x: 8 + (index % 2) * 44, y: 7 + Math.floor(index / 2) * 16 },
    isUp: true,
    hasChanged: false,
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

/** A MAC address of the maker with this prefix. */
export function mac(oui: readonly number[], random: Random): Uint8Array {
  return Uint8Array.of(...oui, ...random.bytes(3))
}

function ipv6(random: Random): Uint8Array {
  return Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, ...random.bytes(8))
}
