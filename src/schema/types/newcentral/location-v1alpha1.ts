// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Float } from '../../value-types.js'

export type StreamLocationMessage = {
  wifi_client_location?: WifiClientLocation
  asset_tag_location?: AssetTagLocation
}

export type WifiClientLocation = {
  /** Distance from the left edge of the floor map. Unit: m. */
  x?: Float
  /** Distance from the upper edge of the floor map. Unit: m. */
  y?: Float
  /** Radius of the circle that holds the position with a probability of 95 %. Unit: m. */
  error_level?: Float
  /** The client. */
  sta_eth_mac?: string
  /** Unit: degrees. */
  longitude?: Float
  /** Unit: degrees. */
  latitude?: Float
  site_id?: string
  building_id?: string
  floor_id?: string
  reporting_ap_serial?: string[]
  associated?: boolean
  assoc_bssid?: string
  connected?: boolean
  entered_zone_info?: ZoneEntry[]
}

export type AssetTagLocation = {
  /** Distance from the left edge of the floor map. Unit: m. */
  x?: Float
  /** Distance from the upper edge of the floor map. Unit: m. */
  y?: Float
  device_id?: string
  device_mac?: string
  entered_zone_info?: ZoneEntry[]
  /** Unit: degrees. */
  longitude?: Float
  /** Unit: degrees. */
  latitude?: Float
  site_id?: string
  building_id?: string
  floor_id?: string
  /** Unit: not known. */
  battery_level?: Float
  name?: string
  custom_id?: string
  label?: string[]
  notes?: string
}

export type ZoneEntry = {
  zone_id?: string
  /** Unit: s. */
  dwell_time_in_seconds?: number
}
