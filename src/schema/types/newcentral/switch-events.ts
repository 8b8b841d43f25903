// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Int64Text, TimeText } from '../../value-types.js'

export type StreamSwitchMessage = {
  switch_state?: Switch
  interface_state?: Interface
  lldp_state?: Lldp
  vlan_state?: Vlan
  vsx_state?: Vsx
  device_stats?: DeviceStats
  interface_stats?: InterfaceStats
  stack_state?: SwitchStack
}

export type Switch = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  /** Unit: ms, by its name. */
  uptime_in_millis?: Int64Text
  device_name?: string
  firmware_version?: string
  mac_address?: string
  model?: string
  stack_id?: string
  status?: Status
  ipv4?: string
  public_ip?: string
  default_gateway?: string
  stack_mac?: string
  power_supplies?: Switch_PowerSupply[]
}

export type Interface = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  name?: string
  mac_address?: string
  status?: Status
  ipv4?: string
  duplex?: Interface_Duplex
  port_number?: string
  type?: Interface_IntfType
  mode?: string
  vlan?: number
  has_poe?: Interface_PoeSupport
  poe_status?: Status
  oper_status?: Status
  admin_status?: Status
  speed?: Interface_SpeedType
  mux?: number
  trusted?: number
  slot?: string
  phy_type?: Interface_PortType
  sub_type?: string
  allowed_vlan?: number[]
  native_vlan?: number
  vsx_enabled?: boolean
  state_down_reason?: StateDownReason
  vlan_mode?: VlanModes
}

export type Lldp = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  port?: string
  neighbour?: string
  neighbour_port?: string
  remote_port_number?: string
  vlan_id?: string
}

export type Vlan = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  name?: string
  vlan_id?: string
  id?: number
  tagged_ports?: string
  untagged_ports?: string
  primary_vlan_id?: number
  primary_vlan_type?: string
  promiscuous_ports?: string
  isl_ports?: string
  is_management_vlan?: boolean
  is_jumbo_enabled?: boolean
  is_igmp_enabled?: boolean
  status?: VlanStatus
  oper_state_reason?: string
  type?: VlanType
  access_ports?: string
  ipv4?: string
}

export type Vsx = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  role?: DeviceRole
  peer_role?: DeviceRole
  isl_port?: string
  peer_isl_port?: string
  keepalive_peer_ip?: string
  keepalive_src_ip?: string
  last_sync_timestamp?: TimeText
  peer_mac?: string
  config_sync_disable?: boolean
  islp_device_state?: ISLPDeviceState
  isl_state?: ISLState
  config_sync_state_value?: ISLState
  isl_mgmt_state_value?: ISLState
  nae_state_value?: ISLState
  https_server_state_value?: ISLState
}

export type DeviceStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  cpu_utilization?: number
  mem_total?: Int64Text
  mem_free?: Int64Text
  mem_utilization?: Int64Text
  /** Unit: not known. */
  power_consumption?: number
  fan_speed?: number
  /** Unit: not known. */
  temperature?: number
  fan_status?: Status
  max_power?: number
  poe_consumption?: number
  poe_available?: number
  /** Unit: not known. */
  uptime?: Int64Text
}

export type InterfaceStats = {
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  mac_address?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  in_errors?: Int64Text
  out_errors?: Int64Text
  in_discards?: Int64Text
  out_discards?: Int64Text
  in_packets?: Int64Text
  out_packets?: Int64Text
  in_other_err?: number
  in_multicast_pkt?: Int64Text
  in_broadcast_pkt?: Int64Text
  in_unicast_pkt?: Int64Text
  out_multicast_pkt?: Int64Text
  out_broadcast_pkt?: Int64Text
  out_unicast_pkt?: Int64Text
  in_fcs?: Int64Text
  in_alignment?: Int64Text
  out_excessive_collision?: number
  in_jabbers?: Int64Text
  in_fragmented?: Int64Text
  in_giant?: number
  in_runt?: Int64Text
  out_collision?: Int64Text
  out_late_collision?: number
  out_deferred?: number
  port_name?: string
  port_number?: string
  /** Unit: not known. */
  power_consumption?: number
}

