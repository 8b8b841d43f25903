/** Where a cluster of Central is reached: the base URL from its Streaming page, reduced to what matters. */
export type Host = {
    /** `host` or `host:port`, as a URL spells it. */
    readonly authority: string;
    /** TLS; plain text is accepted for loopback hosts only. */
    readonly secure: boolean;
};
/**
 * Reads a host as users have it: `host`, `host:port`, `[::1]:8443`, or a pasted URL such as
 * `wss://host/streaming/api`, whose path is dropped.
 * @throws StreamError `usage`, which says what was expected and what came
 */
export declare function parseHost(text: string): Host;
/** `wss://HOST/streaming/api`, where the topics are subscribed. */
export declare function socketUrl(host: Host): string;
/** `https://HOST/streaming/token/validate`, where a key is validated. */
export declare function validateUrl(host: Host): string;
