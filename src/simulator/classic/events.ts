import { mac } from '../site.js'
import { ipAddress, type MessageMaker, macAddress, seconds } from './encode.js'

/** Changes by administrators: mostly of the configuration, sometimes of firmware or a device. */
export const audit: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const device = random.pick([...site.accessPoints, ...site.switches])
  const channel = random.pick([36, 44, 100, 149])
  const head = {
    customer_id: customerId,
    timestamp: seconds(now),
    group_name: 'Floor 1',
    target: device.serial,
    client_ip: ipAddress(Uint8Array.of(198, 51, 100, random.integer(1, 254))),
    username: random.pick(['ann@example.com', 'bob@example.com']),
  }
  if (count % 7 === 5) {
    const firmware_info = {
      data: `Firmware upgrade of ${device.name} scheduled`,
      detailed_data: '{"from":"10.5.0.1","to":"10.6.0.0"}',
    }
    return { ...head, service: 'FIRMWARE', firmware_info }
  }
  if (count % 7 === 6) {
    const dm_info = {
      data: `Subscription assigned to ${device.name}`,
      detailed_data: JSON.stringify({ serial: device.serial, tier: 'foundation' }),
    }
    return { ...head, service: 'DEVICE_MGMT', dm_info }
  }
  const config_info = {
    data: `Configuration of ${device.name} changed`,
    detailed_data: `  rf dot11a-radio-profile\n-   channel 36\n+   channel ${channel}\n`,
  }
  return { ...head, service: 'CONFIGURATION', config_info }
}

const ATTACKS = [
  { type: 'DETECT_AP_SPOOFING', text: 'An access point uses the address of another one' },
  { type: 'SIGNATURE_DEAUTH_BROADCAST', text: 'A broadcast tells clients to disconnect' },
] as const

/** Rogue access points, and every third message an attack. */
export const security: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const ap = random.pick(site.upAccessPoints)
  const stranger = mac([0xc8, 0x3a, 0x35], random)
  if (count % 3 === 2) {
    const attack = random.pick(ATTACKS)
    const event = {
      device_id: ap.serial,
      event_number: count + 1,
      event_type: 'INFRASTRUCTURE_ATTACK',
      attack_type: attack.type,
      description: attack.text,
      detected_ap: ap.name,
      mac_addr: macAddress(stranger),
      radio_band: random.pick(['2.4GHz', '5GHz']),
      level: random.pick(['medium', 'high']),
    }
    return { cust_id: customerId, idsEvent: [event] }
  }
  const firstSeenMs = now - random.integer(60_000, 3_600_000)
  const rogue = {
    rogue_id: macAddress(stranger),
    classification: random.pick([1, 3, 4]),
    first_seen: new Date(firstSeenMs).toISOString(),
    last_seen: new Date(now).toISOString(),
    rogue_name: `Tenda-${Buffer.from(stranger).toString('hex').slice(6)}`,
    ssid: random.pick(['FreeWiFi', 'Corp', 'Tenda_Home']),
    lan_mac: Buffer.from(stranger).toString('hex'),
    first_det_device: ap.serial,
    last_det_device: random.pick(site.upAccessPoints).serial,
    encryption: random.integer(0, 3),
    port: '',
    containment_status: 'NOT_CONTAINED',
    mac_vendor: 'Tenda Technology',
  }
  return { cust_id: customerId, rogue: [rogue] }
}
