/** Bounds what a sender can make us remember and log by inventing numbers. */
const MAX_DRIFTS = 100;
/**
 * Counts what the schema does not know, and reports each thing once. What a frame brings is held back
 * until the whole frame has proved readable, so that garbage is not taken for news.
 */
export class DriftTally {
    /** How often each thing was met, by its sentence; at most 100 things. */
    counts;
    #counts = new Map();
    #pending = new Map();
    #topic;
    #report;
    constructor(topic, report) {
        this.#topic = topic;
        this.#report = report;
        this.counts = this.#counts;
    }
    /** A field was passed over: its number is not known, or does not go with this wire type. */
    field(plan, tag) {
        const number = tag >>> 3;
        const fault = plan.compiled.numbers.has(number)
            ? `comes with wire type ${tag & 7}, which the schema does not have`
            : 'is not in the schema';
        this.#meet(plan.name, number, `field ${number} of ${plan.name} ${fault}`);
    }
    /** An enum field had a number without a name. */
    enumValue(message, field, value) {
        this.#meet(message, field, `the value ${value} of ${message}.${field} is not in the schema`);
    }
    /** Forgets what a frame brought that was not read to its end. */
    discard() {
        if (this.#pending.size > 0)
            this.#pending.clear();
    }
    /** Counts what the frame brought, now that it has been read. */
    commit() {
        if (this.#pending.size === 0)
            return;
        for (const [sentence, { drift, times }] of this.#pending) {
            const before = this.#counts.get(sentence);
            if (before === undefined && this.#counts.size >= MAX_DRIFTS)
                continue;
            this.#counts.set(sentence, (before ?? 0) + times);
            if (before === undefined)
                this.#report(drift);
        }
        this.#pending.clear();
    }
    #meet(message, field, what) {
        const sentence = `${this.#topic}: ${what}; download the newer .proto from Central and use --proto_dir`;
        const seen = this.#pending.get(sentence);
        if (seen !== undefined)
            seen.times++;
        else if (this.#pending.size < MAX_DRIFTS)
            this.#pending.set(sentence, {
                drift: { topic: this.#topic, message, field, sentence },
                times: 1,
            });
    }
}
