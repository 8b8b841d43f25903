import { type AccessPoint, SSIDS } from '../site.js'
import {
  aboutDevice,
  type EventContent,
  type EventMaker,
  inTurn,
  ipText,
  type Moment,
  type Payload,
} from './cloud-event.js'

/** Statistics cover this time; the real one is not known. */
const SPAN_SECONDS = 300
const FIRMWARE = '10.6.0.0_88888'

/** An access point that restarts or is back; if none is, each kind of event and each access point in turn. */
export const accessPoints: EventMaker = (moment) => {
  const { site, count } = moment
  const restarted = site.accessPoints.find((ap) => moment.hasChanged(ap, ap.isUp))
  if (restarted !== undefined) {
    const down_reason = 'DEVICE_DOWN_REASON_AP_REBOOT'
    const payload = device(moment, restarted, 'EVENT_OPERATION_UPDATE')
    const why = restarted.isUp ? {} : { down_reason }
    return event('state.device', 'APInfo', { ...payload, ...why })
  }
  const kind = inTurn(KINDS, count)
  return kind(moment, inTurn(site.upAccessPoints, Math.floor(count / KINDS.length)))
}

/** How often each kind came for each access point. */
function lapOf({ site, count }: Moment): number {
  return Math.floor(count / KINDS.length / site.accessPoints.length)
}

type Kind = (moment: Moment, ap: AccessPoint) => EventContent

function event(type: string, message: string, payload: Payload): EventContent {
  return { type: `network-monitoring.v1alpha1.aps.${type}`, message, payload }
}

/** All messages of this topic have their time as text. */
function head(moment: Moment, ap: AccessPoint): Payload {
  const { now, settings } = moment
  const timestamp = settings.ap_time === 'ms' ? String(now) : new Date(now).toISOString()
  return { ...aboutDevice(moment, ap), timestamp, mac_address: moment.mac(ap.mac) }
}

function device(moment: Moment, ap: AccessPoint, operation: string): Payload {
  return {
    ...head(moment, ap),
    operation,
    device_name: ap.name,
    model: ap.model,
    ip_v4: ipText(ap.ip),
    public_ip: '198.51.100.7',
    uptime: Math.floor(moment.now / 1000) - 1_700_000_000,
    mode: 'AP_MODE_ACCESS',
    status: ap.isUp,
    operating_mode: 'AP_OP_MODE_CLUSTER',
    cluster: { cluster_id: moment.site.swarmId, name: 'Floor 1', ip_v4: '10.1.0.10' },
    elected_role: ap === moment.site.accessPoints[0] ? 'AP_ROLE_CONDUCTOR' : 'AP_ROLE_MEMBER',
    current_uplink_inuse: 'UPLINK_TYPE_ETH',
    firmware_version: FIRMWARE,
    country_code: 'US',
    modem_status: false,
  }
}

const bandOf = (band: 2 | 5) => (band === 5 ? 'RADIO_BAND_5GHZ' : 'RADIO_BAND_24GHZ')
const ADD = { operation: 'EVENT_OPERATION_ADD' }
const PORT = { port_index: 0, port_name: 'eth0' }
const TUNNEL = { tunnel_name: 'tunnel-gw-floor-1' }

/** What the clients of an access point sent and received, of one SSID or of all. */
function traffic({ site }: Moment, ap: AccessPoint, ssid?: string): Payload {
  const here = site.clients.filter(
    (client) => client.ap === ap && (ssid === undefined || client.ssid.name === ssid),
  )
  const bytes = here.reduce((sum, { throughput }) => sum + throughput * SPAN_SECONDS, 0)
  return { tx_bytes: bytes, rx_bytes: Math.round(bytes / 8) }
}

/** A virtual access point: an SSID on a radio. */
function virtual(moment: Moment, ap: AccessPoint): Payload {
  const [radio] = ap.radios
  const essid = inTurn(SSIDS, lapOf(moment)).name
  return { radio_mac_address: moment.mac(radio.mac), bssid: moment.mac(radio.mac), essid }
}

