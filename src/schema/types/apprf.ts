// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { BytesText, Int64Text } from '../value-types.js'

export type apprf_session = {
  customer_id?: string
  /** Unit: s since the epoch. */
  timestamp?: Int64Text
  /** Serial number of the access point. */
  serial_number?: string
  client_firewall_session?: client_firewall_session[]
  url_detail_record?: url_detail_record[]
  /** Name of the access point. */
  ap_name?: string
  /** Unit: not known. */
  session_duration?: number
}

export type client_firewall_session = {
  client_ip?: ip_address
  /** The client. */
  client_mac?: mac_address
  dest_ip?: ip_address
  ingress_type?: client_firewall_session_ingress_type_t
  ip_proto?: number
  vlan?: string
  uplink_id?: number
  uplink_name?: string
  app_id?: number
  /** Application that the client used. */
  app_name?: string
  app_cat_id?: number
  app_cat?: string
  web_cat_id?: number
  web_cat?: string
  web_rep_score?: number
  web_rep?: string
  dest_url_prefix?: string
  domain?: string
  session_flags?: client_firewall_session_app_enforcement_status
  /** Unit: bytes. */
  tx_bytes?: Int64Text
  /** Unit: bytes. */
  rx_bytes?: Int64Text
  /** Unit: not known. */
  rtt?: Int64Text
  /** Unit: not known. */
  c2s_rtt?: Int64Text
  /** Unit: not known. */
  s2c_rtt?: Int64Text
  packet_loss?: Int64Text
  c2s_packet_loss?: Int64Text
  s2c_packet_loss?: Int64Text
  ssid?: string
  user_name?: string
  user_role?: string
  device_type?: string
  /** Unit: s since the epoch. */
  timestamp?: Int64Text
  preauth_flag?: boolean
  dest_port?: number
}

export type url_detail_record = {
  client_ip?: ip_address
  dest_ip?: ip_address
  /** The client. */
  client_mac?: mac_address
  /** UTF-8 text. */
  dest_url_prefix?: BytesText
  hit_count?: number
  http_method?: url_detail_record_url_http_method
  /** Unit: s since the epoch. */
  last_hit_timestamp?: Int64Text
}

/** IPv4 or IPv6: go by the length, since numbers of families differ between topics. */
export type ip_address = {
  af?: ip_address_addr_family
  /** 4 raw bytes (IPv4) or 16 (IPv6). */
  addr?: BytesText
}

export type mac_address = {
  /** 6 raw bytes. */
  addr?: BytesText
}

/** A number where the schema has no name for it. */
export type client_firewall_session_ingress_type_t =
  | 'INGRESS_WLAN'
  | 'INGRESS_WIRED'
  | 'INGRESS_VPN'
  | number

/** A number where the schema has no name for it. */
export type client_firewall_session_app_enforcement_status = 'ENF_PERMIT' | 'ENF_DENY' | number

/** A number where the schema has no name for it. */
export type url_detail_record_url_http_method =
  | 'NON_HTTP'
  | 'HTTP_GET'
  | 'HTTP_PUT'
  | 'HTTP_POST'
  | 'HTTP_HEAD'
  | number

/** A number where the schema has no name for it. */
export type ip_address_addr_family =
  | 'ADDR_FAMILY_UNSPEC'
  | 'ADDR_FAMILY_INET'
  | 'ADDR_FAMILY_INET6'
  | number
