// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { BytesText, Float, Int64Text } from '../value-types.js'

export type MonitoringInformation = {
  customer_id?: string
  /** Which lists the message has. */
  data_elements?: DataElement[]
  swarms?: Swarm[]
  aps?: Ap[]
  networks?: Network[]
  radios?: Radio[]
  vaps?: VapInfo[]
  interfaces?: Interface[]
  tunnels?: Tunnel[]
  wireless_clients?: WirelessClient[]
  switches?: Switch[]
  wired_clients?: WiredClient[]
  device_stats?: DeviceStats[]
  radio_stats?: RadioStats[]
  interface_stats?: InterfaceStats[]
  vap_stats?: VapStats[]
  client_stats?: ClientStats[]
  tunnel_stats?: TunnelStats[]
  wids_events?: WIDSEvent[]
  modem_stats?: ModemStats[]
  role_stats?: RoleStats[]
  vlan_stats?: VlanStats[]
  ssid_stats?: SsidStats[]
  ipprobe_stats?: TunnelIpProbeStats[]
  rogue_events?: RogueEvent[]
  mobility_controllers?: MobilityController[]
  uplinks?: Uplink[]
  uplink_stats?: UplinkStats[]
  uplink_wan_stats?: UplinkWanStats[]
  uplink_probe_stats?: UplinkIpProbeStats[]
  uplink_speedtest?: UplinkSpeedtest[]
  device_neighbours?: DeviceNeighbours[]
  notification?: Notification[]
  switch_stacks?: SwitchStack[]
  ike_tunnels?: IkeTunnel[]
  switch_vlan_info?: SwitchVlanInfo
  vlans?: Vlan[]
  vsx?: VSXState
  /** Unit: s since the epoch. */
  timestamp?: number
}

/** A number where the schema has no name for it. */
export type DataElement =
  | 'STATE_CONTROLLER'
  | 'STATE_SWITCH'
  | 'STATE_SWARM'
  | 'STATE_AP'
  | 'STATE_VAP'
  | 'STATE_RADIO'
  | 'STATE_INTERFACE'
  | 'STATE_NETWORK'
  | 'STATE_TUNNEL'
  | 'STATE_WIRELESSCLIENT'
  | 'STATE_WIREDCLIENT'
  | 'STATE_UPLINK'
  | 'STAT_DEVICE'
  | 'STAT_RADIO'
  | 'STAT_VAP'
  | 'STAT_INTERFACE'
  | 'STAT_CLIENT'
  | 'STAT_TUNNEL'
  | 'STAT_MODEM'
  | 'STAT_ROLE'
  | 'STAT_VLAN'
  | 'STAT_SSID'
  | 'STAT_IPPROBE'
  | 'STAT_UPLINK'
  | 'STAT_UPLINKWAN'
  | 'STAT_UPLINKIPPROBE'
  | 'EVENTS_WIDS'
  | 'EVENTS_ROGUE'
  | 'STATS_UPLINK_SPEEDTEST'
  | 'DEVICE_NEIGHBOURS'
  | 'NOTIFICATIONS'
  | 'SWITCH_STACK'
  | 'STATE_IKE_TUNNEL'
  | 'SWITCH_VLAN'
  | 'STATE_VLAN'
  | 'STATE_VSX'
  | number

export type Swarm = {
  action?: Action
  swarm_id?: string
  name?: string
  status?: Status
  public_ip_address?: IpAddress
  ip_address?: IpAddress
  firmware_version?: string
}

export type Ap = {
  action?: Action
  /** Serial number; device_id of presence names the access point by it. */
  serial?: string
  /** Name of the access point. */
  name?: string
  /** The access point. */
  macaddr?: MacAddress
  cluster_id?: string
  status?: Status
  ip_address?: IpAddress
  model?: string
  mesh_role?: string
  mode?: string
  swarm_master?: boolean
  modem_connected?: boolean
  uplink_type?: Ap_UplinkType
  firmware_version?: string
}

export type Network = {
  action?: Action
  swarm_id?: string
  /** UTF-8 text. */
  essid?: BytesText
  security?: string
  type?: string
}

