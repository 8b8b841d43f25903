import { type MessageMaker, macAddress, type Payload } from './payload.js'

/** Who is heard by an access point; every fifth message tells visitors from passers-by. */
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
  const ap = random.pick(site.accessPoints)
  const heard = site.clients.map((client) => ({
    client,
    rssi: client.ap === ap ? client.rssi : site.rssi(client, ap),
  }))
  const loudest = heard.sort((a, b) => b.rssi - a.rssi).slice(0, random.integer(1, 4))
  const sightings = loudest.map(({ client, rssi }) => ({
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
  const rssi = sightings.map((sighting) => ({
    ...sighting,
    is_ap: false,
    age: random.integer(0, 59),
  }))
  return { ...head, event: 'rssi', event_type: 'rssi', pa_rssi_event: { rssi } }
}

/** This topic alone sends the digits as text: upper case, no colons. */
function asciiMac(bytes: Uint8Array): Payload {
  return macAddress(Buffer.from(Buffer.from(bytes).toString('hex').toUpperCase()))
}
