// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { BytesText, Int64Text } from '../value-types.js'

export type presence_event = {
  /** Unit: ms since the epoch. */
  timestamp?: Int64Text
  customer_id?: string
  event?: string
  event_type?: presence_event_presence_event_type
  pa_client_state?: pa_client_state
  pa_rssi_event?: pa_rssi_event
  pa_proximity_event?: pa_proximity_event
}

/** A number where the schema has no name for it. */
export type presence_event_presence_event_type = 'client_state' | 'rssi' | 'proximity' | number

export type pa_client_state = {
  presence_client_state?: presence_client_state[]
}

export type pa_rssi_event = {
  rssi?: rssi[]
}

export type pa_proximity_event = {
  proximity?: proximity[]
}

export type presence_client_state = {
  is_label?: boolean
  label_id?: Int64Text
  label_category_id?: Int64Text
  state?: presence_client_state_client_state
  /** Whether the client is connected, or only heard. */
  is_associated?: boolean
}

export type rssi = {
  /** The client. */
  sta_eth_mac?: mac_address
  /** The radio that hears the client. */
  radio_mac?: mac_address
  /** How strong the access point hears the client. Unit: dBm, negative. */
  rssi_val?: number
  /** Unit: not known; 0 was seen. */
  noise_floor?: number
  /** Whether the client is connected, or only heard. */
  associated?: boolean
  is_ap?: boolean
  /** Unit: not known. */
  age?: number
  /** Serial number of the access point; aps of monitoring has its name under the same serial. */
  device_id?: string
  /** The access point. */
  ap_eth_mac?: mac_address
}

export type proximity = {
  /** Serial number of the access point; aps of monitoring has its name under the same serial. */
  device_id?: string
  /** The client. */
  sta_eth_mac?: mac_address
  /** The radio that hears the client. */
  radio_mac?: mac_address
  /** How strong the access point hears the client. Unit: dBm, negative. */
  rssi_val?: number
  /** Unit: not known; 0 was seen. */
  noise_floor?: number
  /** Whether the client is connected, or only heard. */
  associated?: boolean
  /** The access point. */
  ap_eth_mac?: mac_address
}

/** A number where the schema has no name for it. */
export type presence_client_state_client_state = 'passerby' | 'visitor' | 'engaged' | number

export type mac_address = {
  /** 12 hex digits in ASCII, upper case, no colons. */
  addr?: BytesText
}
