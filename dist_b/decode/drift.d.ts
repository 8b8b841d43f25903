import type { Topic } from '../schema/topics.js';
import type { MessagePlan } from './plan.js';
/** Something in a frame that the schema does not know. */
export type Drift = {
    readonly topic: Topic;
    /** Name of the message, without package. */
    readonly message: string;
    /** The field's number; or its name, where the field is known and its value is not. */
    readonly field: number | string;
    /** What to tell the user. */
    readonly sentence: string;
};
/**
 * Counts what the schema does not know, and reports each thing once. What a frame brings is held back
 * until the whole frame has proved readable, so that garbage is not taken for news.
 */
export declare class DriftTally {
    #private;
    /** How often each thing was met, by its sentence; at most 100 things. */
    readonly counts: ReadonlyMap<string, number>;
    constructor(topic: Topic, report: (drift: Drift) => void);
    /** A field was passed over: its number is not known, or does not go with this wire type. */
    field(plan: MessagePlan, tag: number): void;
    /** An enum field had a number without a name. */
    enumValue(message: string, field: string, value: number): void;
    /** Forgets what a frame brought that was not read to its end. */
    discard(): void;
    /** Counts what the frame brought, now that it has been read. */
    commit(): void;
}
