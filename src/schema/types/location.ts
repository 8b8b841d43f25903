// Generated from proto/ by scripts/generate-types.ts; not to be edited.

import type { BytesText, Float } from '../value-types.js'

export type stream_location = {
  sta_location_x?: Float
  sta_location_y?: Float
  error_level?: number
  hashed_sta_eth_mac?: string
  geofence_ids?: string[]
  loc_algorithm?: algorithm
  longitude?: Float
  latitude?: Float
  altitude?: Float
  unit?: measurement_unit
  sta_eth_mac?: mac_address
  campus_id_string?: string
  building_id_string?: string
  floor_id_string?: string
  target_type?: target_dev_type
  associated?: boolean
  err_code?: error_code
  records?: record[]
}

export type stream_geofence_notify = {
  geofence_event?: zone_event
  geofence_id?: BytesText
  geofence_name?: string
  sta_eth_mac?: mac_address
  associated?: boolean
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
  timestamp?: number
  radio_mac?: mac_address
  rssi_val?: number
  channel?: number
}

/** A number where the schema has no name for it. */
export type zone_event = 'ZONE_IN' | 'ZONE_OUT' | number
