import { type AccessPoint, type Client, type Device, type Site, SSIDS } from '../site.js'
import { ipAddress, type MessageMaker, macAddress, type Payload, seconds } from './encode.js'

/** Central sends statistics about every five minutes, and counters cover that time. */
const SPAN_SECONDS = 300
const FIRMWARE = '10.6.0.0_88888'

/**
 * First the whole site. Then an access point that restarts or is back, at once. Clients that moved alternate with
 * statistics of clients, radios, devices, ports in turn: at a low rate, some client always has moved.
 */
export const monitoring: MessageMaker = ({ site, customerId, now, count }) => {
  const head = { customer_id: customerId, timestamp: seconds(now) }
  const restarted = site.accessPoints.filter(({ hasChanged }) => hasChanged)
  const isChange = count % 2 === 0 || restarted.length > 0
  const roamed = site.clients.filter(({ hasRoamed }) => hasRoamed && isChange)
  for (const ap of restarted) ap.hasChanged = false
  for (const client of roamed) client.hasRoamed = false
  if (count === 0) return { ...head, ...inventory(site) }
  if (restarted.length + roamed.length > 0) return { ...head, ...changes(site, restarted, roamed) }
  const statistics = STATISTICS[Math.floor(count / 2) % STATISTICS.length] ?? clientStats
  return { ...head, ...statistics(site, seconds(now)) }
}

function inventory(site: Site): Payload {
  return {
    data_elements: [
      'STATE_SWARM',
      'STATE_AP',
      'STATE_NETWORK',
      'STATE_RADIO',
      'STATE_SWITCH',
      'STATE_WIRELESSCLIENT',
    ],
    swarms: [
      {
        action: 'ADD',
        swarm_id: site.swarmId,
        name: 'Floor 1',
        status: 'UP',
        public_ip_address: ipAddress(Uint8Array.of(198, 51, 100, 7)),
        firmware_version: FIRMWARE,
      },
    ],
    aps: site.accessPoints.map((ap) => accessPoint(ap, site, 'ADD')),
    networks: SSIDS.map((ssid) => ({
      action: 'ADD',
      swarm_id: site.swarmId,
      essid: Buffer.from(ssid.name),
      security: ssid.security,
      type: ssid.security === 'opensystem' ? 'guest' : 'employee',
    })),
    radios: site.accessPoints.flatMap((ap) => radios(ap, 'ADD')),
    switches: site.switches.map((each) => ({
      ...device(each, 'ADD'),
      status: 'UP',
      firmware_version: 'FL.10.13.1000',
      default_gateway: ipAddress(Uint8Array.of(10, 1, 0, 1)),
      uplink_ports: ['1/1/25'],
    })),
    wireless_clients: site.clients.map((client) => wirelessClient(client, 'ADD')),
  }
}

function changes(
  site: Site,
  restarted: readonly AccessPoint[],
  roamed: readonly Client[],
): Payload {
  return {
    data_elements: [
      ...(restarted.length > 0 ? ['STATE_AP', 'STATE_RADIO'] : []),
      ...(roamed.length > 0 ? ['STATE_WIRELESSCLIENT'] : []),
    ],
    aps: restarted.map((ap) => accessPoint(ap, site, 'UPDATE')),
    radios: restarted.flatMap((ap) => radios(ap, 'UPDATE')),
    wireless_clients: roamed.map((client) => wirelessClient(client, 'UPDATE')),
  }
}

type Action = 'ADD' | 'UPDATE'

function device({ serial, name, mac, model, ip }: Device, action: Action): Payload {
  return { action, serial, name, macaddr: macAddress(mac), model, ip_address: ipAddress(ip) }
}

function accessPoint(ap: AccessPoint, site: Site, action: Action): Payload {
  return {
    ...device(ap, action),
    cluster_id: site.swarmId,
    status: ap.isUp ? 'UP' : 'DOWN',
    mesh_role: 'Unknown',
    mode: 'LOCAL',
    swarm_master: ap === site.accessPoints[0],
    modem_connected: false,
    uplink_type: 'ETHERNET',
    firmware_version: FIRMWARE,
  }
}

