/**
 * The decimal text of a 64-bit integer given as two 32-bit halves. By arithmetic on doubles: a BigInt
 * takes several times as long.
 */
export declare function int64Text(low: number, high: number, signed: boolean): string;
/** An unsigned 64-bit integer without its last six digits; below 2^53. */
export declare function upperDigits(low: number, high: number): number;
/** The last six digits of an unsigned 64-bit integer. */
export declare function lowerDigits(low: number, high: number): number;
