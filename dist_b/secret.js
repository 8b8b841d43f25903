import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
/** A key that cannot print itself by accident: every way to text gives `****`. */
export class Secret {
    #value;
    constructor(value) {
        this.#value = value;
    }
    /** The key itself; for a request header and the input file only. */
    reveal() {
        return this.#value;
    }
    equals(other) {
        return this.#value === other.#value;
    }
    /** First 8 hex digits of the SHA-256: tells one key from another in logs without showing it. */
    get fingerprint() {
        return createHash('sha256').update(this.#value).digest('hex').slice(0, 8);
    }
    toString() {
        return '****';
    }
    toJSON() {
        return '****';
    }
    [inspect.custom]() {
        return '****';
    }
}
