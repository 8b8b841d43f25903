import { formatBytes } from '../text.js'

/** The values of a row by the last part of their column's name: `sta_eth_mac`, `rssi_val`. */
type Named = ReadonlyMap<string, string>

/**
 * What a row says, in a few words. Each part has one place for a value, with the names that the value may
 * have; `{name?word}` is the word where the value is true. A part whose value is missing is left out.
 */
const ABOUT: readonly (readonly [table: RegExp, parts: readonly string[]])[] = [
  [/^presence\.pa_client_state/, ['label {label_id}', '{state}', '{is_associated?associated}']],
  [
    /^presence/,
    [
      '{sta_eth_mac}',
      'at {device_id|ap_eth_mac}',
      '{rssi_val} dBm',
      '{associated?associated}',
      '{is_ap?access point}',
    ],
  ],
  [
    // Neither unit nor sign of this signal is known.
    /^rssi-events/,
    [
      '{client_mac}',
      'at {ap_name|ap_serial|ap_mac}',
      'signal {rssi_val}',
      '{associated?associated}',
    ],
  ],
  [
    /^location\.records/,
    ['{sta_eth_mac}', 'at {radio_mac}', '{rssi_val} dBm', 'channel {channel}'],
  ],
  [
    /^(?:location|geofence)/,
    [
      '{sta_eth_mac|name|device_id|hashed_sta_eth_mac}',
      '{geofence_event|event_type}',
      '{geofence_name|geofence_id|zone_id}',
      'after {dwell_time|dwell_time_in_seconds} s',
      'x {sta_location_x|x}',
      'y {sta_location_y|y}',
      '{unit}',
      'floor {floor_id_string|floor_id}',
      '{associated?associated}',
    ],
  ],
  [
    /^(?:security|monitoring)\.rogue/,
    [
      'rogue',
      '{rogue_name}',
      '{ssid|network}',
      '{rogue_id|macaddr}',
      'seen by {last_det_device|detected_ap|first_det_device}',
      '{containment_status}',
    ],
  ],
  [
    /^(?:security|wids)|^monitoring\.wids/,
    [
      '{attack_type|event_type|classification}',
      '{rogue_name}',
      '{ssid|network}',
      '{mac_addr|macaddr|bssid}',
      'seen by {detected_ap|last_det_serial|detecting_serial|device_id}',
      '{containment_status|level}',
      '{description}',
    ],
  ],
  [
    /^audit/,
    [
      '{username|source}',
      '{action|service}',
      '{category}',
      '{target|destination_name|destination}',
      '{group_name}',
      '{description|data}',
      'from {client_ip|ip_address}',
    ],
  ],
  [
    /^apprf/,
    [
      '{client_mac|client_ip|ap_name}',
      '{user_name}',
      '{app_name|app_cat}',
      'to {domain|dest_url_prefix|dest_ip}',
      '{hit_count} hits',
      '{tx_bytes} sent',
      '{rx_bytes} received',
      'on {ssid}',
    ],
  ],
  [
    /^alert/,
    [
      '{severity}',
      '{state|operation}',
      '{name}',
      '{summary}',
      '{device_serial|client_mac}',
      'in {site_name}',
    ],
  ],
  [
    /client/,
    [
      '{client_name|name|user_name|username|host_name}',
      '{mac_address|macaddr}',
      '{status|action}',
      'at {device_name|associated_device|connected_device_serial|device_id}',
      'on {wlan_name|network}',
      'port {port}',
      'signal {signal_in_db} dB',
      'SNR {snr} dB',
      '{ip_address|ipv4}',
      '{tx_bytes} sent',
      '{rx_bytes} received',
    ],
  ],
  [
    /./,
    [
      '{name|device_name|uplink_name|interface_name|tunnel_name|map_name|essid|ssid|port_name|device_id|serial|serial_number}',
      '{status|oper_state|oper_status|wan_status|state}',
      '{device_id|serial|serial_number|swarm_id|stack_id}',
      '{macaddr|mac_address|radio_mac_address|peer_mac}',
      '{severity}',
      '{description}',
      '{down_reason|state_down_reason}',
      '{ip_address|ipaddr|ip_v4|ipv4}',
      'port {port_number|port}',
      'VLAN {vlan|vlan_id}',
      'channel {channel}',
      '{cpu_utilization} % CPU',
      '{utilization|total_utilization} % busy',
      '{tx_bytes} sent',
      '{rx_bytes} received',
      '{model}',
    ],
  ],
]

/** Values of an enum, which say in front what they are of: `STATUS_UP`. */
const STATES: ReadonlySet<string> = new Set([
  'status',
  'state',
  'oper_state',
  'oper_status',
  'wan_status',
  'action',
  'operation',
  'event_type',
  'classification',
  'containment_status',
  'down_reason',
  'state_down_reason',
])

const BYTES: ReadonlySet<string> = new Set(['tx_bytes', 'rx_bytes'])

/** Where nothing better is known, so many values are shown. */
const SOME = 6

/** What a row says, in a few words, each once. */
export function about(table: string, values: Named): string {
  const [, parts = []] = ABOUT.find(([tables]) => tables.test(table)) ?? []
  const found = new Set(parts.flatMap((part) => fill(part, values) ?? []))
  if (found.size > 0) return [...found].join(' ')
  return [...values]
    .slice(0, SOME)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function fill(part: string, values: Named): string | undefined {
  const [place, names = '', word] = /\{([^?}]*)\??([^}]*)\}/.exec(part) ?? []
  if (place === undefined) return part
  for (const name of names.split('|')) {
    const value = values.get(name)
    if (value === undefined || value === '') continue
    if (word) return value === 'true' ? word : undefined
    return part.replace(place, () => shown(name, value))
  }
  return undefined
}

function shown(name: string, value: string): string {
  if (STATES.has(name)) return stateText(value)
  const isCount = BYTES.has(name) && /^\d+$/.test(value)
  return isCount ? formatBytes(Number(value)) : value
}

function stateText(value: string): string {
  if (value === 'true') return 'UP'
  if (value === 'false') return 'DOWN'
  return value.replace(
    /^[A-Z_]*(?:STATUS|STATE|OPERATION|TYPE|CLASSIFICATION|REASON)_(?=[A-Z])/,
    '',
  )
}