export type SwitchStack = {
  operation?: EventOperation
  timestamp?: TimeText
  tenant_id?: string
  serial_number?: string
  site_name?: string
  stack_id?: string
  status?: Status
  topology?: SwitchStack_StackTopology
  policy?: SwitchStack_StackPolicy
  firmware_version?: string
  vsf_domain_id?: number
  stack_member_id?: number
  role?: SwitchStack_StackRole
}

/** A number where the schema has no name for it. */
export type EventOperation =
  | 'EVENT_OPERATION_UNSPECIFIED'
  | 'EVENT_OPERATION_ADD'
  | 'EVENT_OPERATION_DELETE'
  | 'EVENT_OPERATION_UPDATE'
  | number

/** A number where the schema has no name for it. */
export type Status = 'STATUS_UNSPECIFIED' | 'STATUS_UP' | 'STATUS_DOWN' | number

export type Switch_PowerSupply = {
  index?: number
  status?: Switch_PowerSupply_PowerSupplyStatus
}

/** A number where the schema has no name for it. */
export type Interface_Duplex =
  | 'DUPLEX_UNSPECIFIED'
  | 'DUPLEX_HALF'
  | 'DUPLEX_FULL'
  | 'DUPLEX_AUTO'
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
export type Interface_PoeSupport =
  | 'POE_SUPPORT_UNSPECIFIED'
  | 'POE_SUPPORT_SUPPORTED'
  | 'POE_SUPPORT_NOT_SUPPORTED'
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
export type Interface_PortType =
  | 'PORT_TYPE_UNSPECIFIED'
  | 'PORT_TYPE_RJ45'
  | 'PORT_TYPE_GBIC'
  | 'PORT_TYPE_SERIAL'
  | 'PORT_TYPE_USB'
  | 'PORT_TYPE_X2'
  | number

/** A number where the schema has no name for it. */
export type StateDownReason =
  | 'STATE_DOWN_REASON_UNSPECIFIED'
  | 'STATE_DOWN_REASON_ADMIN_DOWN'
  | 'STATE_DOWN_REASON_LINK_DOWN'
  | 'STATE_DOWN_REASON_WAITING_FOR_LINK'
  | 'STATE_DOWN_REASON_BLOCKED'
  | 'STATE_DOWN_REASON_REMOTE_FAULT'
  | 'STATE_DOWN_REASON_NOT_PRESENT'
  | 'STATE_DOWN_REASON_HARDWARE_ABSENT'
  | 'STATE_DOWN_REASON_ERROR_DISABLED'
  | 'STATE_DOWN_REASON_UNINITIALIZED'
  | number

/** A number where the schema has no name for it. */
export type VlanModes =
  | 'VLAN_MODES_UNSPECIFIED'
  | 'VLAN_MODES_ACCESS'
  | 'VLAN_MODES_NATIVE_TAGGED'
  | 'VLAN_MODES_NATIVE_UNTAGGED'
  | 'VLAN_MODES_ROUTED'
  | 'VLAN_MODES_TRUNK'
  | number

/** A number where the schema has no name for it. */
export type VlanStatus = 'VLAN_STATUS_UNSPECIFIED' | 'VLAN_STATUS_UP' | 'VLAN_STATUS_DOWN' | number

/** A number where the schema has no name for it. */
export type VlanType =
  | 'VLAN_TYPE_UNSPECIFIED'
  | 'VLAN_TYPE_STATIC'
  | 'VLAN_TYPE_DYNAMIC'
  | 'VLAN_TYPE_INTERNAL'
  | 'VLAN_TYPE_DEFAULT'
  | number

/** A number where the schema has no name for it. */
export type DeviceRole =
  | 'DEVICE_ROLE_UNSPECIFIED'
  | 'DEVICE_ROLE_PRIMARY'
  | 'DEVICE_ROLE_SECONDARY'
  | number

