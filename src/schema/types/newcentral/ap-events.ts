// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Float, Int64Text } from '../../value-types.js'

export type APInfo = {
  operation?: EventOperation
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  /** Name of the access point. */
  device_name?: string
  model?: string
  ip_v4?: string
  ip_v6?: string
  public_ip?: string
  /** Unit: not known. */
  uptime?: number
  mode?: APMode
  /** Whether the access point is up. */
  status?: boolean
  operating_mode?: APOpMode
  cluster?: ClusterInfo
  elected_role?: APRole
  mesh_mode?: MeshRole
  current_uplink_inuse?: UplinkType
  firmware_version?: string
  zone?: string
  drt_version?: string
  country_code?: string
  down_reason?: DeviceDownReason
  modem_status?: boolean
}

export type RadioInfo = {
  operation?: EventOperation
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  radio_mac_address?: string
  channel?: string
  /** Unit: not known. */
  transmit_power?: number
  radio_number?: number
  band?: RadioBand
  band_range?: BandRange
  mode?: RadioMode
  status?: Status
  ht_type?: HTType
  phy_type?: PHYType
  chan_reason?: ChangeReason
  eirp_reason?: ChangeReason
  eirp_resolution?: number
  /** Unit: not known. */
  eirp?: number
  primary_chan?: number
  secondary_chan?: number
  bandwidth?: ChannelBandwidth
  spatial_stream?: string
  radio_type?: RadioType
  antenna?: RadioAntenna
}

export type VapInfo = {
  operation?: EventOperation
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  radio_mac_address?: string
  bssid?: string
  essid?: string
}

export type PortInfo = {
  operation?: EventOperation
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  port_index?: number
  port_name?: string
  port_mac_address?: string
  status?: Status
  admin_state?: boolean
  operate_state?: boolean
  type?: PortType
  mode?: PortMode
  speed?: PortMaxSpeed
  duplex?: PortDuplex
  vlan_mode?: PortVLANMode
  access_vlan?: number
  native_vlan?: number
  allowed_vlan?: string
  is_uplink?: boolean
}

export type WlanInfo = {
  operation?: EventOperation
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  essid?: string
  vlan?: string
  wlan_op_mode?: WlanOpMode
  wlan_type?: WlanType
  wlan_band?: WlanBand
  status?: boolean
}

export type TunnelInfo = {
  operation?: EventOperation
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  index?: TunnelIndex
  tunnel_name?: string
  crypto_type?: TunnelCryptoType
  peer_ip?: string
  ip?: string
  status?: TunnelStatus
  active?: boolean
  /** Unit: not known. */
  uptime?: number
  peer_name?: string
}

export type APSystemStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  cpu_utilization?: Float
  memory_utilization?: Float
  /** Unit: not known. */
  power_consumption?: Float
}

export type RadioStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  radio_mac_address?: string
  band?: RadioBand
  band_range?: BandRange
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  /** Unit: not known, nor the sign. */
  noise_floor?: number
  channel_quality?: number
  total_utilization?: number
  tx_utilization?: number
  rx_utilization?: number
  non_wifi_interference?: number
  total_frame_retries?: Int64Text
  frame_retries?: Float
  total_frame_drops?: Int64Text
  frame_drops?: Float
}

export type VapStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  radio_mac_address?: string
  bssid?: string
  essid?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type PortStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  port_mac_address?: string
  port_index?: number
  duplex?: PortDuplex
  speed?: PortMaxSpeed
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  tx_pkts?: Int64Text
  rx_pkts?: Int64Text
  total_frame_errors?: Int64Text
  frame_error?: Float
  total_frame_drops?: Int64Text
  frame_drops?: Float
  total_crc?: number
  crc?: Float
  total_collision?: number
  collision?: Float
}

export type ModemStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  cellular_signal?: number
  cellular_sinr?: number
}

export type TunnelStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  tunnel_index?: TunnelIndex
  tunnel_name?: string
  tun_type?: TunnelType
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  tx_pkts?: Int64Text
  rx_pkts?: Int64Text
}

export type IPProbeStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  owner?: ProbeOwner
  ip?: string
  src_interface?: number
  tunnel_index?: TunnelIndex
  tunnel_name?: string
  status?: ProbeStatus
  /** Unit: %. */
  loss_percentage?: number
  latency?: Int64Text
  jitter?: Int64Text
  mos?: number
}

export type RoleStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  user_role?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type SsidStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  ssid?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

