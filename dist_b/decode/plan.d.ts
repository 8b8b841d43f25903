import protobuf from 'protobufjs';
import { type PackedText } from './json-writer.js';
import { type Scalar } from './scalars.js';
/** What to do with the value that follows a tag. */
export type Step = {
    /** The field's number. */
    readonly number: number;
    /** The field's name in the record. */
    readonly name: string;
    /** `,"name":`, ready to be written. */
    readonly key: PackedText;
    readonly repeated: boolean;
    /**
     * Whether the value may leave no trace in the record: a zero of a field without presence, as most
     * are in proto3, or a packed list without values.
     */
    readonly fleeting: boolean;
    /** Objects inherit something of this name, as they do `constructor`. */
    readonly inherited: boolean;
    /** Names of the other fields of its oneof, which this one takes the place of. */
    readonly rivals: readonly string[] | undefined;
} & Content;
/** In what form the value comes. Of one shape for all, which is quicker to read. */
type Content = {
    readonly form: 'scalar' | 'packed';
    readonly scalar: Scalar;
    readonly message: undefined;
} | {
    readonly form: 'message' | 'group';
    readonly scalar: undefined;
    readonly message: MessagePlan;
} | {
    readonly form: 'map';
    readonly scalar: undefined;
    readonly message: MessagePlan;
};
/** A message type, ready to be read. */
export declare class MessagePlan {
    #private;
    /** Its name without package. */
    readonly name: string;
    constructor(name: string, compile: () => CompiledPlan);
    /** Made when the type is first met in a frame: most of a schema never is. */
    get compiled(): CompiledPlan;
}
export type CompiledPlan = {
    /**
     * By tag. A list also where numbers are high: it is a hash table to V8 then. A known field with a
     * wire type that does not belong to it is not in here, so it is passed over like an unknown one.
     */
    readonly steps: readonly (Step | undefined)[];
    /** Whether its fields can be written as they come; not so with a map or a oneof. */
    readonly streamable: boolean;
    /** Names of the fields, in the order of their numbers. */
    readonly names: readonly string[];
    readonly numbers: ReadonlySet<number>;
};
/** A scalar that is to take the place of the one for the field's type. */
export type ScalarChoice = (message: string, field: string, type: string) => Scalar | undefined;
/** Compiles message types, each once however often it occurs. */
export declare function createPlanner(choose: ScalarChoice): (type: protobuf.Type) => MessagePlan;
export {};
