import { createHash } from 'node:crypto'
import { FLOOR } from '../site.js'
import { ipAddress, type MessageMaker, macAddress, type Payload, seconds } from './encode.js'

const METRES_PER_DEGREE = 111_320

/** The position of a client on the floor, and the signals that it was computed from. */
export const location: MessageMaker = ({ site, customerId, now, count }) => {
  const client = site.clients[count % site.clients.length] ?? site.random.pick(site.clients)
  const { x, y } = client.position
  const records = site.heardBy(client).slice(0, 3)
  const id = (name: string) => createHash('md5').update(`${customerId}/${name}`).digest('hex')
  const shrink = Math.cos((FLOOR.latitude * Math.PI) / 180)
  return {
    sta_location_x: x,
    sta_location_y: y,
    error_level: 3,
    hashed_sta_eth_mac: createHash('sha1').update(client.mac).digest('hex').toUpperCase(),
    geofence_ids: x < 15 ? [id('entrance')] : [],
    loc_algorithm: records.length < 3 ? 'ALGORITHM_LOW_DENSITY' : 'ALGORITHM_TRIANGULATION',
    longitude: FLOOR.longitude + x / (METRES_PER_DEGREE * shrink),
    latitude: FLOOR.latitude + y / METRES_PER_DEGREE,
    altitude: 4.5,
    unit: 'METERS',
    sta_eth_mac: macAddress(client.mac),
    campus_id_string: id('campus'),
    building_id_string: id('building'),
    floor_id_string: id('floor'),
    target_type: 'TARGET_TYPE_STATION',
    associated: true,
    err_code: 'ERROR_CODE_NO_ERROR',
    records: records.map(({ ap, rssi }) => ({
      timestamp: seconds(now),
      radio_mac: macAddress(ap.radios[0].mac),
      rssi_val: rssi,
      channel: ap.radios[0].channel,
    })),
  }
}

/** The clients that an access point hears; every fifth message tells visitors from passers-by. */
export const presence: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const head = { timestamp: now, customer_id: customerId }
  if (count % 5 === 4) {
    const states = Array.from({ length: random.integer(1, 3) }, () => ({
      is_label: true,
      label_id: random.integer(1, 9),
      label_category_id: 1,
      state: random.pick(['passerby', 'visitor', 'engaged']),
      is_associated: random.chance(0.5),
    }))
    const pa_client_state = { presence_client_state: states }
    return { ...head, event: 'client_state', event_type: 'client_state', pa_client_state }
  }
  const ap = random.pick(site.upAccessPoints)
  const heard = site.clients.map((client) => ({
    client,
    rssi: client.ap === ap ? client.rssi : site.rssi(client, ap),
  }))
  const best = heard.sort((a, b) => b.rssi - a.rssi).slice(0, random.integer(1, 4))
  const sightings = best.map(({ client, rssi }) => ({
    device_id: ap.serial,
    sta_eth_mac: asciiMac(client.mac),
    radio_mac: asciiMac(ap.radios[0].mac),
    rssi_val: rssi,
    noise_floor: 0,
    associated: client.ap === ap,
    ap_eth_mac: asciiMac(ap.mac),
  }))
  if (count % 2 === 1) {
    const pa_proximity_event = { proximity: sightings }
    return { ...head, event: 'proximity', event_type: 'proximity', pa_proximity_event }
  }
  const rssi = sightings.map((each) => ({ ...each, is_ap: false, age: random.integer(0, 59) }))
  return { ...head, event: 'rssi', event_type: 'rssi', pa_rssi_event: { rssi } }
}

/** Only this topic sends the digits as text: upper case, no colons. */
function asciiMac(bytes: Uint8Array): Payload {
  return macAddress(Buffer.from(Buffer.from(bytes).toString('hex').toUpperCase()))
}

const APPS = [
  [67, 'https', 15, 'Web', 'search-engines', 'example.com'],
  [1299, 'zoom', 4, 'Collaboration', 'web-meetings', 'zoom.us'],
  [2116, 'youtube', 13, 'Streaming', 'streaming-media', 'youtube.com'],
  [190, 'dns', 9, 'Network Service', 'computer-and-internet-info', ''],
] as const

/** What clients of one access point did in the past 15 minutes. */
export const apprf: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const aps = site.upAccessPoints
  const ap = aps[count % aps.length] ?? random.pick(aps)
  const here = site.clients.filter((client) => client.ap === ap).slice(0, 3)
  const sessions = (here.length > 0 ? here : [random.pick(site.clients)]).map((client) => {
    const [app_id, app_name, app_cat_id, app_cat, web_cat, domain] = random.pick(APPS)
    const bytes = client.throughput * random.integer(30, 900)
    const c2s_rtt = random.integer(2, 40)
    const s2c_rtt = random.integer(2, 40)
    return {
      client_ip: ipAddress(client.ip),
      client_mac: macAddress(client.mac),
      dest_ip: ipAddress(Uint8Array.of(203, 0, 113, random.integer(1, 254))),
      dest_port: app_name === 'dns' ? 53 : 443,
      dest_url_prefix: domain,
      domain,
      ip_proto: app_name === 'dns' ? 17 : 6,
      ingress_type: 'INGRESS_WLAN',
      vlan: String(client.ssid.vlan),
      uplink_id: 1,
      uplink_name: 'eth0',
      app_id,
      app_name,
      app_cat_id,
      app_cat,
      web_cat_id: app_cat_id + 30,
      web_cat,
      web_rep_score: random.integer(61, 100),
      web_rep: 'trustworthy',
      session_flags: random.chance(0.05) ? 'ENF_DENY' : 'ENF_PERMIT',
      tx_bytes: Math.round(bytes / 8),
      rx_bytes: bytes,
      rtt: c2s_rtt + s2c_rtt,
      c2s_rtt,
      s2c_rtt,
      packet_loss: random.integer(0, 2),
      ssid: client.ssid.name,
      user_name: client.username,
      user_role: client.ssid.name,
      device_type: client.device.os,
      timestamp: seconds(now) - random.integer(0, 900),
      preauth_flag: false,
    }
  })
  const urls = sessions
    .filter(({ domain }) => domain !== '')
    .map(({ client_ip, dest_ip, client_mac, domain, timestamp }) => ({
      client_ip,
      dest_ip,
      client_mac,
      dest_url_prefix: Buffer.from(domain),
      hit_count: random.integer(1, 40),
      http_method: random.pick(['HTTP_GET', 'HTTP_POST']),
      last_hit_timestamp: timestamp,
    }))
  return {
    customer_id: customerId,
    timestamp: seconds(now),
    serial_number: ap.serial,
    client_firewall_session: sessions,
    url_detail_record: urls,
    ap_name: ap.name,
    session_duration: 900,
  }
}