export type VlanStat = {
  /** Text; its form is not known (RFC 3339 and milliseconds since the epoch are both possible). */
  timestamp?: string
  tenant_id?: string
  serial_number?: string
  mac_address?: string
  vlan?: number
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
}

/** A number where the schema has no name for it. */
export type EventOperation =
  | 'EVENT_OPERATION_UNSPECIFIED'
  | 'EVENT_OPERATION_ADD'
  | 'EVENT_OPERATION_UPDATE'
  | 'EVENT_OPERATION_DELETE'
  | number

/** A number where the schema has no name for it. */
export type APMode =
  | 'AP_MODE_UNSPECIFIED'
  | 'AP_MODE_ACCESS'
  | 'AP_MODE_MONITOR'
  | 'AP_MODE_DEDICATED_SPECTRUM'
  | 'AP_MODE_HYBRID_SPECTRUM'
  | number

/** A number where the schema has no name for it. */
export type APOpMode =
  | 'AP_OP_MODE_UNSPECIFIED'
  | 'AP_OP_MODE_CLUSTER'
  | 'AP_OP_MODE_STANDALONE'
  | number

export type ClusterInfo = {
  cluster_id?: string
  name?: string
  ip_v4?: string
}

/** A number where the schema has no name for it. */
export type APRole = 'AP_ROLE_UNSPECIFIED' | 'AP_ROLE_MEMBER' | 'AP_ROLE_CONDUCTOR' | number

/** A number where the schema has no name for it. */
export type MeshRole =
  | 'MESH_ROLE_UNSPECIFIED'
  | 'MESH_ROLE_POINT'
  | 'MESH_ROLE_PORTAL'
  | 'MESH_ROLE_AUTO_ROLE'
  | number

/** A number where the schema has no name for it. */
export type UplinkType =
  | 'UPLINK_TYPE_UNSPECIFIED'
  | 'UPLINK_TYPE_ETH'
  | 'UPLINK_TYPE_MESH'
  | 'UPLINK_TYPE_STA'
  | 'UPLINK_TYPE_3G'
  | 'UPLINK_TYPE_DUMMY'
  | number

/** A number where the schema has no name for it. */
export type DeviceDownReason =
  | 'DEVICE_DOWN_REASON_UNSPECIFIED'
  | 'DEVICE_DOWN_REASON_LICENSE_UNASSIGNED'
  | 'DEVICE_DOWN_REASON_AP_REBOOT'
  | number

/** A number where the schema has no name for it. */
export type RadioBand =
  | 'RADIO_BAND_UNSPECIFIED'
  | 'RADIO_BAND_24GHZ'
  | 'RADIO_BAND_5GHZ'
  | 'RADIO_BAND_6GHZ'
  | number

/** A number where the schema has no name for it. */
export type BandRange =
  | 'BAND_RANGE_UNSPECIFIED'
  | 'BAND_RANGE_FULL'
  | 'BAND_RANGE_LOWER'
  | 'BAND_RANGE_MIDDLE'
  | 'BAND_RANGE_UPPER'
  | number

/** A number where the schema has no name for it. */
export type RadioMode =
  | 'RADIO_MODE_UNSPECIFIED'
  | 'RADIO_MODE_AIR_MONITOR'
  | 'RADIO_MODE_CLIENT_ACCESS'
  | 'RADIO_MODE_SPECTRUM_ANALYSIS'
  | 'RADIO_MODE_MESH_PORTAL'
  | 'RADIO_MODE_MESH_POINT'
  | number

/** A number where the schema has no name for it. */
export type Status = 'STATUS_UNSPECIFIED' | 'STATUS_UP' | 'STATUS_DOWN' | 'STATUS_DISABLED' | number

/** A number where the schema has no name for it. */
export type HTType =
  | 'HT_TYPE_UNSPECIFIED'
  | 'HT_TYPE_20MZ'
  | 'HT_TYPE_40MZ'
  | 'HT_TYPE_VHT_20MZ'
  | 'HT_TYPE_VHT_40MZ'
  | 'HT_TYPE_VHT_80MZ'
  | 'HT_TYPE_VHT_160MZ'
  | 'HT_TYPE_VHT_80PLUS80MZ'
  | 'HT_TYPE_HE_20MZ'
  | 'HT_TYPE_HE_40MZ'
  | 'HT_TYPE_HE_80MZ'
  | 'HT_TYPE_HE_160MZ'
  | 'HT_TYPE_HE_80PLUS80MZ'
  | 'HT_TYPE_EHT_20MZ'
  | 'HT_TYPE_EHT_40MZ'
  | 'HT_TYPE_EHT_80MZ'
  | 'HT_TYPE_EHT_160MZ'
  | 'HT_TYPE_EHT_80PLUS80MZ'
  | 'HT_TYPE_EHT_320MZ'
  | number

