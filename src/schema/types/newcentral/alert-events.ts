// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { TimeText } from '../../value-types.js'

export type AlertStreamingMessage = {
  id?: string
  alert_id?: string
  tenant_id?: string
  tenant_name?: string
  msp_id?: string
  msp_name?: string
  name?: string
  category?: string
  device_type?: string
  /** Vocabulary is not known. */
  severity?: string
  time?: TimeText
  /** Vocabulary is not known. */
  operation?: string
  /** Vocabulary is not known. */
  state?: string
  site_id?: string
  config_scope?: string
  summary?: string
  site_name?: string
  notes?: string
  impacted_entities?: ImpactedEntities
  additional_details?: AdditionalDetail[]
  priority?: string
}

export type ImpactedEntities = {
  device_serial?: string[]
  client_mac?: string[]
}

export type AdditionalDetail = {
  entries?: { [key: string]: string }
}
