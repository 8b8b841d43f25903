import type { Device } from '../site.js'
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

const SITE_NAME = 'Head office'
/** The real types are not known. */
const TYPE = 'network-monitoring.switch-events.example'

/** Each kind of event in turn, for each switch in turn. A port goes down and up with its access point. */
export const switches: EventMaker = (moment) => {
  const { site, count, now } = moment
  const device = inTurn(site.switches, Math.floor(count / KINDS.length))
  const head = {
    ...aboutDevice(moment, device),
    timestamp: timestamp(now),
    site_name: SITE_NAME,
  }
  const changed = site.accessPoints.find((ap) => moment.hasChanged(ap, ap.isUp))
  if (changed !== undefined) {
    const number = site.accessPoints.indexOf(changed) + 1
    const why = changed.isUp ? {} : { state_down_reason: 'STATE_DOWN_REASON_LINK_DOWN' }
    const port = { ...portState(number, changed.isUp), ...why }
    return event('interface_state', { ...head, operation: 'EVENT_OPERATION_UPDATE', ...port })
  }
  const isFirst = count < KINDS.length * site.switches.length
  const operation = isFirst ? 'EVENT_OPERATION_ADD' : 'EVENT_OPERATION_UPDATE'
  return inTurn(KINDS, count)(moment, device, { head, operation })
}

type Kind = (
  moment: Moment,
  device: Device,
  start: { readonly head: Payload; readonly operation: string },
) => EventContent

function event(member: string, payload: Payload): EventContent {
  return { type: TYPE, payload: { [member]: payload } }
}

function portState(number: number, isUp: boolean): Payload {
  const status = isUp ? 'STATUS_UP' : 'STATUS_DOWN'
  return {
    ...{ name: `1/1/${number}`, port_number: `1/1/${number}` },
    ...{ status, oper_status: status, poe_status: status, admin_status: 'STATUS_UP' },
    duplex: 'DUPLEX_FULL',
    type: 'INTF_TYPE_ETHERNET',
    has_poe: 'POE_SUPPORT_SUPPORTED',
    speed: 'SPEED_TYPE_1000',
    phy_type: 'PORT_TYPE_RJ45',
    allowed_vlan: [1, 10, 20],
    native_vlan: 1,
    vlan_mode: 'VLAN_MODES_NATIVE_UNTAGGED',
  }
}

const KINDS: readonly Kind[] = [
  (moment, device, { head, operation }) =>
    event('switch_state', {
      ...{ ...head, operation },
      uptime_in_millis: moment.now - 1_700_000_000_000,
      device_name: device.name,
      firmware_version: 'FL.10.13.1000',
      mac_address: moment.mac(device.mac),
      model: device.model,
      status: 'STATUS_UP',
      ipv4: ipText(device.ip),
      public_ip: '198.51.100.7',
      default_gateway: ipText(moment.site.gateway.ip),
      power_supplies: [{ index: 1, status: 'POWER_SUPPLY_STATUS_POWERED' }],
    }),
  ({ site, count }, _, { head, operation }) => {
    const index = Math.floor(count / KINDS.length) % site.accessPoints.length
    const isUp = inTurn(site.accessPoints, index).isUp
    return event('interface_state', { ...head, operation, ...portState(index + 1, isUp) })
  },
  ({ site, count }, _, { head, operation }) => {
    const number = Math.floor(count / KINDS.length) % site.accessPoints.length
    return event('lldp_state', {
      ...{ ...head, operation },
      port: `1/1/${number + 1}`,
      neighbour: inTurn(site.accessPoints, number).name,
      neighbour_port: 'eth0',
      vlan_id: '1',
    })
  },
  (_, __, { head, operation }) =>
    event('vlan_state', {
      ...{ ...head, operation },
      name: 'Corp',
      vlan_id: '10',
      id: 10,
      tagged_ports: '1/1/1-1/1/4',
      is_management_vlan: false,
      status: 'VLAN_STATUS_UP',
      type: 'VLAN_TYPE_STATIC',
      ipv4: '10.1.10.2',
    }),
  (moment, device, { head, operation }) => {
    const { switches } = moment.site
    const isFirst = device === switches[0]
    return event('vsx_state', {
      ...{ ...head, operation },
      role: isFirst ? 'DEVICE_ROLE_PRIMARY' : 'DEVICE_ROLE_SECONDARY',
      peer_role: isFirst ? 'DEVICE_ROLE_SECONDARY' : 'DEVICE_ROLE_PRIMARY',
      isl_port: 'lag256',
      last_sync_timestamp: timestamp(moment.now - 1000),
      peer_mac: moment.mac(inTurn(switches, isFirst ? 1 : 0).mac),
      islp_device_state: 'ISLP_DEVICE_STATE_PEER_ESTABLISHED',
      isl_state: 'ISL_STATE_IN_SYNC',
    })
  },
  ({ site, now }, _, { head }) => {
    const mem_free = site.random.integer(1e9, 2e9)
    return event('device_stats', {
      ...head,
      cpu_utilization: site.random.integer(4, 45),
      mem_total: 4_294_967_296,
      mem_free,
      mem_utilization: Math.round(100 - mem_free / 42_949_673),
      power_consumption: site.random.integer(60, 110),
      temperature: site.random.integer(38, 52),
      fan_status: 'STATUS_UP',
      poe_available: 370,
      poe_consumption: site.random.integer(30, 60),
      uptime: Math.floor(now / 1000) - 1_700_000_000,
    })
  },
  (moment, device, { head }) => {
    const { random, accessPoints } = moment.site
    const number = random.integer(1, accessPoints.length)
    return event('interface_stats', {
      ...head,
      mac_address: moment.mac(device.mac),
      tx_bytes: random.integer(1e6, 1e9),
      rx_bytes: random.integer(1e6, 1e9),
      in_errors: 0,
      in_packets: random.integer(1e4, 1e7),
      out_packets: random.integer(1e4, 1e7),
      port_name: `1/1/${number}`,
      port_number: `1/1/${number}`,
    })
  },
  (_, device, { head, operation }) =>
    event('stack_state', {
      ...{ ...head, operation },
      stack_id: `stack-${device.serial}`,
      status: 'STATUS_UP',
      topology: 'STACK_TOPOLOGY_STANDALONE',
      policy: 'STACK_POLICY_ALL_FRAGMENTS_UP',
      stack_member_id: 1,
      role: 'STACK_ROLE_COMMANDER',
    }),
]
