// Generated from proto/ by scripts/generate-types.ts; not to be edited.

export type RssiEvent = {
  firmware_version?: FirmwareVersion
  raw_rssi?: ClientRssi
  proximity_rssi?: ClientRssi
}

/** A number where the schema has no name for it. */
export type FirmwareVersion =
  | 'FIRMWARE_VERSION_UNSPECIFIED'
  | 'FIRMWARE_VERSION_CLIENT_8X_RSSI'
  | 'FIRMWARE_VERSION_CLIENT_10X_RSSI'
  | number

export type ClientRssi = {
  client_mac?: string
  ap_serial?: string
  ap_mac?: string
  radio_mac?: string
  /** Sign and unit are not known. */
  rssi_val?: number
  associated?: boolean
  assoc_bssid?: string
  /** Unit is not known. */
  age?: number
  /** Sign and unit are not known. */
  noise_floor?: number
  ap_ip?: string
  ap_name?: string
}
