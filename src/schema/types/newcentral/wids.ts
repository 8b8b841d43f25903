// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Int64Text } from '../../value-types.js'

export type WidsStreamMessage = {
  wids_rules_event?: WidsRulesEvent
  wids_signatures_event?: WidsSignaturesEvent
}

export type WidsRulesEvent = {
  site_id?: string
  /** The rogue access point. */
  bssid?: string
  rogue_name?: string
  classification?: WidsRulesEvent_Classification
  /** Unit: ms since the epoch, by its name. */
  first_seen_ms?: Int64Text
  /** Serial number of the device that detected it first. */
  first_det_serial?: string
  /** Unit: ms since the epoch, by its name. */
  last_seen_ms?: Int64Text
  /** Serial number of the device that detected it last. */
  last_det_serial?: string
  ssid?: string
  det_device?: WidsDetectingDevice[]
  encryption?: WidsRulesEvent_Encryption
  port_data?: string
  mac_vendor?: string
  classification_method?: WidsRulesEvent_ClassificationMethod
  classification_rule?: string
  containment_status?: WidsRulesEvent_ContainmentStatus
}

export type WidsSignaturesEvent = {
  detecting_serial?: string
  site_id?: string
  category?: WidsSignaturesEvent_Category
  event_number?: number
  event_type?: string
  description?: string
  mac_addr?: string
  radio_band?: string
  level?: string
}

/** A number where the schema has no name for it. */
export type WidsRulesEvent_Classification =
  | 'CLASSIFICATION_UNSPECIFIED'
  | 'CLASSIFICATION_INTERFERING'
  | 'CLASSIFICATION_SUSPECT_ROGUE'
  | 'CLASSIFICATION_ROGUE'
  | 'CLASSIFICATION_VALID'
  | 'CLASSIFICATION_DOS'
  | 'CLASSIFICATION_KNOWN_INTERFERING'
  | number

export type WidsDetectingDevice = {
  detecting_serial?: string
  /** Unit: ms since the epoch, by its name. */
  last_seen_ms?: Int64Text
}

/** A number where the schema has no name for it. */
export type WidsRulesEvent_Encryption =
  | 'ENCRYPTION_UNSPECIFIED'
  | 'ENCRYPTION_OPEN'
  | 'ENCRYPTION_WEP'
  | 'ENCRYPTION_WPA'
  | 'ENCRYPTION_WPA2'
  | 'ENCRYPTION_WPA3'
  | number

/** A number where the schema has no name for it. */
export type WidsRulesEvent_ClassificationMethod =
  | 'CLASSIFICATION_METHOD_UNSPECIFIED'
  | 'CLASSIFICATION_METHOD_DEVICE'
  | 'CLASSIFICATION_METHOD_RULES'
  | 'CLASSIFICATION_METHOD_MANUAL'
  | number

/** A number where the schema has no name for it. */
export type WidsRulesEvent_ContainmentStatus =
  | 'CONTAINMENT_STATUS_UNSPECIFIED'
  | 'CONTAINMENT_STATUS_CONTAINED'
  | 'CONTAINMENT_STATUS_UN_CONTAINED'
  | 'CONTAINMENT_STATUS_KNOWN_INTERFERING'
  | number

/** A number where the schema has no name for it. */
export type WidsSignaturesEvent_Category =
  | 'CATEGORY_UNSPECIFIED'
  | 'CATEGORY_CLIENT'
  | 'CATEGORY_INFRASTRUCTURE'
  | number
