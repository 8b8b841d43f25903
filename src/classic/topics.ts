/** The topics of Central's streaming service, in alphabetical order. */
export const TOPICS = ['apprf', 'audit', 'location', 'monitoring', 'presence', 'security'] as const

export type Topic = (typeof TOPICS)[number]

/** Name of each topic's payload message, without package; `proto/classic/<topic>.proto` defines it. */
export const ROOT_MESSAGES: Readonly<Record<Topic, string>> = {
  apprf: 'apprf_session',
  audit: 'audit_message',
  location: 'stream_location',
  monitoring: 'MonitoringInformation',
  presence: 'presence_event',
  security: 'RapidsStreamingEvent',
}

/** The other message that comes on `location`, when a station enters or leaves a geofence. */
export const GEOFENCE_NOTICE = 'stream_geofence_notify'

/** Whether a text is one of the topics. */
export function isTopic(text: string): text is Topic {
  return (TOPICS as readonly string[]).includes(text)
}
