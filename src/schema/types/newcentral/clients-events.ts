// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Int64Text, TimeText } from '../../value-types.js'

export type StreamClientMessage = {
  client_state?: ClientState
  client_stats?: ClientStats
}

export type ClientState = {
  client_details?: ClientDetails
  type?: ClientType
  radio_mac_address?: string
  wlan_name?: string
  wireless_band?: string
  wireless_channel?: string
  phy_type?: string
  key_management?: string
  wireless_security?: string
  /** Signal-to-noise ratio. Unit: not known. */
  snr?: number
}

export type ClientStats = {
  tenant_id?: string
  site_id?: string
  /** The client. */
  mac_address?: string
  client_name?: string
  timestamp?: TimeText
  /** Serial number of the device that the client is connected to. */
  connected_device_serial?: string
  port?: string
  wlan_name?: string
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  tx_data_frames?: number
  rx_data_frames?: number
  tx_error_frames?: number
  rx_error_frames?: number
  tx_drop_frames?: number
  rx_drop_frames?: number
  tx_retry_frames?: number
  rx_retry_frames?: number
  /** Unit: not known. */
  speed?: number
  duplex?: string
  /** Signal-to-noise ratio. Unit: not known. */
  snr?: number
}

export type ClientDetails = {
  /** The client. */
  mac_address?: string
  tenant_id?: string
  site_id?: string
  client_name?: string
  status?: ClientStatus
  /** Serial number of the device that the client is connected to. */
  connected_device_serial?: string
  host_name?: string
  user_name?: string
  authentication_type?: AuthType
  ipv4?: string
  ipv6?: string
  device_name?: string
  role?: string
  vlan_id?: number
  vlan_name?: string
  port?: string
  cpdi?: CpdiInfo
  connected_since?: TimeText
  last_seen?: TimeText
}

/** A number where the schema has no name for it. */
export type ClientType =
  | 'CLIENT_TYPE_UNSPECIFIED'
  | 'CLIENT_TYPE_WIRELESS'
  | 'CLIENT_TYPE_WIRED'
  | 'CLIENT_TYPE_REMOTE'
  | number

/** A number where the schema has no name for it. */
export type ClientStatus =
  | 'CLIENT_STATUS_UNSPECIFIED'
  | 'CLIENT_STATUS_CONNECTING'
  | 'CLIENT_STATUS_CONNECTED'
  | 'CLIENT_STATUS_DISCONNECTED'
  | 'CLIENT_STATUS_FAILED'
  | 'CLIENT_STATUS_BLOCKED'
  | number

/** A number where the schema has no name for it. */
export type AuthType =
  | 'AUTH_TYPE_UNSPECIFIED'
  | 'AUTH_TYPE_CAPTIVE_PORTAL'
  | 'AUTH_TYPE_MAC'
  | 'AUTH_TYPE_VPN'
  | 'AUTH_TYPE_DOT1X'
  | 'AUTH_TYPE_STATEFUL_KERBEROS'
  | 'AUTH_TYPE_RADIUS_ACCOUNTING'
  | 'AUTH_TYPE_SECURE_ID'
  | 'AUTH_TYPE_STATEFUL_RADIUS'
  | 'AUTH_TYPE_SWITCH_MANAGEMENT'
  | 'AUTH_TYPE_DOT1X_MACHINE'
  | 'AUTH_TYPE_DOT1X_USER'
  | 'AUTH_TYPE_DOT1X_WIRED_MACHINE'
  | 'AUTH_TYPE_DOT1X_WIRED_USER'
  | 'AUTH_TYPE_PUB_COOKIE'
  | 'AUTH_TYPE_TACACS_PLUS'
  | 'AUTH_TYPE_XSEC'
  | 'AUTH_TYPE_XSEC_MACHINE'
  | 'AUTH_TYPE_XSEC_USER'
  | 'AUTH_TYPE_XSEC_WIRED'
  | 'AUTH_TYPE_XSEC_WIRED_MACHINE'
  | 'AUTH_TYPE_XSEC_WIRED_USER'
  | 'AUTH_TYPE_STATEFUL_NTLM'
  | 'AUTH_TYPE_RAP_AP'
  | 'AUTH_TYPE_VIA_WEB'
  | 'AUTH_TYPE_GIS'
  | 'AUTH_TYPE_TRANSPORT_VPN'
  | 'AUTH_TYPE_VIA_VPN'
  | 'AUTH_TYPE_PUTN_DOT1X'
  | 'AUTH_TYPE_PUTN_MAC'
  | 'AUTH_TYPE_PUTN_CP'
  | 'AUTH_TYPE_PUTN_LMA'
  | 'AUTH_TYPE_TELNET'
  | 'AUTH_TYPE_WEBUI'
  | 'AUTH_TYPE_SSH'
  | 'AUTH_TYPE_WEB'
  | 'AUTH_TYPE_SNMP'
  | 'AUTH_TYPE_SSH_NONE'
  | 'AUTH_TYPE_LMA'
  | number

export type CpdiInfo = {
  client_function?: string
  client_vendor?: string
  client_operating_system?: string
  client_mac_vendor?: string
  client_category?: string
}