export type Radio = {
  action?: Action
  device_id?: string
  index?: number
  macaddr?: MacAddress
  status?: Status
  channel?: string
  band?: number
  channel_width?: number
  ap_mac?: MacAddress
}

export type VapInfo = {
  action?: Action
  device_id?: string
  radio_mac?: MacAddress
  /** UTF-8 text. */
  essid?: BytesText
  ap_mac?: MacAddress
  bssid?: MacAddress
}

export type Interface = {
  action?: Action
  device_id?: string
  macaddr?: MacAddress
  status?: Status
  ipaddr?: IpAddress
  duplex_mode?: Interface_Duplex
  name?: string
  port_number?: string
  type?: Interface_IntfType
  mode?: string
  vlan?: number
  has_poe?: Interface_PoeSupport
  poe_state?: Status
  oper_state?: Status
  admin_state?: Status
  speed?: Interface_SpeedType
  mux?: number
  trusted?: number
  slot?: string
  phy_type?: Interface_PortType
  sub_type?: string
  allowed_vlan?: number[]
  native_vlan?: number
  vsx_enabled?: boolean
  state_down_reason?: Interface_StateDownReason
  vlan_mode?: Interface_VlanModes
}

export type Tunnel = {
  action?: Action
  swarm_id?: string
  index?: TunnelIndex
  crypto_type?: CryptoType
  peer_name?: string
  peer_tun_ip?: IpAddress
  tunnel_ip?: IpAddress
  status?: Status
  active?: boolean
  /** Unit: not known. */
  uptime?: number
  tunnel_id?: Int64Text
}

export type WirelessClient = {
  action?: Action
  /** The client. */
  macaddr?: MacAddress
  /** Name of the client. */
  name?: string
  ip_address?: IpAddress
  username?: string
  /** The access point that the client is connected to. */
  associated_device?: string
  radio_mac?: MacAddress
  /** UTF-8 text. */
  network?: BytesText
  user_role?: string
  manufacturer?: string
  os_type?: string
  connection?: string
  /** Unit: not known. */
  maxspeed?: number
  vlan?: number
}

export type Switch = {
  action?: Action
  serial?: string
  name?: string
  macaddr?: MacAddress
  model?: string
  status?: Status
  public_ip_address?: IpAddress
  ip_address?: IpAddress
  firmware_version?: string
  default_gateway?: IpAddress
  device_mode?: number
  uplink_ports?: string[]
  max_slots?: number
  used_slots?: string[]
  management_modules?: HardwareModule[]
  power_supplies?: HardwareModule[]
  stack_id?: string
  stack_member_id?: number
  stack_member_role?: Switch_StackMemberRole
  stack_macaddr?: MacAddress
}

export type WiredClient = {
  action?: Action
  /** The client. */
  macaddr?: MacAddress
  /** Name of the client. */
  name?: string
  ip_address?: IpAddress
  username?: string
  associated_device?: string
  interface_mac?: MacAddress
  user_role?: string
  vlan?: number
  auth_type?: AuthType
}

export type DeviceStats = {
  device_id?: string
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: not known. */
  uptime?: Int64Text
  cpu_utilization?: number
  mem_total?: Int64Text
  mem_free?: Int64Text
  /** Unit: not known. */
  power_consumption?: number
  fan_speed?: number
  temperature?: number
  fan_status?: Status
  max_power?: number
  poe_consumption?: number
  poe_budget?: number
  mem_utilization?: Int64Text
}

export type RadioStats = {
  device_id?: string
  macaddr?: MacAddress
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  tx_drops?: number
  /** Unit: not known. */
  tx_power?: number
  /** Unit: not known, nor the sign. */
  noise_floor?: number
  /** Unit: not known. */
  utilization?: number
  rx_bad?: Int64Text
}

export type InterfaceStats = {
  device_id?: string
  macaddr?: MacAddress
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  /** Unit: not known. */
  power_consumption?: number
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
  in_runt?: number
  out_collision?: Int64Text
  out_late_collision?: number
  out_deferred?: number
}