/** A number where the schema has no name for it. */
export type ISLPDeviceState =
  | 'ISLP_DEVICE_STATE_UNSPECIFIED'
  | 'ISLP_DEVICE_STATE_WAITING_FOR_PEER'
  | 'ISLP_DEVICE_STATE_PEER_ESTABLISHED'
  | 'ISLP_DEVICE_STATE_SPLIT_SYSTEM_PRIMARY'
  | 'ISLP_DEVICE_STATE_SPLIT_SYSTEM_SECONDARY'
  | 'ISLP_DEVICE_STATE_SYNC_PRIMARY'
  | 'ISLP_DEVICE_STATE_SYNC_SECONDARY'
  | 'ISLP_DEVICE_STATE_SYNC_SECONDARY_LINKUP_DELAY'
  | number

/** A number where the schema has no name for it. */
export type ISLState =
  | 'ISL_STATE_UNSPECIFIED'
  | 'ISL_STATE_IN_SYNC'
  | 'ISL_STATE_DISABLED'
  | 'ISL_STATE_SW_IMAGE_VERSION_MISMATCH_ERROR'
  | 'ISL_STATE_CONFLICTING_OR_MISSING_DEV_ROLES'
  | 'ISL_STATE_PEER_DB_CONNECTION_ERROR'
  | 'ISL_STATE_CONFIGURATION_SYNC_CONFLICT'
  | 'ISL_STATE_CONFIGURATION_SYNC_MISSING_REFERENCE'
  | 'ISL_STATE_PEER_REACHABLE'
  | 'ISL_STATE_PEER_UNREACHABLE'
  | 'ISL_STATE_OPERATIONAL'
  | 'ISL_STATE_INTER_SWITCH_LINK_MGMT_INIT'
  | 'ISL_STATE_INTER_SWITCH_LINK_DOWN'
  | 'ISL_STATE_INTERNAL_ERROR'
  | number

/** A number where the schema has no name for it. */
export type SwitchStack_StackTopology =
  | 'STACK_TOPOLOGY_UNSPECIFIED'
  | 'STACK_TOPOLOGY_STANDALONE'
  | 'STACK_TOPOLOGY_CHAIN'
  | 'STACK_TOPOLOGY_RING'
  | 'STACK_TOPOLOGY_MESH'
  | 'STACK_TOPOLOGY_PARTIAL_MESH'
  | 'STACK_TOPOLOGY_UNKNOWN'
  | number

/** A number where the schema has no name for it. */
export type SwitchStack_StackPolicy =
  | 'STACK_POLICY_UNSPECIFIED'
  | 'STACK_POLICY_UNKNOWN'
  | 'STACK_POLICY_ONE_FRAGMENT_UP'
  | 'STACK_POLICY_ALL_FRAGMENTS_UP'
  | number

/** A number where the schema has no name for it. */
export type SwitchStack_StackRole =
  | 'STACK_ROLE_UNSPECIFIED'
  | 'STACK_ROLE_MISSING'
  | 'STACK_ROLE_NOT_JOINED'
  | 'STACK_ROLE_COMMANDER'
  | 'STACK_ROLE_STANDBY'
  | 'STACK_ROLE_MEMBER'
  | 'STACK_ROLE_SHUTDOWN'
  | 'STACK_ROLE_BOOTING'
  | 'STACK_ROLE_FAILED'
  | 'STACK_ROLE_INCOMPATIBLE_OS'
  | 'STACK_ROLE_STANDBY_BOOTING'
  | 'STACK_ROLE_UNKNOWN'
  | number

/** A number where the schema has no name for it. */
export type Switch_PowerSupply_PowerSupplyStatus =
  | 'POWER_SUPPLY_STATUS_UNSPECIFIED'
  | 'POWER_SUPPLY_STATUS_NOT_PRESENT'
  | 'POWER_SUPPLY_STATUS_NOT_PLUGGED'
  | 'POWER_SUPPLY_STATUS_POWERED'
  | 'POWER_SUPPLY_STATUS_FAILED'
  | 'POWER_SUPPLY_STATUS_PERMANENT_FAILURE'
  | 'POWER_SUPPLY_STATUS_MAX'
  | 'POWER_SUPPLY_STATUS_NO_AUX_POWER'
  | 'POWER_SUPPLY_STATUS_NOT_POWERED'
  | 'POWER_SUPPLY_STATUS_AUX_NOT_POWERED'
  | number
