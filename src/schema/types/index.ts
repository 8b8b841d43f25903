// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { apprf_session } from './apprf.js'
import type { audit_message } from './audit.js'
import type { stream_geofence_notify, stream_location } from './location.js'
import type { MonitoringInformation } from './monitoring.js'
import type { presence_event } from './presence.js'
import type { RapidsStreamingEvent } from './security.js'

/** What a record's `data` is, by topic. */
export type TopicPayloads = {
  apprf: apprf_session
  audit: audit_message
  location: stream_location | stream_geofence_notify
  monitoring: MonitoringInformation
  presence: presence_event
  security: RapidsStreamingEvent
}
