import type { StreamError } from '../errors.js';
/** What is known of an entry in every state. Times are milliseconds since the epoch. */
export type Progress = {
    /** Binary and text frames received so far. */
    readonly frames: number;
    /** Bytes in them. */
    readonly bytes: number;
    /** When the last frame came; undefined before the first. */
    readonly lastFrameAt: number | undefined;
    /** Connections that were opened again after one was lost. */
    readonly reconnects: number;
    /** Time without a connection after the first one was open, milliseconds; the current gap included once it has ended. */
    readonly gapMs: number;
};
/** The life of one entry's subscription. Whoever shows it (log, table, metrics) reads this and keeps no state beside it. */
export type Status = Progress & ({
    readonly type: 'connecting';
    readonly attempt: number;
} | {
    readonly type: 'open';
    readonly since: number;
    readonly gapMsBefore: number;
} | {
    readonly type: 'retrying';
    readonly since: number;
    readonly attempt: number;
    readonly delayMs: number;
    readonly cause: StreamError;
}
/** Central refused for good: key, topic or address. */
 | {
    readonly type: 'refused';
    readonly at: number;
    readonly cause: StreamError;
}
/** Ended as asked, or (under `--no_reconnect`) by the connection; `cause` where that was a failure. */
 | {
    readonly type: 'ended';
    readonly at: number;
    readonly cause: StreamError | undefined;
});
