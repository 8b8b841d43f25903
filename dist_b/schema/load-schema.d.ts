import protobuf from 'protobufjs';
import { type Topic } from './topics.js';
/** The message types that frames of a topic are made of. */
export type Schema = {
    readonly topic: Topic;
    /** `MsgProto`, which every frame is. */
    readonly envelope: protobuf.Type;
    /** What the envelope's `data` is. */
    readonly payload: protobuf.Type;
    /** Where the payload's schema came from. */
    readonly source: 'shipped' | 'proto_dir';
    /** What the user should know: a file that was asked for and is not there. */
    readonly notes: readonly string[];
};
export type SchemaOptions = {
    /** Folder with `.proto` files that go before the shipped ones, as `--proto_dir` names it. */
    readonly protoDir?: string | undefined;
};
/**
 * Loads the schema of one topic, from `protoDir` where that has it, else the shipped one.
 * @throws StreamError `schema-invalid`
 */
export declare function loadSchema(topic: Topic, { protoDir }?: SchemaOptions): Schema;
