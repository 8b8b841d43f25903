/** The topics of Central's streaming service, in alphabetical order. */
export const TOPICS = ['apprf', 'audit', 'location', 'monitoring', 'presence', 'security'];
/** Name of each topic's payload message, without package; `proto/<topic>.proto` defines it. */
export const ROOT_MESSAGES = {
    apprf: 'apprf_session',
    audit: 'audit_message',
    location: 'stream_location',
    monitoring: 'MonitoringInformation',
    presence: 'presence_event',
    security: 'RapidsStreamingEvent',
};
/** Whether a text is one of the topics. */
export function isTopic(text) {
    return TOPICS.includes(text);
}
