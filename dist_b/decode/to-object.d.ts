import type { JsonValue } from './message.js';
import type { MessagePlan } from './plan.js';
import { type WireReader } from './wire-reader.js';
type JsonObject = {
    [name: string]: JsonValue;
};
/**
 * Reads a message up to the reader's end, as a plain object: only fields that were sent, in the order
 * of their numbers.
 *
 * @param into the object to merge into, where the same field came before
 * @param group number of the field whose end is awaited, where the message is a group; else 0
 */
export declare function readMessage(wire: WireReader, plan: MessagePlan, into: JsonObject | undefined, group: number): JsonObject;
export {};
