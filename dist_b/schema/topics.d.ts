/** The topics of Central's streaming service, in alphabetical order. */
export declare const TOPICS: readonly ['apprf', 'audit', 'location', 'monitoring', 'presence', 'security'];
export type Topic = (typeof TOPICS)[number];
/** Name of each topic's payload message, without package; `proto/<topic>.proto` defines it. */
export declare const ROOT_MESSAGES: Readonly<Record<Topic, string>>;
/** Whether a text is one of the topics. */
export declare function isTopic(text: string): text is Topic;
