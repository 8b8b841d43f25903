// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Float, Int64Text, TimeText } from '../../value-types.js'

export type MonitoringInformation = {
  gateway_state?: Gateway
  uplink_state?: Uplink
  vlan_state?: Vlan
  tunnel_state?: Tunnel
  interface_state?: Interface
  device_stats?: DeviceStats
  uplink_stats?: UplinkStats
  uplink_wan_stats?: UplinkWanStats
  uplink_ip_probe_stats?: UplinkIpProbeStats
  tunnel_stats?: TunnelStats
  interface_stats?: InterfaceStats
}

export type Gateway = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  device_name?: string
  mac_address?: string
  status?: Status
  model?: string
  firmware_version?: string
  ip_v4?: string
  public_ip_address?: string
  mode?: string
  default_gateway?: string
  ip_v6?: string
}

export type Uplink = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  uplink_name?: string
  description?: string
  vlan_id?: number
  vlan_description?: string
  link_id?: Int64Text
  priority?: number
  status?: Status
  wan_status?: Status
  public_ip_address?: string
  private_ip_address?: string
}

export type Vlan = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  vlan_id?: number
  vlan_description?: string
  oper_state?: Status
  admin_state?: Status
  addr_mode?: string
  ip_v4?: string
  ip_v6_1?: string
  ip_v6_2?: string
  ip_v6_3?: string
  ip_v6_ll?: string
}

export type Tunnel = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  map_id?: Int64Text
  map_name?: string
  tunnel_mode?: TunnelMode
  tunnel_type?: TunnelType
  peer_mac?: string
  local_mac?: string
  src_ip?: string
  dst_ip?: string
  status?: Status
}

export type Interface = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  interface_name?: string
  mac_address?: string
  vlan_id?: number
  port_number?: string
  type?: Interface_IntfType
  ip_address?: string
  oper_state?: Status
  admin_state?: Status
  status?: Status
  speed?: Interface_SpeedType
  mode?: string
  duplex_mode?: Interface_Duplex
  trusted?: boolean
  slot?: string
  mux?: string
  phy_type?: Interface_PortType
  sub_type?: string
  native_vlan?: number
  allowed_vlan?: string
}

export type DeviceStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  /** Unit: not known. */
  uptime?: Int64Text
  cpu_utilization?: number
  mem_total?: Int64Text
  mem_free?: Int64Text
  mem_utilization?: Int64Text
}

export type UplinkStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  vlan_id?: number
  link_id?: number
  description?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type UplinkWanStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  vlan_id?: number
  link_id?: number
  description?: string
  /** Unit: bytes. */
  compressed_bytes?: Int64Text
  /** Unit: bytes. */
  uncompressed_bytes?: Int64Text
  /** Unit: bytes. */
  savings_bytes?: Int64Text
}

/** The fields that end in _float are the same measures as their integer namesakes; units are not known. */
export type UplinkIpProbeStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  vlan_id?: number
  link_id?: number
  description?: string
  avg_rtt?: Int64Text
  max_rtt?: Int64Text
  min_rtt?: Int64Text
  avg_jitter?: Int64Text
  max_jitter?: Int64Text
  min_jitter?: Int64Text
  mos_quality?: Int64Text
  sd_avg_latency?: Int64Text
  ds_avg_latency?: Int64Text
  sd_avg_jitter?: Int64Text
  ds_avg_jitter?: Int64Text
  probe_status?: number
  /** Unit: %. */
  loss_percentage?: number
  probe_ip_addr?: string
  vpnc_ip_addr?: string
  avg_rtt_float?: Float
  max_rtt_float?: Float
  min_rtt_float?: Float
  avg_jitter_float?: Float
  max_jitter_float?: Float
  min_jitter_float?: Float
  mos_quality_float?: Float
  sd_avg_latency_float?: Float
  ds_avg_latency_float?: Float
  sd_avg_jitter_float?: Float
  ds_avg_jitter_float?: Float
}

