// Generated from proto/ by scripts/generate-types.ts; not to be edited.

import type { Float } from '../../value-types.js'

export type StreamLocationMessage = {
  wifi_client_location?: WifiClientLocation
  asset_tag_location?: AssetTagLocation
}

export type WifiClientLocation = {
  /** Metres from the left edge of the floor map. */
  x?: Float
  /** Metres from the upper edge of the floor map. */
  y?: Float
  /** Metres: radius of the circle that holds the position with a probability of 95 %. */
  error_level?: Float
  sta_eth_mac?: string
  longitude?: Float
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
  /** Metres from the left edge of the floor map. */
  x?: Float
  /** Metres from the upper edge of the floor map. */
  y?: Float
  device_id?: string
  device_mac?: string
  entered_zone_info?: ZoneEntry[]
  longitude?: Float
  latitude?: Float
  site_id?: string
  building_id?: string
  floor_id?: string
  /** Unit is not known. */
  battery_level?: Float
  name?: string
  custom_id?: string
  label?: string[]
  notes?: string
}

export type ZoneEntry = {
  zone_id?: string
  dwell_time_in_seconds?: number
}
