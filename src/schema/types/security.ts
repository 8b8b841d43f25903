// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { BytesText } from '../value-types.js'

export type RapidsStreamingEvent = {
  cust_id?: string
  rogue?: RogueEvent[]
  idsEvent?: WIDSEvent[]
}

export type RogueEvent = {
  /** The rogue access point. */
  rogue_id?: MacAddress
  /** What its numbers mean is not known. */
  classification?: number
  first_seen?: string
  last_seen?: string
  rogue_name?: string
  ssid?: string
  lan_mac?: string
  /** The device that detected it first. */
  first_det_device?: string
  /** The device that detected it last. */
  last_det_device?: string
  /** What its numbers mean is not known. */
  encryption?: number
  port?: string
  containment_status?: string
  /** Manufacturer, by the MAC address. */
  mac_vendor?: string
}

export type WIDSEvent = {
  device_id?: string
  event_number?: number
  event_type?: string
  attack_type?: string
  description?: string
  /** The access point that detected it. */
  detected_ap?: string
  mac_addr?: MacAddress
  radio_band?: string
  level?: string
}

export type MacAddress = {
  /** 6 raw bytes. */
  addr?: BytesText
}
