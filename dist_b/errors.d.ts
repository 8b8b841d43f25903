/**
 * What each failure means for the program: its exit code, and whether trying again can help.
 * This is the only place that says so.
 */
export declare const FAILURES: {
    /** The command line is wrong. */
    readonly usage: {
        readonly exitCode: 2;
        readonly retry: false;
    };
    /** The input file is missing, not readable or wrong. */
    readonly 'input-invalid': {
        readonly exitCode: 2;
        readonly retry: false;
    };
    /** A `.proto` file does not parse or lacks its root message. */
    readonly 'schema-invalid': {
        readonly exitCode: 2;
        readonly retry: false;
    };
    /** An exporter, recording or dead letter cannot be opened. */
    readonly 'exporter-unusable': {
        readonly exitCode: 2;
        readonly retry: false;
    };
    /** Central answered 401 or 403 to the validation of a key, or 401 twice on the socket. */
    readonly 'key-refused': {
        readonly exitCode: 3;
        readonly retry: false;
    };
    /** Handshake answered 401; "Keys, 4" of the contract decides what follows. */
    readonly unauthorized: {
        readonly exitCode: 3;
        readonly retry: false;
    };
    /** Handshake answered 400 with `Unsubscribed Topic`. */
    readonly 'topic-unsubscribed': {
        readonly exitCode: 3;
        readonly retry: false;
    };
    /** Handshake answered 3xx; following it would carry the key elsewhere. */
    readonly redirected: {
        readonly exitCode: 3;
        readonly retry: false;
    };
    /** Handshake answered 403, 404, another 4xx, or a 2xx that is no upgrade. */
    readonly refused: {
        readonly exitCode: 3;
        readonly retry: false;
    };
    /** Answered 408, 429 or 5xx. */
    readonly unavailable: {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** A proxy between here and Central refused or failed. */
    readonly 'proxy-failed': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** DNS or TCP fault. */
    readonly unreachable: {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** No answer in time. */
    readonly 'timed-out': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** Certificate not trusted, expired, or for another name. */
    readonly 'certificate-untrusted': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** An answer that is not what Central is known to send. */
    readonly 'answer-invalid': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** The socket was closed by the server or cut. */
    readonly 'connection-lost': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** Neither frame nor pong for 60 s. */
    readonly 'connection-silent': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** A frame over 64 MiB. */
    readonly 'frame-too-large': {
        readonly exitCode: 1;
        readonly retry: true;
    };
    /** A frame that is no valid protobuf of its topic. */
    readonly 'frame-undecodable': {
        readonly exitCode: 1;
        readonly retry: false;
    };
    /** A message that an exporter gave up. */
    readonly 'export-failed': {
        readonly exitCode: 1;
        readonly retry: false;
    };
};
export type FailureCode = keyof typeof FAILURES;
export type StreamErrorOptions = {
    /** The original error. Never one that could quote a key. */
    cause?: unknown;
    /** What the server asked to wait at least before another try, milliseconds. */
    retryAfterMs?: number;
    /** HTTP status or WebSocket close code, where there was one. */
    status?: number;
};
/** The one error class of the program; `code` is stable and says what kind of failure it is. */
export declare class StreamError extends Error {
    readonly name = "StreamError";
    readonly code: FailureCode;
    readonly retryAfterMs: number | undefined;
    readonly status: number | undefined;
    constructor(code: FailureCode, message: string, options?: StreamErrorOptions);
    get exitCode(): 1 | 2 | 3;
    get retry(): boolean;
}
