import type { JsonWriter } from './json-writer.js';
import type { MessagePlan } from './plan.js';
import { type WireReader } from './wire-reader.js';
/**
 * Writes a message as JSON text straight from the wire, up to the reader's end: the same as
 * `JSON.stringify` makes of what `readMessage` reads.
 *
 * That takes fields in the order of their numbers, each singular one once, which is how every
 * protobuf library writes them. Any other message makes this return false, and the caller goes by way
 * of the object.
 *
 * @param group number of the field whose end is awaited, where the message is a group; else 0
 */
export declare function writeMessage(wire: WireReader, plan: MessagePlan, out: JsonWriter, group: number): boolean;
