// Generated from proto/ by scripts/generate.ts; not to be edited.

export type StreamGeofenceMessage = {
  wifi_client_geofence?: WifiClientGeofence
  asset_tag_geofence?: AssetTagGeofence
}

export type WifiClientGeofence = {
  zone_id?: string
  event_type?: WifiClientGeofence_EventType
  /** The client. */
  sta_eth_mac?: string
  assoc_bssid?: string
  hashed_sta_eth_mac?: string
  /** Unit: s. */
  dwell_time_in_seconds?: number
}

export type AssetTagGeofence = {
  zone_id?: string
  event_type?: AssetTagGeofence_EventType
  device_id?: string
  /** Unit: s. */
  dwell_time_in_seconds?: number
}

/** A number where the schema has no name for it. */
export type WifiClientGeofence_EventType =
  | 'EVENT_TYPE_UNSPECIFIED'
  | 'EVENT_TYPE_ENTER'
  | 'EVENT_TYPE_EXIT'
  | number

/** A number where the schema has no name for it. */
export type AssetTagGeofence_EventType =
  | 'EVENT_TYPE_UNSPECIFIED'
  | 'EVENT_TYPE_ENTER'
  | 'EVENT_TYPE_EXIT'
  | number
