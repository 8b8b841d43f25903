import type { DriftTally } from './drift.js';
import type { MessagePlan } from './plan.js';
/** Wire types of protobuf: how long a value is, whatever its field means. */
export declare const WIRE: {
    readonly varint: 0;
    readonly fixed64: 1;
    readonly bytes: 2;
    readonly group: 3;
    readonly groupEnd: 4;
    readonly fixed32: 5;
};
/**
 * A cursor over the bytes of one frame. `end` is the end of the message being read: nothing is read
 * past it, so a length that lies is found before anything is done with it.
 *
 * Every fault is a StreamError `frame-undecodable` that names the offset in the frame.
 */
export declare class WireReader {
    #private;
    bytes: Buffer;
    pos: number;
    end: number;
    /** Upper half of the 64-bit value read last; its lower half is what the reader returned. */
    high: number;
    readonly drift: DriftTally;
    /** @param owner name of the entry, for the text of a fault */
    constructor(owner: string, drift: DriftTally);
    /** Starts at the beginning of a frame. */
    open(bytes: Uint8Array): void;
    /** Lets go of the frame. */
    close(): void;
    fail(offset: number, reason: string): never;
    /** A field's number and wire type, as an unsigned 32-bit integer. */
    tag(): number;
    /** A varint's lower 32 bits, signed; the upper 32 are in `high`. */
    varint(): number;
    /** Lower 32 bits of a little-endian 64-bit value, signed; the upper 32 are in `high`. */
    fixed64(): number;
    /** A little-endian 32-bit value, signed. */
    fixed32(): number;
    float(): number;
    double(): number;
    /** The length of what follows; it has been checked to lie within the message. */
    length(): number;
    /** Goes one message or group deeper. */
    enter(): void;
    leave(): void;
    /** Ends what is read where the length that follows says; returns the end to go back to. */
    limit(): number;
    /** Passes over a value that the schema does not know, and notes that. */
    unknown(plan: MessagePlan, tag: number): void;
    /** Passes over the value of a tag: any wire type, groups with all that is in them. */
    skip(tag: number): void;
    /**
     * Passes over a value if it is zero (or empty); leaves the cursor where it was if not.
     * @param wide whether all 64 bits of a varint count, or the lower 32 alone
     */
    skipZero(wireType: number, wide: boolean): boolean;
}
