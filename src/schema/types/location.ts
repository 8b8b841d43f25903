// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { BytesText, Float } from '../value-types.js'

export type stream_location = {
  /** Unit: see the field unit. */
  sta_location_x?: Float
  /** Unit: see the field unit. */
  sta_location_y?: Float
  /** Unit: not known. */
  error_level?: number
  hashed_sta_eth_mac?: string
  geofence_ids?: string[]
  loc_algorithm?: algorithm
  /** Unit: degrees. */
  longitude?: Float
  /** Unit: degrees. */
  latitude?: Float
  /** Unit: not known. */
  altitude?: Float
  /** Unit of the position on the floor plan. */
  unit?: measurement_unit
  /** The station. */
  sta_eth_mac?: mac_address
  campus_id_string?: string
  building_id_string?: string
  floor_id_string?: string
  target_type?: target_dev_type
  /** Whether the station is connected, or only heard. */
  associated?: boolean
  err_code?: error_code
  records?: record[]
}

export type stream_geofence_notify = {
  geofence_event?: zone_event
  /** UTF-8 text. */
  geofence_id?: BytesText
  geofence_name?: string
  /** The station. */
  sta_eth_mac?: mac_address
  /** Whether the station is connected, or only heard. */
  associated?: boolean
  /** Unit: not known. */
  dwell_time?: number
  hashed_sta_eth_mac?: string
}

/** A number where the schema has no name for it. */
export type algorithm =
  | 'ALGORITHM_TRIANGULATION'
  | 'ALGORITHM_AP_PLACEMENT'
  | 'ALGORITHM_CALIBRATION'
  | 'ALGORITHM_ESTIMATION'
  | 'ALGORITHM_LOW_DENSITY'
  | number

/** A number where the schema has no name for it. */
export type measurement_unit = 'METERS' | 'FEET' | 'PIXELS' | number

export type mac_address = {
  /** 6 raw bytes. */
  addr?: BytesText
}

/** A number where the schema has no name for it. */
export type target_dev_type =
  | 'TARGET_TYPE_UNKNOWN'
  | 'TARGET_TYPE_STATION'
  | 'TARGET_TYPE_TAG'
  | 'TARGET_TYPE_ROGUE'
  | number

/** A number where the schema has no name for it. */
export type error_code =
  | 'ERROR_CODE_NO_ERROR'
  | 'ERROR_CODE_0_RSSI'
  | 'ERROR_CODE_ONLY_1_RSSI'
  | 'ERROR_CODE_ONLY_2_RSSI'
  | 'ERROR_CODE_RSSI_QUALITY'
  | 'ERROR_CODE_RSSI_OLD_TIMESTAMP'
  | 'ERROR_CODE_RSSI_CLOSE_TIMESTAMP'
  | 'ERROR_CODE_LEGACY'
  | number

export type record = {
  /** Unit: s since the epoch. */
  timestamp?: number
  /** The radio that hears the station. */
  radio_mac?: mac_address
  /** How strong the radio hears the station. Unit: dBm, negative. */
  rssi_val?: number
  channel?: number
}

/** A number where the schema has no name for it. */
export type zone_event = 'ZONE_IN' | 'ZONE_OUT' | number
