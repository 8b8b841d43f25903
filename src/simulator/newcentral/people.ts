import { createHash } from 'node:crypto'
import { type Client, FLOOR } from '../site.js'
import {
  type EventContent,
  type EventMaker,
  inTurn,
  ipText,
  type Moment,
  type Payload,
  timestamp,
  uuid,
} from './cloud-event.js'

type Version = 'v1' | 'v1alpha1'

const METRES_PER_DEGREE = 111_320
/** Metres from the left edge of the floor: here is the zone of the entrance. */
const ENTRANCE = 15
const ZONES = ['entrance', 'office'] as const

/** Positions of clients in turn, and every fourth time of a tag. */
export function location(moment: Moment, version: Version): EventContent {
  const { site, count } = moment
  const type = `network-services.${version}.`
  if (count % 4 === 3) {
    const tag = inTurn(site.tags, Math.floor(count / 4))
    const asset_tag_location = {
      ...place(moment, tag.carrier),
      device_id: uuid(tag.name),
      device_mac: moment.mac(tag.mac),
      battery_level: 80,
      name: tag.name,
      label: ['equipment'],
    }
    const payload = { ...tenant(moment, version), asset_tag_location }
    return { type: `${type}asset-tags.last-known-location.created`, payload }
  }
  const client = inTurn(site.clients, count)
  const heard = site.heardBy(client).slice(0, 3)
  const wifi_client_location = {
    ...place(moment, client),
    error_level: 3,
    sta_eth_mac: moment.mac(client.mac),
    reporting_ap_serial: heard.map(({ ap }) => ap.serial),
    associated: true,
    assoc_bssid: moment.mac(client.ap.radios[0].mac),
    connected: true,
  }
  const payload = { ...tenant(moment, version), wifi_client_location }
  return { type: `${type}wifi-client-locations.created`, payload }
}

/** A client that went to another zone; if none did, the next one in turn. */
export function geofence(moment: Moment, version: Version): EventContent {
  const { site, count } = moment
  const type = `network-services.${version}.`
  const dwell_time_in_seconds = site.random.integer(5, 900)
  if (count % 4 === 3) {
    const tag = inTurn(site.tags, Math.floor(count / 4))
    const crossing = { ...crossed(moment, tag.carrier), device_id: uuid(tag.name) }
    const asset_tag_geofence = { ...crossing, dwell_time_in_seconds }
    const payload = { ...tenant(moment, version), asset_tag_geofence }
    return { type: `${type}asset-tag-geofence-crossed`, payload }
  }
  const moved = site.clients.find((each) => moment.hasChanged(each, zoneOf(each)))
  const client = moved ?? inTurn(site.clients, count)
  const wifi_client_geofence = {
    ...crossed(moment, client),
    sta_eth_mac: moment.mac(client.mac),
    assoc_bssid: moment.mac(client.ap.radios[0].mac),
    hashed_sta_eth_mac: createHash('sha1').update(client.mac).digest('hex').toUpperCase(),
    dwell_time_in_seconds,
  }
  const payload = { ...tenant(moment, version), wifi_client_geofence }
  return { type: `${type}wifi-client-geofence-crossed`, payload }
}

/** How strong an access point hears a client. */
export const rssi: EventMaker = (moment) => {
  const { site, count } = moment
  const client = inTurn(site.clients, count)
  const { ap, rssi } = site.random.pick(site.heardBy(client))
  const reading = {
    client_mac: moment.mac(client.mac),
    ap_serial: ap.serial,
    ap_mac: moment.mac(ap.mac),
    radio_mac: moment.mac(ap.radios[0].mac),
    rssi_val: rssi,
    associated: ap === client.ap,
    assoc_bssid: moment.mac(client.ap.radios[0].mac),
    age: site.random.integer(0, 59),
    noise_floor: site.random.integer(91, 97),
    ap_ip: ipText(ap.ip),
    ap_name: ap.name,
  }
  const isRaw = count % 2 === 0
  return {
    type: `network-services.v1alpha1.rssi.${isRaw ? 'raw-rssi' : 'proximity-rssi'}`,
    payload: {
      firmware_version: 'FIRMWARE_VERSION_CLIENT_10X_RSSI',
      [isRaw ? 'raw_rssi' : 'proximity_rssi']: reading,
    },
  }
}

