// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { Int64Text, JsonStruct } from '../../value-types.js'

export type AuditTrail = {
  tenant_id?: string
  /** Unit: ms since the epoch. */
  occurred_on?: Int64Text
  action?: string
  category?: string
  sub_category?: string
  destination?: string
  destination_name?: string
  scope_info?: ScopeInfo
  ip_address?: string
  description?: string
  source?: string
  service_name?: string
  log_details?: LogDetails
  additional_info?: string
}

export type ScopeInfo = {
  scope_type?: string
  scope_ids?: string[]
}

export type LogDetails = {
  changed_fields?: ChangedField[]
  impact_radius?: ImpactRadius[]
  changed_json?: ChangedJSON
}

export type ChangedField = {
  field_label_key?: string
  before_transaction?: string[]
  after_transaction?: string[]
}

export type ImpactRadius = {
  context?: string
  values?: string[]
}

export type ChangedJSON = {
  before_transaction?: JsonStruct
  after_transaction?: JsonStruct
}
