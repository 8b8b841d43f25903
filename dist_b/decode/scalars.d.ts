import { type JsonWriter } from './json-writer.js';
import { type WireReader } from './wire-reader.js';
/** How values of one type go from the wire to a record, and from the wire to JSON text. */
export type Scalar = {
    readonly wireType: number;
    /** Whether all 64 bits of a varint belong to the value. */
    readonly wide: boolean;
    /** Reads a value as a record has it. */
    read(wire: WireReader): string | number | boolean;
    /** Reads a value and writes it as JSON. */
    write(wire: WireReader, out: JsonWriter): void;
    /** What a map has where the value was not sent. */
    readonly zero: string | number | boolean;
};
/** The scalar types of protobuf, by their names in `.proto` files. */
export declare const SCALARS: Readonly<Record<string, Scalar>>;
/**
 * An enum: names of its values by their numbers; a number without a name stays one.
 * @param message name of the message that has the field, for reports of such numbers
 * @param field name of the field
 */
export declare function enumScalar(names: ReadonlyMap<number, string>, message: string, field: string): Scalar;
