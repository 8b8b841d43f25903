/** Text that is JSON already and is written often: four bytes at a time, the last four filled up. */
export type PackedText = {
    readonly words: Int32Array;
    readonly length: number;
};
/** Packs text that a JsonWriter is to write often. */
export declare function packText(json: string): PackedText;
/**
 * Writes JSON text as UTF-8. Texts are written one behind the other into a slab, and none is ever
 * written over: what was taken stays as it is without being copied.
 */
export declare class JsonWriter {
    #private;
    /** Length of the text so far. */
    get length(): number;
    /** Drops what was written since the last text was taken. */
    restart(): void;
    /** The text; another one begins. */
    take(): Uint8Array;
    /** Puts another character in the place of one that was written. */
    replace(index: number, code: number): void;
    /** One ASCII character. */
    byte(code: number): void;
    /** Text that was packed beforehand. */
    packed({ words, length }: PackedText): void;
    /** ASCII text that is JSON already. */
    ascii(json: string): void;
    /** A string of any kind. */
    text(text: string): void;
    /** A number as `JSON.stringify` has it: `-0` as 0; `NaN` and infinities as strings. */
    number(value: number): void;
    /** A signed 32-bit integer. */
    int32(value: number): void;
    /** An unsigned 32-bit integer, given as a signed one. */
    uint32(value: number): void;
    /** A 64-bit integer in quotes, from its halves. */
    int64(low: number, high: number, signed: boolean): void;
    /** A string from its UTF-8 bytes; what is not UTF-8 becomes U+FFFD. */
    string(from: Buffer, start: number, end: number): void;
    /** Bytes as a string in base64. */
    base64(from: Buffer, start: number, end: number): void;
}
