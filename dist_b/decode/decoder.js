import { StreamError } from '../errors.js';
import { DriftTally } from './drift.js';
import { Envelope } from './envelope.js';
import { JsonWriter, packText } from './json-writer.js';
import { createPlanner } from './plan.js';
import { readableScalar } from './readable.js';
import { writeMessage } from './to-json.js';
import { readMessage } from './to-object.js';
import { WireReader } from './wire-reader.js';
/** Makes the decoder of one entry. */
export function createDecoder(options) {
    const { customer, schema } = options;
    const drift = new DriftTally(schema.topic, options.onDrift ?? (() => undefined));
    const forms = new Forms(options, drift);
    return {
        driftCounts: drift.counts,
        decode(frame, first) {
            if (frame.text) {
                throw new StreamError('frame-undecodable', `${customer}: a text frame of ${frame.bytes.length} bytes came where a binary one was expected`);
            }
            drift.discard();
            const made = first === 'record' ? forms.record(frame.bytes) : forms.line(frame.bytes);
            drift.commit();
            return new DecodedMessage(customer, schema.topic, frame, forms, made);
        },
    };
}
/** Makes record and line of a frame, each from its bytes alone. */
class Forms {
    #customer;
    #drift;
    #wire;
    #envelope;
    #payload;
    #out = new JsonWriter();
    #opening;
    constructor({ customer, schema, readable }, drift) {
        const planOf = createPlanner(readable ? readableScalar : () => undefined);
        this.#customer = customer;
        this.#drift = drift;
        this.#wire = new WireReader(customer, drift);
        this.#envelope = new Envelope(planOf(schema.envelope), schema.envelope);
        this.#payload = planOf(schema.payload);
        this.#opening = packText(`{"customer":${JSON.stringify(customer)},"topic":`);
    }
    record(frame) {
        const { wire, envelope } = this.#open(frame);
        const { subject, customer_id, msp_id } = envelope;
        return {
            customer: this.#customer,
            topic: envelope.readString(wire, subject),
            timestamp: envelope.readTimestamp(wire),
            customer_id: envelope.readString(wire, customer_id),
            data: envelope.openData(wire) ? readMessage(wire, this.#payload, undefined, 0) : {},
            msp_ip: envelope.readString(wire, msp_id),
        };
    }
    line(frame) {
        const { wire, envelope } = this.#open(frame);
        const out = this.#out;
        out.restart();
        out.packed(this.#opening);
        envelope.writeString(wire, envelope.subject, out);
        out.packed(KEYS.timestamp);
        envelope.writeTimestamp(wire, out);
        out.packed(KEYS.customerId);
        envelope.writeString(wire, envelope.customer_id, out);
        out.packed(KEYS.data);
        if (!envelope.openData(wire))
            out.packed(KEYS.noData);
        else if (!writeMessage(wire, this.#payload, out, 0)) {
            this.#drift.discard();
            return Buffer.from(`${JSON.stringify(this.record(frame))}\n`);
        }
        out.packed(KEYS.mspIp);
        envelope.writeString(wire, envelope.msp_id, out);
        out.packed(KEYS.end);
        return out.take();
    }
    timestamp(frame) {
        const { wire, envelope } = this.#open(frame);
        return BigInt(envelope.readTimestamp(wire));
    }
    #open(frame) {
        this.#wire.open(frame);
        this.#envelope.locate(this.#wire);
        return { wire: this.#wire, envelope: this.#envelope };
    }
}
const KEYS = {
    timestamp: packText(',"timestamp":'),
    customerId: packText(',"customer_id":'),
    data: packText(',"data":'),
    noData: packText('{}'),
    mspIp: packText(',"msp_ip":'),
    end: packText('}\n'),
};
class DecodedMessage {
    customer;
    topic;
    receivedAt;
    frame;
    #forms;
    #record;
    #line;
    constructor(customer, topic, { bytes, receivedAt }, forms, made) {
        this.customer = customer;
        this.topic = topic;
        this.receivedAt = receivedAt;
        this.frame = bytes;
        this.#forms = forms;
        if (made instanceof Uint8Array)
            this.#line = made;
        else
            this.#record = made;
    }
    get timestamp() {
        return this.#forms.timestamp(this.frame);
    }
    get record() {
        this.#record ??= this.#forms.record(this.frame);
        return this.#record;
    }
    get line() {
        this.#line ??= this.#forms.line(this.frame);
        return this.#line;
    }
}