function radios(ap: AccessPoint, action: Action): Payload[] {
  return ap.radios.map((radio) => ({
    action,
    device_id: ap.serial,
    index: radio.index,
    macaddr: macAddress(radio.mac),
    status: ap.isUp ? 'UP' : 'DOWN',
    channel: String(radio.channel),
    band: radio.band === 5 ? 1 : 0,
    channel_width: radio.band === 5 ? 2 : 0,
    ap_mac: macAddress(ap.mac),
  }))
}

function wirelessClient(client: Client, action: Action): Payload {
  return {
    action,
    macaddr: macAddress(client.mac),
    name: client.name,
    ip_address: ipAddress(client.ip),
    username: client.username,
    associated_device: client.ap.serial,
    radio_mac: macAddress(client.ap.radios[0].mac),
    network: Buffer.from(client.ssid.name),
    user_role: client.ssid.name,
    manufacturer: client.device.manufacturer,
    os_type: client.device.os,
    connection: '802.11ax',
    maxspeed: 1201,
    vlan: client.ssid.vlan,
  }
}

function clientStats(site: Site, timestamp: number): Payload {
  const client_stats = site.clients.map((client) => ({
    device_id: client.ap.serial,
    macaddr: macAddress(client.mac),
    timestamp,
    tx_bytes: client.throughput * SPAN_SECONDS,
    rx_bytes: Math.round((client.throughput * SPAN_SECONDS) / 8),
    rx_retries: site.random.integer(0, 90),
    tx_retries: site.random.integer(0, 300),
    speed: Math.max(6, 1201 + (client.rssi + 40) * 20),
    signal_in_db: -client.rssi,
    snr: client.rssi + 95,
  }))
  return { data_elements: ['STAT_CLIENT'], client_stats }
}

function radioStats(site: Site, timestamp: number): Payload {
  const radio_stats = site.upAccessPoints.flatMap((ap) =>
    ap.radios.map((radio) => ({
      device_id: ap.serial,
      macaddr: macAddress(radio.mac),
      timestamp,
      tx_bytes: radio.index === 0 ? load(site, ap) : 0,
      rx_bytes: radio.index === 0 ? Math.round(load(site, ap) / 8) : 0,
      tx_drops: site.random.integer(0, 40),
      tx_power: radio.band === 5 ? 18 : 9,
      noise_floor: site.random.integer(91, 97),
      utilization: site.random.integer(3, 60),
    })),
  )
  return { data_elements: ['STAT_RADIO'], radio_stats }
}

function deviceStats(site: Site, timestamp: number): Payload {
  const device_stats = [...site.upAccessPoints, ...site.switches].map(({ serial }) => ({
    device_id: serial,
    timestamp,
    uptime: timestamp - 1_700_000_000,
    cpu_utilization: site.random.integer(4, 45),
    mem_total: 1_073_741_824,
    mem_free: site.random.integer(300_000_000, 600_000_000),
    temperature: site.random.integer(38, 52),
  }))
  return { data_elements: ['STAT_DEVICE'], device_stats }
}

function interfaceStats(site: Site, timestamp: number): Payload {
  const interface_stats = site.switches.map(({ serial, mac }) => ({
    device_id: serial,
    macaddr: macAddress(mac),
    timestamp,
    tx_bytes: site.accessPoints.reduce((sum, ap) => sum + load(site, ap), 0),
    rx_bytes: site.random.integer(1e6, 1e9),
    in_errors: 0,
    in_packets: site.random.integer(1e4, 1e7),
    out_packets: site.random.integer(1e4, 1e7),
  }))
  return { data_elements: ['STAT_INTERFACE'], interface_stats }
}

/** The bytes that the clients of an access point received between two statistics. */
function load(site: Site, ap: AccessPoint): number {
  return site.clients
    .filter((client) => client.ap === ap)
    .reduce((sum, client) => sum + client.throughput * SPAN_SECONDS, 0)
}

const STATISTICS = [clientStats, radioStats, deviceStats, interfaceStats]
