// Generated from proto/ by scripts/generate.ts; not to be edited.

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
  /** The client. */
  client_mac?: string
  /** Serial number of the access point. */
  ap_serial?: string
  ap_mac?: string
  radio_mac?: string
  /** How strong the access point hears the client. Unit: not known, nor the sign. */
  rssi_val?: number
  /** Whether the client is connected, or only heard. */
  associated?: boolean
  assoc_bssid?: string
  /** Unit: not known. */
  age?: number
  /** Unit: not known, nor the sign. */
  noise_floor?: number
  ap_ip?: string
  /** Name of the access point. */
  ap_name?: string
}
