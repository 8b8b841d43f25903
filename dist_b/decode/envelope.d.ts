import type protobuf from 'protobufjs';
import type { JsonWriter } from './json-writer.js';
import type { MessagePlan } from './plan.js';
import type { WireReader } from './wire-reader.js';
/**
 * The envelope of a frame, `MsgProto`: where in the frame its five values are. The last one counts
 * where one is sent twice.
 */
export declare class Envelope {
    #private;
    subject: number;
    data: number;
    timestamp: number;
    customer_id: number;
    msp_id: number;
    constructor(plan: MessagePlan, type: protobuf.Type);
    /** Finds the values of the frame that the reader stands at the beginning of. */
    locate(wire: WireReader): void;
    /** Sets the reader to the payload; false where none was sent. */
    openData(wire: WireReader): boolean;
    /** Nanoseconds since the epoch, in decimal. */
    readTimestamp(wire: WireReader): string;
    writeTimestamp(wire: WireReader, out: JsonWriter): void;
    /** @param at where the string is: one of the places above */
    readString(wire: WireReader, at: number): string;
    writeString(wire: WireReader, at: number, out: JsonWriter): void;
}
