import type { AnyTopic } from '../service.js'

/** What is known of a topic beside its fields. */
type TopicFacts = {
  /** What it tells, and so what it is for. */
  readonly about: string
  /** When its messages come. */
  readonly cadence: string
  /** A field that the example must have. */
  readonly shows?: string
}

export type ServiceFacts = {
  readonly name: 'Classic Central' | 'New Central'
  readonly credentials: string
  readonly licence: string
}

export const CLASSIC_FACTS: ServiceFacts = {
  name: 'Classic Central',
  credentials: 'wsskey; tick each topic on the Streaming page of Central',
  licence: 'an Advanced licence for each device that is to be seen',
}

export const NEW_CENTRAL_FACTS: ServiceFacts = {
  name: 'New Central',
  credentials: 'client_id and client_secret of an API client',
  licence: 'an Advanced subscription for each device that is to be seen',
}

const UNKNOWN = 'interval not known'
const STATE_AND_STATISTICS = 'state on a change, statistics again and again; interval not known'
const POSITION = 'when a position was computed'

export const FACTS: Readonly<Record<AnyTopic, TopicFacts>> = {
  apprf: {
    about: 'sessions of clients: applications, sites, bytes',
    cadence: 'every 15 minutes, about the past 15 minutes',
  },
  audit: {
    about: 'configuration, firmware and connection events of devices',
    cadence: 'when something happens',
  },
  location: {
    about: 'positions of clients on the floor plan; clients that enter or leave a geofence',
    cadence: POSITION,
  },
  monitoring: {
    about:
      'state of access points, with their names, and of switches, gateways and clients; statistics, with the signal in dB',
    cadence: 'state on a change, statistics about every 5 minutes',
    shows: 'signal_in_db',
  },
  presence: {
    about: 'clients that access points hear, connected or not, with the signal in dBm',
    cadence: 'about every minute for each device',
    shows: 'rssi_val',
  },
  security: {
    about: 'rogue access points and intrusion alarms',
    cadence: 'when something happens',
    shows: 'rogue_id',
  },
  'ap-events': {
    about: 'state and statistics of access points, their radios, ports, networks and tunnels',
    cadence: STATE_AND_STATISTICS,
    shows: 'device_name',
  },
  'audit-trail-events': { about: 'who changed what in Central', cadence: UNKNOWN },
  'location-v1alpha1': {
    about: 'positions of clients and asset tags on the floor plan, the older version',
    cadence: POSITION,
    shows: 'wifi_client_location',
  },
  'location-events': {
    about: 'positions of clients and asset tags on the floor plan',
    cadence: POSITION,
    shows: 'wifi_client_location',
  },
  'geofence-v1alpha1': {
    about: 'clients and asset tags that enter or leave a zone, the older version',
    cadence: UNKNOWN,
    shows: 'wifi_client_geofence',
  },
  'geofence-events': {
    about: 'clients and asset tags that enter or leave a zone',
    cadence: UNKNOWN,
    shows: 'wifi_client_geofence',
  },
  'rssi-events': {
    about: 'how strong access points hear clients, with the name of the access point',
    cadence: UNKNOWN,
  },
  wids: {
    about: 'rogue access points and attacks on the air',
    cadence: UNKNOWN,
    shows: 'rogue_name',
  },
  'gw-events': {
    about: 'state and statistics of gateways, their uplinks, tunnels and interfaces',
    cadence: STATE_AND_STATISTICS,
    shows: 'device_name',
  },
  'clients-events': {
    about: 'state and statistics of clients, wireless and wired',
    cadence: STATE_AND_STATISTICS,
  },
  'switch-events': {
    about: 'state and statistics of switches, their ports, VLANs and stacks',
    cadence: STATE_AND_STATISTICS,
    shows: 'device_name',
  },
  'alert-events': { about: 'alerts of Central', cadence: UNKNOWN },
}
