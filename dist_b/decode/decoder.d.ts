import type { Frame } from '../connection/frame.js';
import type { Schema } from '../schema/load-schema.js';
import { type Drift } from './drift.js';
import type { StreamMessage } from './message.js';
export type DecoderOptions = {
    /** Name of the entry; it stands in every record. */
    readonly customer: string;
    readonly schema: Schema;
    /** MAC and IP addresses and network names as text instead of base64; default: no. */
    readonly readable?: boolean;
    /** Is told once of each thing that the schema does not know. */
    readonly onDrift?: (drift: Drift) => void;
};
export type Decoder = {
    /**
     * Decodes a frame.
     * @param first the form that is made at once; the other one is made when it is asked for
     * @throws StreamError `frame-undecodable`, with offset and reason
     */
    decode(frame: Frame, first: 'record' | 'line'): StreamMessage;
    /** How often each thing was met that the schema does not know, by the sentence that reports it. */
    readonly driftCounts: ReadonlyMap<string, number>;
};
/** Makes the decoder of one entry. */
export declare function createDecoder(options: DecoderOptions): Decoder;