/** A number where the schema has no name for it. */
export type PHYType =
  | 'PHY_TYPE_UNSPECIFIED'
  | 'PHY_TYPE_80211B'
  | 'PHY_TYPE_80211A'
  | 'PHY_TYPE_80211G'
  | 'PHY_TYPE_80211AG'
  | 'PHY_TYPE_80211_6GHZ'
  | number

/** A number where the schema has no name for it. */
export type ChangeReason =
  | 'CHANGE_REASON_UNSPECIFIED'
  | 'CHANGE_REASON_ARM'
  | 'CHANGE_REASON_RADAR_DETECTED'
  | 'CHANGE_REASON_RADAR_CLEARED'
  | 'CHANGE_REASON_TX_HANG'
  | 'CHANGE_REASON_TX_CLEAR'
  | 'CHANGE_REASON_40MHZ_INTOL'
  | 'CHANGE_REASON_CANCEL_40MHZ_INTOL'
  | 'CHANGE_REASON_40MHZ_ALIGN'
  | 'CHANGE_REASON_ARM_INTERFERENCE'
  | 'CHANGE_REASON_ARM_INVALID_CH'
  | 'CHANGE_REASON_ARM_ERROR_THRESH'
  | 'CHANGE_REASON_ARM_NOISE_THRESH'
  | 'CHANGE_REASON_ARM_EMPTY_CH'
  | 'CHANGE_REASON_ARM_ROGUE_CONT'
  | 'CHANGE_REASON_ARM_DECREASE_POWER'
  | 'CHANGE_REASON_ARM_INCREASE_POWER'
  | 'CHANGE_REASON_RADAR_TURN_OFF_RADIO'
  | 'CHANGE_REASON_ARM_TURN_ON_RADIO'
  | 'CHANGE_REASON_ARM_CHANNEL_QUALITY_THRESH'
  | 'CHANGE_REASON_ARM_DYNAMIC_BW'
  | 'CHANGE_REASON_ARM_INTERFERENCE_CCA'
  | 'CHANGE_REASON_AIRMATCH_NOISE'
  | 'CHANGE_REASON_AIRMATCH_SOLVER'
  | 'CHANGE_REASON_AIRMATCH_FREEZE'
  | 'CHANGE_REASON_AIRMATCH_UNFREEZE'
  | 'CHANGE_REASON_SAPM_RANDOM'
  | 'CHANGE_REASON_AIRMATCH_INIT'
  | 'CHANGE_REASON_UNKNOWN'
  | 'CHANGE_REASON_AIRMATCH_NOISE_CLEARED'
  | 'CHANGE_REASON_AIRMATCH_ROGUE_CONTAINMENT'
  | 'CHANGE_REASON_AIRMATCH_REGDOM_PROFILE'
  | 'CHANGE_REASON_AIRMATCH_DRT_CHANGE'
  | 'CHANGE_REASON_AIRMATCH_MIN_CBW_CHANGE'
  | 'CHANGE_REASON_AIRMATCH_MAX_CBW_CHANGE'
  | 'CHANGE_REASON_AP_CACHE'
  | 'CHANGE_REASON_AP_CONFIG'
  | 'CHANGE_REASON_AIRMATCH_EIRP_MIN_CHANGE'
  | 'CHANGE_REASON_AIRMATCH_EIRP_MAX_CHANGE'
  | 'CHANGE_REASON_DYNAMIC_MODE_CHANGE'
  | 'CHANGE_REASON_OPMODE_CHANGE'
  | 'CHANGE_REASON_ARM_MODE_AWARE_TURN_OFF_RADIO'
  | 'CHANGE_REASON_RADIO_MODE_CHANGE'
  | 'CHANGE_REASON_APM_DUE_TO_CONFIG'
  | 'CHANGE_REASON_AIRMATCH_CLIENT_PREF_CHANGE'
  | 'CHANGE_REASON_ARM_EMPTY_CO_CH'
  | 'CHANGE_REASON_ARM_CBW'
  | 'CHANGE_REASON_UTB_CHANNEL_DETECTED'
  | 'CHANGE_REASON_AIRMATCH_CHANNEL_QUALITY_THRESHOLD'
  | 'CHANGE_REASON_AIRMATCH_LTE_NOISE'
  | 'CHANGE_REASON_AIRMATCH_LTE_NOISE_CLEARED'
  | 'CHANGE_REASON_AIRMATCH_APM_DUE_TO_LTE'
  | 'CHANGE_REASON_AFC_AM_TURN_OFF_RADIO'
  | 'CHANGE_REASON_AFC_AM_UPDATE'
  | number

