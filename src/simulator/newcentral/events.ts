import { type AccessPoint, mac } from '../site.js'
import { type EventMaker, inTurn, struct, timestamp, uuid } from './cloud-event.js'

/** Changes by administrators: mostly of the configuration, sometimes of firmware or a subscription. */
export const audit: EventMaker = ({ site, customerId, now, count }) => {
  const { random } = site
  const device = random.pick([...site.accessPoints, ...site.switches, site.gateway])
  const [category, action, description] = inTurn(CHANGES, count)
  const channel = random.pick([36, 44, 100, 149])
  const before = { name: device.name, channel: 36, locked: false }
  return {
    type: `network-services.v1alpha1.audit-trail.${category}`,
    payload: {
      tenant_id: customerId,
      occurred_on: now,
      action,
      category,
      destination: device.serial,
      destination_name: device.name,
      scope_info: { scope_type: 'site', scope_ids: [uuid(`${customerId} site`)] },
      ip_address: `198.51.100.${random.integer(1, 254)}`,
      description: `${description} ${device.name}`,
      source: random.pick(['ann@example.com', 'bob@example.com']),
      service_name: category,
      log_details: {
        changed_fields: [
          {
            field_label_key: 'channel',
            before_transaction: ['36'],
            after_transaction: [String(channel)],
          },
        ],
        impact_radius: [{ context: 'device', values: [device.serial] }],
        changed_json: {
          before_transaction: struct(before),
          after_transaction: struct({ ...before, channel }),
        },
      },
    },
  }
}

const CHANGES = [
  ['configuration', 'Update', 'Configuration changed:'],
  ['device-monitoring', 'Update', 'Device renamed:'],
  ['firmware-management', 'Create', 'Firmware upgrade scheduled:'],
  ['subscription', 'Create', 'Subscription assigned to'],
] as const

const ATTACKS = [
  { event_type: 'AP_SPOOFING', description: 'An access point uses the address of another one' },
  { event_type: 'DEAUTH_BROADCAST', description: 'A broadcast tells clients to disconnect' },
] as const

/** Rogue access points, and every third event an attack. */
export const wids: EventMaker = ({ site, customerId, now, count, mac: text }) => {
  const { random } = site
  const ap = random.pick(site.upAccessPoints)
  const stranger = mac([0xc8, 0x3a, 0x35], random)
  const site_id = uuid(`${customerId} site`)
  if (count % 3 === 2) {
    const wids_signatures_event = {
      ...random.pick(ATTACKS),
      detecting_serial: ap.serial,
      site_id,
      category: 'CATEGORY_INFRASTRUCTURE',
      event_number: count + 1,
      mac_addr: text(stranger),
      radio_band: random.pick(['2.4GHz', '5GHz']),
      level: random.pick(['medium', 'high']),
    }
    const type = 'network-services.v1alpha1.wids-signatures.detection.created'
    return { type, payload: { wids_signatures_event } }
  }
  const wids_rules_event = {
    site_id,
    bssid: text(stranger),
    rogue_name: `Tenda-${Buffer.from(stranger).toString('hex').slice(6)}`,
    classification: random.pick([
      'CLASSIFICATION_INTERFERING',
      'CLASSIFICATION_SUSPECT_ROGUE',
      'CLASSIFICATION_ROGUE',
    ]),
    first_seen_ms: now - random.integer(60_000, 3_600_000),
    first_det_serial: ap.serial,
    last_seen_ms: now,
    last_det_serial: ap.serial,
    ssid: random.pick(['FreeWiFi', 'Corp', 'Tenda_Home']),
    det_device: [{ detecting_serial: ap.serial, last_seen_ms: now }],
    encryption: random.pick(['ENCRYPTION_OPEN', 'ENCRYPTION_WPA2']),
    mac_vendor: 'Tenda Technology',
    classification_method: 'CLASSIFICATION_METHOD_RULES',
    classification_rule: 'unknown vendor',
    containment_status: 'CONTAINMENT_STATUS_UN_CONTAINED',
  }
  const type = 'network-services.v1alpha1.wids-rules.detection.created'
  return { type, payload: { wids_rules_event } }
}

/** An access point that went down or came up; if none did, a client with a weak signal. */
export const alerts: EventMaker = (moment) => {
  const { site, customerId, now, count } = moment
  const changed = site.accessPoints.find((ap) => moment.hasChanged(ap, ap.isUp))
  const client = site.random.pick(site.clients)
  const about = (ap: AccessPoint) => ({
    name: 'AP down',
    category: 'Access point',
    device_type: 'ACCESS_POINT',
    severity: 'Critical',
    summary: `${ap.name} is ${ap.isUp ? 'up' : 'down'}`,
    impacted_entities: { device_serial: [ap.serial] },
    state: ap.isUp ? 'Cleared' : 'Active',
  })
  const weak = {
    name: 'Client with a weak signal',
    category: 'Clients',
    device_type: 'CLIENT',
    severity: 'Minor',
    summary: `${client.name} is heard at ${client.rssi} dBm`,
    impacted_entities: { device_serial: [client.ap.serial], client_mac: [moment.mac(client.mac)] },
    state: count % 2 === 0 ? 'Active' : 'Cleared',
  }
  const alert = changed === undefined ? weak : about(changed)
  return {
    // The real type is not known.
    type: 'network-notifications.alert-events.example',
    payload: {
      ...alert,
      id: uuid(`alert ${customerId} ${now} ${count}`),
      alert_id: uuid(`${alert.name} ${customerId}`),
      tenant_id: customerId,
      tenant_name: 'Example Inc.',
      time: timestamp(now),
      operation: alert.state === 'Active' ? 'CREATE' : 'UPDATE',
      site_id: uuid(`${customerId} site`),
      site_name: 'Head office',
      config_scope: 'site',
      additional_details: [{ entries: { location: 'Floor 1' } }],
      priority: 'P3',
    },
  }
}
