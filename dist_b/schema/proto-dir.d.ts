/**
 * Finds the file of a folder that defines a message; what counts is the message, since a browser
 * saves `monitoring.proto` as `monitoring (1).proto` too. Of several, the one whose name is right.
 *
 * @param name the file's name as it should be, without `.proto`
 * @param message the message it should define, without package
 * @returns the file's path, or undefined where the folder has none. A file of the right name that
 *   lacks the message is returned as well: its reader says what is wrong with it.
 * @throws StreamError `schema-invalid` where the folder cannot be read, has no `.proto` file at all,
 *   or has several for the message and none of them has the right name
 */
export declare function findProto(dir: string, name: string, message: string): string | undefined;