/** A number where the schema has no name for it. */
export type ChannelBandwidth =
  | 'CHANNEL_BANDWIDTH_UNSPECIFIED'
  | 'CHANNEL_BANDWIDTH_20MHZ'
  | 'CHANNEL_BANDWIDTH_40MHZ_ABOVE'
  | 'CHANNEL_BANDWIDTH_40MHZ_BELOW'
  | 'CHANNEL_BANDWIDTH_80MHZ'
  | 'CHANNEL_BANDWIDTH_160MHZ'
  | 'CHANNEL_BANDWIDTH_80PLUS80MHZ'
  | 'CHANNEL_BANDWIDTH_320MHZ_1'
  | 'CHANNEL_BANDWIDTH_320MHZ_2'
  | number

/** A number where the schema has no name for it. */
export type RadioType =
  | 'RADIO_TYPE_UNSPECIFIED'
  | 'RADIO_TYPE_80211N'
  | 'RADIO_TYPE_80211AC'
  | 'RADIO_TYPE_80211AX'
  | 'RADIO_TYPE_80211BE'
  | number

/** A number where the schema has no name for it. */
export type RadioAntenna =
  | 'RADIO_ANTENNA_TYPE_UNSPECIFIED'
  | 'RADIO_ANTENNA_TYPE_INTERNAL'
  | 'RADIO_ANTENNA_TYPE_EXTERNAL'
  | number

/** A number where the schema has no name for it. */
export type PortType =
  | 'PORT_TYPE_UNSPECIFIED'
  | 'PORT_TYPE_FAST'
  | 'PORT_TYPE_GIG'
  | 'PORT_TYPE_XGIG'
  | 'PORT_TYPE_2_GIG'
  | 'PORT_TYPE_5_GIG'
  | 'PORT_TYPE_USB'
  | number

/** A number where the schema has no name for it. */
export type PortMode =
  | 'PORT_MODE_UNSPECIFIED'
  | 'PORT_MODE_STANDBY'
  | 'PORT_MODE_TUNNEL'
  | 'PORT_MODE_BRIDGE'
  | 'PORT_MODE_NA'
  | 'PORT_MODE_SPLIT'
  | number

/** A number where the schema has no name for it. */
export type PortMaxSpeed =
  | 'PORT_MAX_SPEED_UNSPECIFIED'
  | 'PORT_MAX_SPEED_10'
  | 'PORT_MAX_SPEED_100'
  | 'PORT_MAX_SPEED_1000'
  | 'PORT_MAX_SPEED_AUTO'
  | 'PORT_MAX_SPEED_2500'
  | 'PORT_MAX_SPEED_5000'
  | 'PORT_MAX_SPEED_10000'
  | number

/** A number where the schema has no name for it. */
export type PortDuplex =
  | 'PORT_DUPLEX_UNSPECIFIED'
  | 'PORT_DUPLEX_HALF'
  | 'PORT_DUPLEX_FULL'
  | 'PORT_DUPLEX_AUTO'
  | number

/** A number where the schema has no name for it. */
export type PortVLANMode =
  | 'PORT_VLAN_MODE_UNSPECIFIED'
  | 'PORT_VLAN_MODE_ACCESS'
  | 'PORT_VLAN_MODE_TRUNK'
  | number