export type VapStats = {
  device_id?: string
  radio_mac?: MacAddress
  /** UTF-8 text. */
  network?: BytesText
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type ClientStats = {
  device_id?: string
  /** The client. */
  macaddr?: MacAddress
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  rx_retries?: number
  tx_retries?: number
  /** Unit: not known. */
  speed?: number
  /** Strength of the signal: 45 stands for the -45 dBm of presence. Unit: dB, positive. */
  signal_in_db?: number
  /** Signal-to-noise ratio. Unit: not known. */
  snr?: number
}

export type TunnelStats = {
  swarm_id?: string
  index?: TunnelIndex
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  tunnel_id?: Int64Text
  tunnel_name?: string
}

export type WIDSEvent = {
  action?: Action
  event_type?: WIDSEvent_EventType
  macaddr?: MacAddress
  detected_ap?: string
  attack_type?: WIDSEvent_AttackType
  channel?: string
  /** UTF-8 text. */
  network?: BytesText
}

export type ModemStats = {
  device_id?: string
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type RoleStats = {
  device_id?: string
  user_role?: string
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type VlanStats = {
  device_id?: string
  vlan?: number
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type SsidStats = {
  device_id?: string
  /** UTF-8 text. */
  essid?: BytesText
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type TunnelIpProbeStats = {
  device_id?: string
  tunnel_index?: TunnelIndex
  probe_ip_addr?: IpAddress
  probe_status?: number
  /** Unit: %. */
  ip_probe_pkt_loss_pct?: number
  tunnel_name?: string
  tunnel_id?: Int64Text
}

export type RogueEvent = {
  action?: Action
  detected_ap?: string
  macaddr?: MacAddress
  channel?: number
  /** UTF-8 text. */
  network?: BytesText
  encr_type?: RogueEvent_wms_snmp_encr_protocol
  am_rogue?: AirMonitorRogueInfo
}

export type MobilityController = {
  action?: Action
  serial?: string
  name?: string
  macaddr?: MacAddress
  model?: string
  status?: Status
  public_ip_address?: IpAddress
  ip_address?: IpAddress
  firmware_version?: string
  default_gateway?: IpAddress
  mode?: MobilityController_ControllerMode
}

export type Uplink = {
  action?: Action
  device_id?: string
  link_index?: Int64Text
  name?: string
  description?: string
  priority?: number
  status?: Status
  wan_status?: Status
  vlan?: number
  vlan_description?: string
  public_ip_address?: IpAddress
  private_ip_address?: IpAddress
}

export type UplinkStats = {
  device_id?: string
  link_id?: number
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  /** Unit: bytes. */
  tunnel_tx_bytes?: Int64Text
  /** Unit: bytes. */
  tunnel_rx_bytes?: Int64Text
  map_id?: Int64Text
  map_name?: string
}

export type UplinkWanStats = {
  device_id?: string
  link_id?: number
  /** Unit: s since the epoch. */
  timestamp?: number
  /** Unit: bytes. */
  compressed_bytes?: Int64Text
  /** Unit: bytes. */
  uncompressed_bytes?: Int64Text
  /** Unit: bytes. */
  savings_bytes?: Int64Text
}

export type UplinkIpProbeStats = {
  device_id?: string
  link_id?: number
  /** Unit: s since the epoch. */
  timestamp?: number
  ip_address?: IpAddress
  vlan?: number
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
  loss_pct?: number
  vpnc_ip_addr?: Int64Text
  probe_ip_addr?: Int64Text
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

export type UplinkSpeedtest = {
  device_id?: string
  server_ip?: IpAddress
  vlan?: number
  protocol?: string
  /** Unit: bit/s. */
  upstream_bps?: Int64Text
  /** Unit: bit/s. */
  downstream_bps?: Int64Text
  /** Unit: s. */
  time_secs?: number
  upstream_jitter?: Float
  downstream_jitter?: Float
}

export type DeviceNeighbours = {
  action?: Action
  device_id?: string
  port?: string
  remote_device_id?: string
  remote_port?: string
  remote_port_number?: string
  vlan_id?: string
}

export type Notification = {
  id?: string
  type?: string
  setting_id?: string
  device_id?: string
  severity?: Notification_Severity
  /** Unit: s since the epoch. */
  timestamp?: number
  state?: Notification_NotificationState
  description?: string
  extra?: KeyValueData[]
}

export type SwitchStack = {
  action?: Action
  stack_id?: string
  status?: Status
  topology?: SwitchStack_StackTopology
  policy?: SwitchStack_StackPolicy
  firmware_version?: string
  vsf_domain_id?: number
}

export type IkeTunnel = {
  action?: Action
  device_id?: string
  map_id?: Int64Text
  peer_mac?: MacAddress
  local_mac?: MacAddress
  src_ip?: IpAddress
  dst_ip?: IpAddress
  status?: Status
  map_name?: string
}

export type SwitchVlanInfo = {
  device_id?: string
  vlans?: SwitchVlan[]
}

export type Vlan = {
  action?: Action
  vlan_id?: number
  ipv4?: IpAddress
  ipv6_ll?: IpAddress
  ipv6_1?: IpAddress
  ipv6_2?: IpAddress
  ipv6_3?: IpAddress
  oper_state?: Status
  description?: string
  admin_state?: Status
  addr_mode?: string
  /** Unit: s since the epoch. */
  timestamp?: number
  device_id?: string
}

export type VSXState = {
  action?: Action
  device_id?: string
  role?: VSXState_DeviceRole
  peer_role?: VSXState_DeviceRole
  isl_port?: string
  peer_isl_port?: string
  keepalive_peer_ip?: IpAddress
  keepalive_src_ip?: IpAddress
  /** Unit: s since the epoch. */
  last_sync_timestamp?: Int64Text
  mac?: MacAddress
  peer_mac?: MacAddress
  config_sync_disable?: boolean
  islp_device_state_value?: VSXState_ISLPDeviceState
  config_sync_state_value?: VSXState_ISLState
  isl_mgmt_state_value?: VSXState_ISLState
  nae_state_value?: VSXState_ISLState
  https_server_state_value?: VSXState_ISLState
}

/** A number where the schema has no name for it. */
export type Action = 'ADD' | 'DELETE' | 'UPDATE' | number

/** A number where the schema has no name for it. */
export type Status = 'UP' | 'DOWN' | number

/** IPv4 or IPv6: go by the length, since numbers of families differ between topics. */
export type IpAddress = {
  af?: IpAddress_addr_family
  /** 4 raw bytes (IPv4) or 16 (IPv6). */
  addr?: BytesText
}

export type MacAddress = {
  /** 6 raw bytes. */
  addr?: BytesText
}

/** A number where the schema has no name for it. */
export type Ap_UplinkType = 'ETHERNET' | 'MESH' | 'STATION' | 'MODEM' | number

/** A number where the schema has no name for it. */
export type Interface_Duplex = 'HALF' | 'FULL' | 'AUTO' | number

/** A number where the schema has no name for it. */
export type Interface_IntfType =
  | 'ETHERNET'
  | 'LOOPBACK'
  | 'VLAN'
  | 'TUNNEL'
  | 'PORT_CHANNEL'
  | 'STANDBY'
  | 'BRIDGE'
  | 'SPLIT'
  | 'STACK'
  | 'MGMT'
  | 'NONE'
  | number

/** A number where the schema has no name for it. */
export type Interface_PoeSupport = 'NA' | 'SUPPORTED' | 'NOT_SUPPORTED' | number

/** A number where the schema has no name for it. */
export type Interface_SpeedType =
  | 'SPEED_INVALID'
  | 'SPEED_AUTO'
  | 'SPEED_10'
  | 'SPEED_100'
  | 'SPEED_1000'
  | 'SPEED_10000'
  | number

/** A number where the schema has no name for it. */
export type Interface_PortType = 'PT_RJ45' | 'PT_GBIC' | 'PT_SERIAL' | 'PT_USB' | 'PT_X2' | number

/** A number where the schema has no name for it. */
export type Interface_StateDownReason =
  | 'UNINITIALIZED'
  | 'WAITING_FOR_LINK'
  | 'ADMIN_INTERFACE_DOWN'
  | 'MODULE_MISSING'
  | 'MODULE_UNRECOGNIZED'
  | 'MODULE_UNSUPPORTED'
  | 'MODULE_INCOMPATIBLE'
  | 'MODULE_FAULT'
  | 'GROUP_SPEED_MISMATCH'
  | 'LANES_SPLIT'
  | 'LANES_NOT_SPLIT'
  | 'INVALID_MTU'
  | 'INVALID_SPEEDS'
  | 'AUTONEG_NOT_SUPPORTED'
  | 'AUTONEG_REQUIRED'
  | 'INTERFACE_ABSENT'
  | 'PHYSICAL_INTERFACE_FAILED'
  | 'PSPO_ENABLEMENT_LAYER_DOWN'
  | 'CARD_INTERFACE_ERRORS'
  | 'INTERFACE_OK'
  | number

/** A number where the schema has no name for it. */
export type Interface_VlanModes = 'ACCESS' | 'NATIVE_TAGGED' | 'NATIVE_UNTAGGED' | number

/** A number where the schema has no name for it. */
export type TunnelIndex = 'PRIMARY' | 'BACKUP' | number

/** A number where the schema has no name for it. */
export type CryptoType = 'CA_CERT' | 'PSK' | number

export type HardwareModule = {
  index?: number
  status?: HardwareModule_HardwareStatus
}

/** A number where the schema has no name for it. */
export type Switch_StackMemberRole = 'UNKNOWN' | 'COMMANDER' | 'STANDBY' | 'MEMBER' | number

/** A number where the schema has no name for it. */
export type AuthType =
  | 'NONE'
  | 'MAC_AUTH'
  | 'DOT1X_AUTH'
  | 'L3_AUTH'
  | 'CONSOLE_AUTH'
  | 'TELNET_AUTH'
  | 'WEBUI_AUTH'
  | 'SSH_AUTH'
  | 'WEB_AUTH'
  | 'SNMP_AUTH'
  | 'SSH_NONE_AUTH'
  | 'LMA_AUTH'
  | 'ANY_AUTH'
  | 'CAPTIVE_PORTAL'
  | 'VPN_AUTH'
  | 'STATEFUL_KERBEROS'
  | 'RADIUS_ACCOUNTING'
  | 'SECURE_ID'
  | 'STATEFUL_RADIUS'
  | 'SWITCH_MANAGEMENT'
  | 'DOT1X_MACHINE'
  | 'DOT1X_USER'
  | 'DOT1X_WIRED'
  | 'DOT1X_WIRED_MACHINE'
  | 'DOT1X_WIRED_USER'
  | 'PUB_COOKIE'
  | 'TACACAS_PLUS'
  | 'WIRELESS_XSEC'
  | 'WIRELESS_XSEC_MACHINE'
  | 'WIRELESS_XSEC_USER'
  | 'WIRELESS_XSEC_WIRED'
  | 'WIRELESS_XSEC_WIRED_MACHINE'
  | 'WIRELESS_XSEC_WIRED_USER'
  | 'STATEFUL_NTLM'
  | 'RAP_AP'
  | 'VIA_WEB'
  | 'GENERIC_INTERFACE_SPEC'
  | 'TRANSPORT_VPN'
  | 'VIA_VPN'
  | 'PUTN_DOT1X'
  | 'PUTN_MAC'
  | 'PUTN_CP'
  | 'PUTN_LMA'
  | 'NUM_AUTH_CLIENT'
  | number

/** A number where the schema has no name for it. */
export type WIDSEvent_EventType =
  | 'ROGUE'
  | 'INTERFERING'
  | 'INFRASTRUCTURE_ATTACK'
  | 'CLIENT_ATTACK'
  | number

/** A number where the schema has no name for it. */
export type WIDSEvent_AttackType =
  | 'DETECT_VALID_SSID_MISUSE'
  | 'DETECT_ADHOC_NETWORK'
  | 'DETECT_AP_FLOOD'
  | 'DETECT_WIRELESS_BRIDGE'
  | 'DETECT_INVALID_MAC_OUI_AP'
  | 'DETECT_INVALID_MAC_OUI_STA'
  | 'DETECT_BAD_WEP'
  | 'DETECT_AP_IMPERSONATION'
  | 'DETECT_WINDOWS_BRIDGE'
  | 'SIGNATURE_DEAUTH_BROADCAST_AP'
  | 'SIGNATURE_DEAUTH_BROADCAST_STA'
  | 'DETECT_HT_GREENFIELD'
  | 'DETECT_HT_40MHZ_INTOLERANCE_AP'
  | 'DETECT_HT_40MHZ_INTOLERANCE_STA'
  | 'DETECT_CLIENT_FLOOD'
  | 'DETECT_ADHOC_USING_VALID_SSID'
  | 'DETECT_AP_SPOOFING'
  | 'DETECT_INVALID_ADDRESSCOMBINATION'
  | 'DETECT_MALFORMED_HTIE'
  | 'DETECT_MALFORMED_ASSOC_REQ'
  | 'DETECT_OVERFLOW_IE'
  | 'DETECT_OVERFLOW_EAPOL_KEY'
  | 'DETECT_MALFORMED_LARGE_DURATION'
  | 'DETECT_MALFORMED_FRAME_WRONG_CHANNEL'
  | 'DETECT_MALFORMED_FRAME_AUTH'
  | 'DETECT_CTS_RATE_ANOMALY'
  | 'DETECT_RTS_RATE_ANOMALY'
  | 'SIGNATURE_DEAUTH_BROADCAST'
  | 'SIGNATURE_DEASSOCIATION_BROADCAST'
  | 'DETECT_RATE_ANOMALIES_BY_AP'
  | 'DETECT_RATE_ANOMALIES_BY_STA'
  | 'DETECT_EAP_RATE_ANOMALY'
  | 'DETECT_DISCONNECT_STA'
  | 'SIGNATURE_ASLEAP_FROM_AP'
  | 'SIGNATURE_ASLEAP_FROM_STA'
  | 'SIGNATURE_AIRJACK_FROM_AP'
  | 'SIGNATURE_AIRJACK_FROM_STA'
  | 'DETECT_STATION_DISCONNECT_ATTACK_AP'
  | 'DETECT_UNENCRYPTED_VALID'
  | 'DETECT_OMERTA_ATTACK'
  | 'DETECT_TKIP_REPLAY_ATTACK'
  | 'DETECT_CHOPCHOP_ATTACK'
  | 'DETECT_FATAJACK'
  | 'DETECT_VALID_CLIENT_MISASSOCIATION'
  | 'DETECT_BLOCK_ACK_ATTACK'
  | 'DETECT_HOTSPOTTER_ATTACK'
  | 'DETECT_POWER_SAVE_DOS_ATTACK'
  | number

/** A number where the schema has no name for it. */
export type RogueEvent_wms_snmp_encr_protocol =
  | 'WMS_SNMP_WPA_ENCR_OPEN'
  | 'WMS_SNMP_WPA_ENCR_WEP'
  | 'WMS_SNMP_WPA_ENCR_WPA'
  | 'WMS_SNMP_WPA_ENCR_WPA2'
  | number

export type AirMonitorRogueInfo = {
  match_type?: AirMonitorRogueInfo_wms_rap_match_type
  match_mac?: MacAddress
  match_ip?: IpAddress
  monitor_name?: string
  nat_match_type?: AirMonitorRogueInfo_wms_rap_nat_match_type
}

/** A number where the schema has no name for it. */
export type MobilityController_ControllerMode = 'GATEWAY' | 'VPNC' | number

/** A number where the schema has no name for it. */
export type Notification_Severity = 'Normal' | 'Warning' | 'Minor' | 'Major' | 'Critical' | number

/** A number where the schema has no name for it. */
export type Notification_NotificationState = 'Open' | 'Close' | number

export type KeyValueData = {
  key?: string
  value?: string
}

/** A number where the schema has no name for it. */
export type SwitchStack_StackTopology =
  | 'STANDALONE'
  | 'CHAIN'
  | 'RING'
  | 'MESH'
  | 'PARTIAL_MESH'
  | 'UNKNOWN'
  | number

/** A number where the schema has no name for it. */
export type SwitchStack_StackPolicy =
  | 'STACK_SPLIT_UNKNOWN'
  | 'STACK_SPLIT_ONE_FRAGMENT_UP'
  | 'STACK_SPLIT_ALL_FRAGMENTS_UP'
  | number

export type SwitchVlan = {
  id?: number
  name?: string
  tagged_ports?: string[]
  untagged_ports?: string[]
  primary_vlan_id?: number
  primary_vlan_type?: string
  promiscuous_ports?: string[]
  isl_ports?: string[]
  is_management_vlan?: boolean
  is_voice_enabled?: boolean
  is_jumbo_enabled?: boolean
  is_igmp_enabled?: boolean
  ipaddress?: IpAddress
  status?: SwitchVlan_VlanStatus
  oper_state_reason?: string
  type?: SwitchVlan_VlanType
  access_ports?: string[]
}

/** A number where the schema has no name for it. */
export type VSXState_DeviceRole = 'PRIMARY' | 'SECONDARY' | number

/** A number where the schema has no name for it. */
export type VSXState_ISLPDeviceState =
  | 'WAITING_FOR_PEER'
  | 'PEER_ESTABLISHED'
  | 'SPLIT_SYSTEM_PRIMARY'
  | 'SPLIT_SYSTEM_SECONDARY'
  | 'SYNC_PRIMARY'
  | 'SYNC_SECONDARY'
  | 'SYNC_SECONDARY_LINKUP_DELAY'
  | number

/** A number where the schema has no name for it. */
export type VSXState_ISLState =
  | 'IN_SYNC'
  | 'DISABLED'
  | 'SW_IMAGE_VERSION_MISMATCH_ERROR'
  | 'CONFLICTING_OR_MISSING_DEV_ROLES'
  | 'PEER_DB_CONNECTION_ERROR'
  | 'CONFIGURATION_SYNC_CONFLICT'
  | 'CONFIGURATION_SYNC_MISSING_REFERENCE'
  | 'PEER_REACHABLE'
  | 'PEER_UNREACHABLE'
  | 'OPERATIONAL'
  | 'INTER_SWITCH_LINK_MGMT_INIT'
  | 'CONFLICTING_OR_MISSING_DEVICE_ROLES'
  | 'INTER_SWITCH_LINK_DOWN'
  | 'INTERNAL_ERROR'
  | number

/** A number where the schema has no name for it. */
export type IpAddress_addr_family = 'ADDR_FAMILY_INET' | 'ADDR_FAMILY_INET6' | number

/** A number where the schema has no name for it. */
export type HardwareModule_HardwareStatus =
  | 'OK'
  | 'ERROR'
  | 'NOT_CONNECTED'
  | 'ACTIVE'
  | 'STANDBY'
  | 'OFFLINE'
  | number

/** A number where the schema has no name for it. */
export type AirMonitorRogueInfo_wms_rap_match_type =
  | 'RAP_MT_NONE'
  | 'RAP_MT_CFG_WM'
  | 'RAP_MT_ETH_WM'
  | 'RAP_MT_AP_WM'
  | 'RAP_MT_EXT_WM'
  | 'RAP_MT_MANUAL'
  | 'RAP_MT_BASE_BSSID'
  | 'RAP_MT_EMS'
  | 'RAP_MT_ETH_GW_WM'
  | 'RAP_MT_CLASS_OFF'
  | 'RAP_MT_AP_BSSID'
  | 'RAP_MT_PROP_ETH_WM'
  | 'RAP_MT_AP_RULE'
  | 'RAP_MT_SYSTEM_WM'
  | 'RAP_MT_SYSTEM_GW_WM'
  | number

/** A number where the schema has no name for it. */
export type AirMonitorRogueInfo_wms_rap_nat_match_type =
  | 'RAP_NMT_NONE'
  | 'RAP_NMT_EQUAL'
  | 'RAP_NMT_PLUS_ONE'
  | 'RAP_NMT_MINUS_ONE'
  | 'RAP_NMT_OUI'
  | number

/** A number where the schema has no name for it. */
export type SwitchVlan_VlanStatus = 'UP' | 'DOWN' | number

/** A number where the schema has no name for it. */
export type SwitchVlan_VlanType = 'STATIC' | 'DYNAMIC' | 'INTERNAL' | 'DEFAULT' | number
