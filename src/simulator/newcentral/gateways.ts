import {
  aboutDevice,
  type EventContent,
  type EventMaker,
  inTurn,
  ipText,
  type Moment,
  type Payload,
  timestamp,
} from './cloud-event.js'

const UPLINK = { vlan_id: 4094, link_id: 1 }
const NAMED_UPLINK = { ...UPLINK, description: 'uplink_inet' }
const TUNNEL = {
  map_id: 1,
  map_name: 'default-site-to-site',
  tunnel_mode: 'TUNNEL_MODE_IKE',
  tunnel_type: 'TUNNEL_TYPE_WAN',
}
const PUBLIC_IP = '198.51.100.7'

/** States and statistics of the gateway, each kind in turn. */
export const gateways: EventMaker = (moment) => {
  const { count, site, now } = moment
  const head = { ...aboutDevice(moment, site.gateway), timestamp: timestamp(now) }
  // The first round tells what there is; later ones bring news of it.
  const isFirst = count < KINDS.length
  const operation = isFirst ? 'EVENT_OPERATION_ADD' : 'EVENT_OPERATION_UPDATE'
  return inTurn(KINDS, count)(moment, head, operation)
}

type Kind = (moment: Moment, head: Payload, operation: string) => EventContent

function event(type: string, member: string, payload: Payload): EventContent {
  return { type: `network-monitoring.v1.gateways.${type}`, payload: { [member]: payload } }
}

function bytes({ site }: Moment): Payload {
  const { random } = site
  return { tx_bytes: random.integer(1e6, 1e9), rx_bytes: random.integer(1e6, 1e9) }
}

const KINDS: readonly Kind[] = [
  (moment, head, operation) => {
    const { gateway } = moment.site
    return event('state.device', 'gateway_state', {
      ...head,
      operation,
      device_name: gateway.name,
      mac_address: moment.mac(gateway.mac),
      status: 'STATUS_UP',
      model: gateway.model,
      firmware_version: '10.6.0.0_88888',
      ip_v4: ipText(gateway.ip),
      public_ip_address: PUBLIC_IP,
      default_gateway: '198.51.100.1',
    })
  },
  (_, head, operation) =>
    event('state.uplink', 'uplink_state', {
      ...{ ...head, operation, ...NAMED_UPLINK },
      uplink_name: 'uplink_inet',
      status: 'STATUS_UP',
      wan_status: 'STATUS_UP',
      public_ip_address: PUBLIC_IP,
      private_ip_address: '192.0.2.10',
    }),
  (_, head, operation) =>
    event('state.vlan', 'vlan_state', {
      ...{ ...head, operation },
      vlan_id: 10,
      vlan_description: 'Corp',
      oper_state: 'STATUS_UP',
      admin_state: 'STATUS_UP',
      ip_v4: '10.1.10.1',
    }),
  (moment, head, operation) =>
    event('state.tunnel', 'tunnel_state', {
      ...{ ...head, operation, ...TUNNEL },
      peer_mac: moment.mac(Uint8Array.of(0x00, 0x1a, 0x1e, 0, 0, 1)),
      local_mac: moment.mac(moment.site.gateway.mac),
      src_ip: PUBLIC_IP,
      dst_ip: '203.0.113.1',
      status: 'STATUS_UP',
    }),
  (moment, head, operation) =>
    event('state.interface', 'interface_state', {
      ...{ ...head, operation },
      interface_name: 'GE0/0/1',
      mac_address: moment.mac(moment.site.gateway.mac),
      vlan_id: 10,
      port_number: '1',
      type: 'INTF_TYPE_ETHERNET',
      oper_state: 'STATUS_UP',
      admin_state: 'STATUS_UP',
      status: 'STATUS_UP',
      speed: 'SPEED_TYPE_1000',
      duplex_mode: 'DUPLEX_FULL',
      trusted: true,
      phy_type: 'PORT_TYPE_RJ45',
    }),
  ({ site, now }, head) => {
    const mem_free = site.random.integer(1e9, 2e9)
    return event('stats.device', 'device_stats', {
      ...head,
      uptime: Math.floor(now / 1000) - 1_700_000_000,
      cpu_utilization: site.random.integer(4, 45),
      mem_total: 4_294_967_296,
      mem_free,
      mem_utilization: Math.round(100 - mem_free / 42_949_673),
    })
  },
  (moment, head) =>
    event('stats.uplink', 'uplink_stats', { ...head, ...NAMED_UPLINK, ...bytes(moment) }),
  ({ site }, head) => {
    const uncompressed_bytes = site.random.integer(1e6, 1e8)
    const compressed_bytes = Math.round(uncompressed_bytes * 0.7)
    const savings_bytes = uncompressed_bytes - compressed_bytes
    const wan = { ...NAMED_UPLINK, compressed_bytes, uncompressed_bytes, savings_bytes }
    return event('stats.uplink_wan', 'uplink_wan_stats', { ...head, ...wan })
  },
  ({ site }, head) => {
    const rtt = site.random.integer(50, 400) / 10
    const jitter = site.random.integer(1, 40) / 10
    return event('stats.uplink_ip_probe', 'uplink_ip_probe_stats', {
      ...{ ...head, ...NAMED_UPLINK },
      avg_rtt: Math.round(rtt),
      avg_jitter: Math.round(jitter),
      probe_status: 1,
      loss_percentage: site.random.integer(0, 2),
      probe_ip_addr: '203.0.113.8',
      avg_rtt_float: rtt,
      avg_jitter_float: jitter,
    })
  },
  (moment, head) => {
    const { tx_bytes, rx_bytes } = bytes(moment)
    const counters = { tunnel_tx_bytes: tx_bytes, tunnel_rx_bytes: rx_bytes }
    return event('stats.tunnel', 'tunnel_stats', { ...head, vlan_id: 10, ...TUNNEL, ...counters })
  },
  (moment, head) =>
    event('stats.interface', 'interface_stats', {
      ...{ ...head, ...bytes(moment) },
      interface_name: 'GE0/0/1',
      mac_address: moment.mac(moment.site.gateway.mac),
      in_errors: 0,
      in_packets: moment.site.random.integer(1e4, 1e7),
      out_packets: moment.site.random.integer(1e4, 1e7),
    }),
]