const KINDS: readonly Kind[] = [
  (moment, ap) => event('state.device', 'APInfo', device(moment, ap, 'EVENT_OPERATION_ADD')),
  (moment, ap) => {
    const radio = inTurn(ap.radios, lapOf(moment))
    return event('state.radio', 'RadioInfo', {
      ...head(moment, ap),
      ...ADD,
      radio_mac_address: moment.mac(radio.mac),
      channel: String(radio.channel),
      transmit_power: radio.band === 5 ? 18 : 9,
      radio_number: radio.index,
      band: bandOf(radio.band),
      mode: 'RADIO_MODE_CLIENT_ACCESS',
      status: ap.isUp ? 'STATUS_UP' : 'STATUS_DOWN',
      primary_chan: radio.channel,
      bandwidth: radio.band === 5 ? 'CHANNEL_BANDWIDTH_80MHZ' : 'CHANNEL_BANDWIDTH_20MHZ',
      spatial_stream: '4x4',
      radio_type: 'RADIO_TYPE_80211AX',
    })
  },
  (moment, ap) =>
    event('state.virtual_access_point', 'VapInfo', {
      ...{ ...head(moment, ap), ...ADD, ...virtual(moment, ap) },
    }),
  (moment, ap) =>
    event('state.port', 'PortInfo', {
      ...{ ...head(moment, ap), ...ADD, ...PORT },
      port_mac_address: moment.mac(ap.mac),
      status: 'STATUS_UP',
      admin_state: true,
      operate_state: true,
      type: 'PORT_TYPE_GIG',
      speed: 'PORT_MAX_SPEED_1000',
      duplex: 'PORT_DUPLEX_FULL',
      vlan_mode: 'PORT_VLAN_MODE_TRUNK',
      native_vlan: 1,
      allowed_vlan: '1,10,20',
      is_uplink: true,
    }),
  (moment, ap) => {
    const ssid = inTurn(SSIDS, lapOf(moment))
    const isOpen = ssid.security === 'opensystem'
    return event('state.wlan', 'WlanInfo', {
      ...{ ...head(moment, ap), ...ADD },
      essid: ssid.name,
      vlan: String(ssid.vlan),
      wlan_op_mode: isOpen ? 'WLAN_OP_MODE_OPEN_SYSTEM' : 'WLAN_OP_MODE_WPA3_AES_CCM_128',
      wlan_type: isOpen ? 'WLAN_TYPE_GUEST' : 'WLAN_TYPE_EMPLOYEE',
      wlan_band: 'WLAN_BAND_24GHZ_5GHZ',
      status: true,
    })
  },
  (moment, ap) =>
    event('state.tunnel', 'TunnelInfo', {
      ...{ ...head(moment, ap), ...ADD, ...TUNNEL },
      index: 'TUNNEL_INDEX_PRIMARY',
      crypto_type: 'TUNNEL_CRYPTO_TYPE_CERTIFICATE',
      peer_ip: ipText(moment.site.gateway.ip),
      ip: ipText(ap.ip),
      status: 'TUNNEL_STATUS_CONNECTED',
      active: true,
      peer_name: moment.site.gateway.name,
    }),
  (moment, ap) =>
    event('stats.device', 'APSystemStat', {
      ...head(moment, ap),
      cpu_utilization: moment.site.random.integer(40, 450) / 10,
      memory_utilization: moment.site.random.integer(400, 700) / 10,
      power_consumption: moment.site.random.integer(80, 160) / 10,
    }),
  (moment, ap) => {
    const { random } = moment.site
    const radio = inTurn(ap.radios, lapOf(moment))
    return event('stats.radio', 'RadioStat', {
      ...{ ...head(moment, ap), ...traffic(moment, ap) },
      radio_mac_address: moment.mac(radio.mac),
      band: bandOf(radio.band),
      noise_floor: -random.integer(91, 97),
      channel_quality: random.integer(70, 100),
      total_utilization: random.integer(3, 60),
      tx_utilization: random.integer(1, 30),
      rx_utilization: random.integer(1, 30),
      total_frame_retries: random.integer(0, 900),
      frame_retries: random.integer(0, 90) / 10,
    })
  },
  (moment, ap) => {
    const vap = virtual(moment, ap)
    const sent = traffic(moment, ap, String(vap.essid))
    return event('stats.virtual_access_point', 'VapStat', {
      ...{ ...head(moment, ap), ...vap, ...sent },
    })
  },
  (moment, ap) =>
    event('stats.port', 'PortStat', {
      ...{ ...head(moment, ap), ...traffic(moment, ap), port_index: 0 },
      port_mac_address: moment.mac(ap.mac),
      duplex: 'PORT_DUPLEX_FULL',
      speed: 'PORT_MAX_SPEED_1000',
      tx_pkts: moment.site.random.integer(1e4, 1e7),
      rx_pkts: moment.site.random.integer(1e4, 1e7),
    }),
  (moment, ap) =>
    event('stats.modem', 'ModemStat', {
      ...{ ...head(moment, ap), ...traffic(moment, ap) },
      cellular_signal: -moment.site.random.integer(60, 100),
      cellular_sinr: moment.site.random.integer(5, 25),
    }),
  (moment, ap) =>
    event('stats.tunnel', 'TunnelStat', {
      ...{ ...head(moment, ap), ...traffic(moment, ap), ...TUNNEL },
      tunnel_index: 'TUNNEL_INDEX_PRIMARY',
      tun_type: 'TUNNEL_TYPE_ARUBA_IPSEC',
    }),
  (moment, ap) =>
    event('stats.ip_probe', 'IPProbeStat', {
      ...{ ...head(moment, ap), ...TUNNEL },
      owner: 'PROBE_OWNER_VPN',
      ip: ipText(moment.site.gateway.ip),
      status: 'PROBE_STATUS_SUCCESS',
      loss_percentage: moment.site.random.integer(0, 2),
      latency: moment.site.random.integer(1, 30),
      jitter: moment.site.random.integer(0, 9),
    }),
  (moment, ap) => {
    const user_role = inTurn(SSIDS, lapOf(moment)).name
    const payload = { ...head(moment, ap), ...traffic(moment, ap, user_role), user_role }
    return event('stats.user_role', 'RoleStat', payload)
  },
  (moment, ap) => {
    const ssid = inTurn(SSIDS, lapOf(moment)).name
    return event('stats.ssid', 'SsidStat', {
      ...{ ...head(moment, ap), ...traffic(moment, ap, ssid), ssid },
    })
  },
  (moment, ap) => {
    const { name, vlan } = inTurn(SSIDS, lapOf(moment))
    return event('stats.vlan', 'VlanStat', {
      ...{ ...head(moment, ap), ...traffic(moment, ap, name), vlan },
    })
  },
]