/** A number where the schema has no name for it. */
export type WlanOpMode =
  | 'WLAN_OP_MODE_UNSPECIFIED'
  | 'WLAN_OP_MODE_OPEN_SYSTEM'
  | 'WLAN_OP_MODE_STATIC_WEP'
  | 'WLAN_OP_MODE_DYNAMIC_WEP_WITH_8021X'
  | 'WLAN_OP_MODE_WPA_PERSONAL_TKIP'
  | 'WLAN_OP_MODE_WPA_ENTERPRISE_TKIP'
  | 'WLAN_OP_MODE_WPA2_PERSONAL_AES'
  | 'WLAN_OP_MODE_BOTH_WPA2_AND_WPA'
  | 'WLAN_OP_MODE_WPA2_ENTERPRISE_AES'
  | 'WLAN_OP_MODE_WPA_PERSONAL_AES'
  | 'WLAN_OP_MODE_WPA_PERSONAL_TKIP_AES'
  | 'WLAN_OP_MODE_WPA_ENTERPRISE_AES'
  | 'WLAN_OP_MODE_BOTH_WPA_WPA2_PERSONAL_TKIP_AES'
  | 'WLAN_OP_MODE_WPA2_ENTERPRISE_TKIP'
  | 'WLAN_OP_MODE_BOTH_WPA2_AND_WPA_ENTERPRISE'
  | 'WLAN_OP_MODE_ENHANCED_OPEN'
  | 'WLAN_OP_MODE_WPA3_PERSONAL'
  | 'WLAN_OP_MODE_WPA3_ENTERPRISE_SUITEB'
  | 'WLAN_OP_MODE_WPA3_AES_CCM_128'
  | 'WLAN_OP_MODE_MPSK_AES'
  | 'WLAN_OP_MODE_WPA3_AES_GCM_256_NON_CNSA'
  | 'WLAN_OP_MODE_DPP'
  | 'WLAN_OP_MODE_DPP_WPA2_PERSONAL_AES'
  | 'WLAN_OP_MODE_DPP_WPA2_ENTERPRISE_AES'
  | number

/** A number where the schema has no name for it. */
export type WlanType =
  | 'WLAN_TYPE_UNSPECIFIED'
  | 'WLAN_TYPE_EMPLOYEE'
  | 'WLAN_TYPE_GUEST'
  | 'WLAN_TYPE_VOICE'
  | 'WLAN_TYPE_LOCAL'
  | number

/** A number where the schema has no name for it. */
export type WlanBand =
  | 'WLAN_BAND_UNSPECIFIED'
  | 'WLAN_BAND_24GHZ'
  | 'WLAN_BAND_5GHZ'
  | 'WLAN_BAND_6GHZ'
  | 'WLAN_BAND_24GHZ_5GHZ'
  | 'WLAN_BAND_24GHZ_6GHZ'
  | 'WLAN_BAND_5GHZ_6GHZ'
  | 'WLAN_BAND_ALL'
  | number

/** A number where the schema has no name for it. */
export type TunnelIndex =
  | 'TUNNEL_INDEX_UNSPECIFIED'
  | 'TUNNEL_INDEX_PRIMARY'
  | 'TUNNEL_INDEX_BACKUP'
  | number

/** A number where the schema has no name for it. */
export type TunnelCryptoType =
  | 'TUNNEL_CRYPTO_TYPE_UNSPECIFIED'
  | 'TUNNEL_CRYPTO_TYPE_CERTIFICATE'
  | 'TUNNEL_CRYPTO_TYPE_PSK'
  | number

/** A number where the schema has no name for it. */
export type TunnelStatus =
  | 'TUNNEL_STATUS_UNSPECIFIED'
  | 'TUNNEL_STATUS_INIT'
  | 'TUNNEL_STATUS_CONNECTING'
  | 'TUNNEL_STATUS_CONNECTED'
  | 'TUNNEL_STATUS_SWITCHING_TO_SURVIVE'
  | 'TUNNEL_STATUS_REKEYING'
  | 'TUNNEL_STATUS_SURVIVING'
  | 'TUNNEL_STATUS_SURVIVED'
  | 'TUNNEL_STATUS_SURVIVE_REKEYING'
  | 'TUNNEL_STATUS_DISCONNECTED'
  | number

/** A number where the schema has no name for it. */
export type TunnelType =
  | 'TUNNEL_TYPE_UNSPECIFIED'
  | 'TUNNEL_TYPE_ARUBA_IPSEC'
  | 'TUNNEL_TYPE_ARUBA_GRE'
  | 'TUNNEL_TYPE_MANUAL_GRE'
  | number

/** A number where the schema has no name for it. */
export type ProbeOwner =
  | 'PROBE_OWNER_UNSPECIFIED'
  | 'PROBE_OWNER_VPN'
  | 'PROBE_OWNER_UPLINK'
  | 'PROBE_OWNER_GW'
  | number

/** A number where the schema has no name for it. */
export type ProbeStatus =
  | 'PROBE_STATUS_UNSPECIFIED'
  | 'PROBE_STATUS_SUCCESS'
  | 'PROBE_STATUS_FAILURE'
  | number
