import { inspect } from 'node:util';
/** A key that cannot print itself by accident: every way to text gives `****`. */
export declare class Secret {
    #private;
    constructor(value: string);
    /** The key itself; for a request header and the input file only. */
    reveal(): string;
    equals(other: Secret): boolean;
    /** First 8 hex digits of the SHA-256: tells one key from another in logs without showing it. */
    get fingerprint(): string;
    toString(): string;
    toJSON(): string;
    [inspect.custom](): string;
}