/** The real type of `clients-events` is not known. */
const CLIENTS_TYPE = 'network-monitoring.clients-events.example'

/**
 * First the state of each client. Then statistics and states alternate, also where the clients move at each
 * event: a state is that of a client that moved to another access point, or if none did, of the next one.
 */
export const clients: EventMaker = (moment) => {
  const { site, count, customerId, now } = moment
  const isFirst = count < site.clients.length
  const isState = isFirst || count % 2 === 0
  const roamed =
    isState && !isFirst && site.clients.find((each) => moment.hasChanged(each, each.ap))
  const client = roamed || inTurn(site.clients, isFirst ? count : Math.floor(count / 2))
  const snr = client.rssi + 95
  if (isState) {
    const client_state = { ...state(moment, client), snr }
    return { type: CLIENTS_TYPE, payload: { client_state } }
  }
  const client_stats = {
    tenant_id: customerId,
    site_id: uuid(`${customerId} site`),
    mac_address: moment.mac(client.mac),
    client_name: client.name,
    timestamp: timestamp(now),
    connected_device_serial: client.ap.serial,
    wlan_name: client.ssid.name,
    tx_bytes: client.throughput * 300,
    rx_bytes: Math.round((client.throughput * 300) / 8),
    tx_retry_frames: site.random.integer(0, 300),
    rx_retry_frames: site.random.integer(0, 90),
    speed: Math.max(6, 1201 + (client.rssi + 40) * 20),
    snr,
  }
  return { type: CLIENTS_TYPE, payload: { client_stats } }
}

function state(moment: Moment, client: Client): Payload {
  const { customerId, now } = moment
  const [radio] = client.ap.radios
  const ip = ipText(client.ip)
  return {
    client_details: {
      mac_address: moment.mac(client.mac),
      tenant_id: customerId,
      site_id: uuid(`${customerId} site`),
      client_name: client.name,
      status: 'CLIENT_STATUS_CONNECTED',
      connected_device_serial: client.ap.serial,
      host_name: client.name,
      user_name: client.username,
      authentication_type: 'AUTH_TYPE_DOT1X',
      [ip.includes(':') ? 'ipv6' : 'ipv4']: ip,
      device_name: client.ap.name,
      role: client.ssid.name,
      vlan_id: client.ssid.vlan,
      vlan_name: client.ssid.name,
      cpdi: {
        client_vendor: client.device.manufacturer,
        client_operating_system: client.device.os,
        client_mac_vendor: client.device.manufacturer,
      },
      connected_since: timestamp(now - 600_000),
      last_seen: timestamp(now),
    },
    type: 'CLIENT_TYPE_WIRELESS',
    radio_mac_address: moment.mac(radio.mac),
    wlan_name: client.ssid.name,
    wireless_band: '5 GHz',
    wireless_channel: String(radio.channel),
    phy_type: '802.11ax',
    wireless_security: client.ssid.security,
  }
}

/** Only v1 has the customer in the message too. */
function tenant({ customerId }: Moment, version: Version): Payload {
  return version === 'v1' ? { tenant_id: customerId } : {}
}

function place({ customerId }: Moment, { position: { x, y } }: Client): Payload {
  const shrink = Math.cos((FLOOR.latitude * Math.PI) / 180)
  return {
    ...{ x, y },
    longitude: FLOOR.longitude + x / (METRES_PER_DEGREE * shrink),
    latitude: FLOOR.latitude - y / METRES_PER_DEGREE,
    site_id: uuid(`${customerId} site`),
    building_id: uuid(`${customerId} building`),
    floor_id: uuid(`${customerId} floor`),
    entered_zone_info: [
      {
        zone_id: uuid(`${customerId} ${zoneOf({ position: { x, y } })}`),
        dwell_time_in_seconds: 30,
      },
    ],
  }
}

function zoneOf({ position }: Pick<Client, 'position'>): (typeof ZONES)[number] {
  return position.x < ENTRANCE ? 'entrance' : 'office'
}

function crossed({ customerId, count }: Moment, client: Client): Payload {
  const event_type = count % 2 === 0 ? 'EVENT_TYPE_ENTER' : 'EVENT_TYPE_EXIT'
  return { zone_id: uuid(`${customerId} ${zoneOf(client)}`), event_type }
}
