// Generated from proto/ by scripts/generate.ts; not to be edited.

import type { AlertStreamingMessage } from './alert-events.js'
import type {
  APInfo,
  APSystemStat,
  IPProbeStat,
  ModemStat,
  PortInfo,
  PortStat,
  RadioInfo,
  RadioStat,
  RoleStat,
  SsidStat,
  TunnelInfo,
  TunnelStat,
  VapInfo,
  VapStat,
  VlanStat,
  WlanInfo,
} from './ap-events.js'
import type { AuditTrail } from './audit-trail-events.js'
import type { StreamClientMessage } from './clients-events.js'
import type { StreamGeofenceMessage as StreamGeofenceMessage_geofence_events } from './geofence-events.js'
import type { StreamGeofenceMessage as StreamGeofenceMessage_geofence_v1alpha1 } from './geofence-v1alpha1.js'
import type { MonitoringInformation } from './gw-events.js'
import type { StreamLocationMessage as StreamLocationMessage_location_events } from './location-events.js'
import type { StreamLocationMessage as StreamLocationMessage_location_v1alpha1 } from './location-v1alpha1.js'
import type { RssiEvent } from './rssi-events.js'
import type { StreamSwitchMessage } from './switch-events.js'
import type { WidsStreamMessage } from './wids.js'

/** What a record's `data` is, by topic. */
export type NewCentralPayloads = {
  'ap-events':
    | APInfo
    | RadioInfo
    | VapInfo
    | PortInfo
    | WlanInfo
    | TunnelInfo
    | APSystemStat
    | RadioStat
    | VapStat
    | PortStat
    | ModemStat
    | TunnelStat
    | IPProbeStat
    | RoleStat
    | SsidStat
    | VlanStat
  'audit-trail-events': AuditTrail
  'location-v1alpha1': StreamLocationMessage_location_v1alpha1
  'location-events': StreamLocationMessage_location_events
  'geofence-v1alpha1': StreamGeofenceMessage_geofence_v1alpha1
  'geofence-events': StreamGeofenceMessage_geofence_events
  'rssi-events': RssiEvent
  wids: WidsStreamMessage
  'gw-events': MonitoringInformation
  'clients-events': StreamClientMessage
  'switch-events': StreamSwitchMessage
  'alert-events': AlertStreamingMessage
}
