/** One stream of New Central. */
type StreamFacts = {
  /** Path of the stream's URL. */
  readonly path: string
  /** The message that each payload is; undefined where the events have messages of their own. */
  readonly message: string | undefined
  /**
   * The known types of events, without `com.hpe.greenlake.`, each with what its payload holds: a member
   * of the topic's message; the message, where the topic has none for all; null where the payload is the
   * topic's message itself. Empty where Aruba's types are not known.
   */
  readonly events: Readonly<Record<string, string | null>>
}

/** At the start of every event's type. */
export const EVENT_TYPE_PREFIX = 'com.hpe.greenlake.'

/** The streams of New Central; `proto/newcentral/<topic>.proto` defines the messages of each. */
const FACTS = {
  'ap-events': {
    path: '/network-monitoring/v1alpha1/ap-events',
    message: undefined,
    events: {
      ...under('network-monitoring.v1alpha1.aps.state.', {
        device: 'APInfo',
        radio: 'RadioInfo',
        virtual_access_point: 'VapInfo',
        port: 'PortInfo',
        wlan: 'WlanInfo',
        tunnel: 'TunnelInfo',
      }),
      ...under('network-monitoring.v1alpha1.aps.stats.', {
        device: 'APSystemStat',
        radio: 'RadioStat',
        virtual_access_point: 'VapStat',
        port: 'PortStat',
        modem: 'ModemStat',
        tunnel: 'TunnelStat',
        ip_probe: 'IPProbeStat',
        user_role: 'RoleStat',
        ssid: 'SsidStat',
        vlan: 'VlanStat',
      }),
    },
  },
  'audit-trail-events': {
    path: '/network-services/v1alpha1/audit-trail-events',
    message: 'AuditTrail',
    events: under('network-services.v1alpha1.audit-trail.', {
      'device-monitoring': null,
      configuration: null,
      'certificate-management': null,
      'alert-management': null,
      'system-management': null,
      'central-nac': null,
      security: null,
      'firmware-management': null,
      reporting: null,
      troubleshooting: null,
      subscription: null,
      extension: null,
      'configuration-validation': null,
      'configuration-distribution': null,
      'configuration-import': null,
      'configuration-health': null,
      'overlay-tunnel-orchestrator': null,
      'floorplan-manager': null,
      'service-config-bridge': null,
      gcis: null,
    }),
  },
  'location-v1alpha1': {
    path: '/network-services/v1alpha1/location',
    message: 'StreamLocationMessage',
    events: locationEvents('v1alpha1'),
  },
  'location-events': {
    path: '/network-services/v1/location-events',
    message: 'StreamLocationMessage',
    events: locationEvents('v1'),
  },
  'geofence-v1alpha1': {
    path: '/network-services/v1alpha1/geofence',
    message: 'StreamGeofenceMessage',
    events: geofenceEvents('v1alpha1'),
  },
  'geofence-events': {
    path: '/network-services/v1/geofence-events',
    message: 'StreamGeofenceMessage',
    events: geofenceEvents('v1'),
  },
  'rssi-events': {
    path: '/network-services/v1alpha1/rssi-events',
    message: 'RssiEvent',
    events: under('network-services.v1alpha1.rssi.', {
      'raw-rssi': 'raw_rssi',
      'proximity-rssi': 'proximity_rssi',
    }),
  },
  wids: {
    path: '/network-services/v1alpha1/wids',
    message: 'WidsStreamMessage',
    events: under('network-services.v1alpha1.', {
      'wids-rules.detection.created': 'wids_rules_event',
      'wids-signatures.detection.created': 'wids_signatures_event',
    }),
  },
  'gw-events': {
    path: '/network-monitoring/v1/gw-events',
    message: 'MonitoringInformation',
    events: {
      ...under('network-monitoring.v1.gateways.state.', {
        device: 'gateway_state',
        uplink: 'uplink_state',
        vlan: 'vlan_state',
        tunnel: 'tunnel_state',
        interface: 'interface_state',
      }),
      ...under('network-monitoring.v1.gateways.stats.', {
        device: 'device_stats',
        uplink: 'uplink_stats',
        uplink_wan: 'uplink_wan_stats',
        uplink_ip_probe: 'uplink_ip_probe_stats',
        tunnel: 'tunnel_stats',
        interface: 'interface_stats',
      }),
    },
  },
  'clients-events': {
    path: '/network-monitoring/v1/clients-events',
    message: 'StreamClientMessage',
    events: {},
  },
  'switch-events': {
    path: '/network-monitoring/v1/switch-events',
    message: 'StreamSwitchMessage',
    events: {},
  },
  'alert-events': {
    path: '/network-notifications/v1/alert-events',
    message: 'AlertStreamingMessage',
    events: {},
  },
} as const satisfies Readonly<Record<string, StreamFacts>>

export type Topic = keyof typeof FACTS

/** What is known of each topic. */
export const TOPIC_FACTS: Readonly<Record<Topic, StreamFacts>> = FACTS

/** The topics, in the order of the documentation. */
export const TOPICS = Object.keys(FACTS) as readonly Topic[]

/** Whether a text is one of the topics. */
export function isTopic(text: string): text is Topic {
  return Object.hasOwn(FACTS, text)
}

/** The messages that the payloads of a topic can be. */
export function messagesOf(topic: Topic): readonly string[] {
  const { message, events } = TOPIC_FACTS[topic]
  if (message !== undefined) return [message]
  return Object.values(events).filter((name) => name !== null)
}

function locationEvents(version: string): Record<string, string> {
  return under(`network-services.${version}.`, {
    'wifi-client-locations.created': 'wifi_client_location',
    'asset-tags.last-known-location.created': 'asset_tag_location',
  })
}

function geofenceEvents(version: string): Record<string, string> {
  return under(`network-services.${version}.`, {
    'wifi-client-geofence-crossed': 'wifi_client_geofence',
    'asset-tag-geofence-crossed': 'asset_tag_geofence',
  })
}

function under<T>(start: string, ends: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(ends).map(([end, value]) => [start + end, value]))
}
