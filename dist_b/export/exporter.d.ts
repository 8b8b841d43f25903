import type { StreamMessage } from '../decode/message.js';
import type { StreamError } from '../errors.js';
import type { Logger } from '../log.js';
import type { Topic } from '../schema/topics.js';
/** Where messages go. One of these stands behind each `--export_data`, and behind `--decode_data`. */
export interface Exporter {
    /** As counters and logs show it; never with a user name or password. */
    readonly name: string;
    /** Which form `export` reads first, so that the decoder makes that one at once. */
    readonly needs: 'record' | 'line';
    /**
     * Takes a message over. Returns nothing when it could at once, else a promise: the entry's next
     * message waits for it. Never throws and never rejects: what cannot be delivered is given up
     * through the context.
     */
    export(message: StreamMessage): void | Promise<void>;
    /** Resolves when all that was taken over is delivered or given up. */
    close(): Promise<void>;
    /** SIGHUP: closes and opens again the files it writes. */
    reopen?(): Promise<void>;
}
/** What an exporter counts; it alone changes these. */
export type ExporterCounters = {
    delivered: number;
    retried: number;
    givenUp: number;
    /** Taken over and not yet delivered. */
    waiting: number;
};
/** What an exporter gets from the program. */
export type ExporterContext = {
    readonly log: Logger;
    readonly counters: ExporterCounters;
    /** Topics of the input file at the start; more may come with SIGHUP. */
    readonly topics: readonly Topic[];
    /** Aborts on the first signal: retries go on, but the end is near. */
    readonly stopping: AbortSignal;
    /** Aborts when the 10 s of a shutdown are over: give up what is left, at once. */
    readonly signal: AbortSignal;
    /** Counts a message as given up, logs it and hands it to the dead letter. */
    giveUp(message: StreamMessage, error: StreamError): void;
};
