import protobuf from 'protobufjs';
/**
 * Reads a `.proto` file (proto2, proto3 or editions; with or without a package) and all that it
 * imports, into a namespace of its own: topics define the same names, and would clash in one.
 *
 * An import is looked for as written, from the importing file's folder; then by its bare name there;
 * then among Google's well-known types.
 * @throws StreamError `schema-invalid`, with file, line (where one is to blame) and reason
 */
export declare function parseProto(path: string): protobuf.Root;
