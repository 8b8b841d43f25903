// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { BytesText } from '../value-types.js'

export type audit_message = {
  customer_id?: string
  /** Unit: s since the epoch. */
  timestamp?: number
  service?: classification
  group_name?: string
  /** What was changed. */
  target?: string
  /** From where it was made. */
  client_ip?: ip_address
  /** Who made the change. */
  username?: string
  config_info?: config
  firmware_info?: firmware
  dm_info?: device_management
}

/** A number where the schema has no name for it. */
export type classification = 'CONFIGURATION' | 'FIRMWARE' | 'DEVICE_MGMT' | number

/** IPv4 or IPv6: go by the length, since numbers of families differ between topics. */
export type ip_address = {
  af?: ip_address_addr_family
  /** 4 raw bytes (IPv4) or 16 (IPv6). */
  addr?: BytesText
}

export type config = {
  data?: string
  detailed_data?: string
}

export type firmware = {
  data?: string
  detailed_data?: string
}

export type device_management = {
  data?: string
  detailed_data?: string
}

/** A number where the schema has no name for it. */
export type ip_address_addr_family =
  | 'ADDR_FAMILY_UNSPEC'
  | 'ADDR_FAMILY_INET'
  | 'ADDR_FAMILY_INET6'
  | number
