import { mac } from '../site.js'
import { type MessageMaker, macAddress } from './payload.js'

const ATTACKS = [
  { type: 'DETECT_AP_SPOOFING', text: 'An access point sends with the address of another' },
  { type: 'SIGNATURE_DEAUTH_BROADCAST', text: 'Clients are told to leave by a broadcast' },
] as const

/** Access points that are not ours, and now and then an attack. */
export const security: MessageMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const ap = random.pick(site.accessPoints)
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
    last_det_device: random.pick(site.accessPoints).serial,
    encryption: random.integer(0, 3),
    port: '',
    containment_status: 'NOT_CONTAINED',
    mac_vendor: 'Tenda Technology',
  }
  return { cust_id: customerId, rogue: [rogue] }
}