export type TunnelStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  vlan_id?: number
  map_id?: Int64Text
  map_name?: string
  tunnel_mode?: TunnelMode
  tunnel_type?: TunnelType
  /** Unit: bytes. */
  tunnel_rx_bytes?: Int64Text
  /** Unit: bytes. */
  tunnel_tx_bytes?: Int64Text
}

export type InterfaceStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  interface_name?: string
  mac_address?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  in_errors?: Int64Text
  out_errors?: Int64Text
  in_packets?: Int64Text
  out_packets?: Int64Text
  in_other_errors?: number
  in_multicast_packets?: Int64Text
  in_broadcast_packets?: Int64Text
  in_unicast_packets?: Int64Text
  out_multicast_packets?: Int64Text
  out_broadcast_packets?: Int64Text
  out_unicast_packets?: Int64Text
  in_fcs?: Int64Text
  in_giant?: number
  in_runt?: number
  out_collision?: Int64Text
  out_late_collision?: number
  out_deferred?: number
}

/** A number where the schema has no name for it. */
export type EventOperation =
  | 'EVENT_OPERATION_UNSPECIFIED'
  | 'EVENT_OPERATION_ADD'
  | 'EVENT_OPERATION_UPDATE'
  | 'EVENT_OPERATION_DELETE'
  | number

/** A number where the schema has no name for it. */
export type Status = 'STATUS_UNSPECIFIED' | 'STATUS_UP' | 'STATUS_DOWN' | number

/** A number where the schema has no name for it. */
export type TunnelMode =
  | 'TUNNEL_MODE_UNSPECIFIED'
  | 'TUNNEL_MODE_IKE'
  | 'TUNNEL_MODE_GRE'
  | 'TUNNEL_MODE_VXLAN'
  | number

/** A number where the schema has no name for it. */
export type TunnelType =
  | 'TUNNEL_TYPE_UNSPECIFIED'
  | 'TUNNEL_TYPE_LAN'
  | 'TUNNEL_TYPE_WAN'
  | 'TUNNEL_TYPE_ALL'
  | 'TUNNEL_TYPE_INTER_GW_LAN'
  | 'TUNNEL_TYPE_VXLAN'
  | 'TUNNEL_TYPE_GRE'
  | number

/** A number where the schema has no name for it. */
export type Interface_IntfType =
  | 'INTF_TYPE_UNSPECIFIED'
  | 'INTF_TYPE_ETHERNET'
  | 'INTF_TYPE_LOOPBACK'
  | 'INTF_TYPE_VLAN'
  | 'INTF_TYPE_TUNNEL'
  | 'INTF_TYPE_PORT_CHANNEL'
  | 'INTF_TYPE_STANDBY'
  | 'INTF_TYPE_BRIDGE'
  | 'INTF_TYPE_SPLIT'
  | 'INTF_TYPE_STACK'
  | 'INTF_TYPE_MGMT'
  | 'INTF_TYPE_NONE'
  | number

/** A number where the schema has no name for it. */
export type Interface_SpeedType =
  | 'SPEED_TYPE_UNSPECIFIED'
  | 'SPEED_TYPE_AUTO'
  | 'SPEED_TYPE_10'
  | 'SPEED_TYPE_100'
  | 'SPEED_TYPE_1000'
  | 'SPEED_TYPE_10000'
  | 'SPEED_TYPE_25000'
  | 'SPEED_TYPE_40000'
  | 'SPEED_TYPE_50000'
  | 'SPEED_TYPE_100000'
  | 'SPEED_TYPE_2500'
  | 'SPEED_TYPE_5000'
  | number

/** A number where the schema has no name for it. */
export type Interface_Duplex =
  | 'DUPLEX_UNSPECIFIED'
  | 'DUPLEX_HALF'
  | 'DUPLEX_FULL'
  | 'DUPLEX_AUTO'
  | number

/** A number where the schema has no name for it. */
export type Interface_PortType =
  | 'PORT_TYPE_UNSPECIFIED'
  | 'PORT_TYPE_RJ45'
  | 'PORT_TYPE_GBIC'
  | 'PORT_TYPE_SERIAL'
  | 'PORT_TYPE_USB'
  | 'PORT_TYPE_X2'
  | 'PORT_TYPE_SFP'
  | number
