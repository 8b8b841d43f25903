import protobuf from 'protobufjs';
import { packText } from './json-writer.js';
import { enumScalar, SCALARS } from './scalars.js';
import { WIRE } from './wire-reader.js';
/** A message type, ready to be read. */
export class MessagePlan {
    /** Its name without package. */
    name;
    #compile;
    #compiled;
    constructor(name, compile) {
        this.name = name;
        this.#compile = compile;
    }
    /** Made when the type is first met in a frame: most of a schema never is. */
    get compiled() {
        this.#compiled ??= this.#compile();
        return this.#compiled;
    }
}
/** Compiles message types, each once however often it occurs. */
export function createPlanner(choose) {
    const plans = new Map();
    function planOf(type) {
        let plan = plans.get(type);
        if (plan === undefined) {
            plan = new MessagePlan(type.name, () => compile(type));
            plans.set(type, plan);
        }
        return plan;
    }
    function compile(type) {
        const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id);
        const steps = fields.flatMap((field) => stepsOf(type.name, field.resolve()));
        return {
            steps: byTag(steps),
            streamable: steps.every(({ form, rivals }) => form !== 'map' && rivals === undefined),
            names: fields.map(nameOf),
            numbers: new Set(fields.map(({ id }) => id)),
        };
    }
    function stepsOf(message, field) {
        if (field instanceof protobuf.MapField)
            return [mapStep(message, field)];
        const step = stepOf(field, contentOf(message, field));
        const packable = step.form === 'scalar' && step.scalar.wireType !== WIRE.bytes;
        return step.repeated && packable ? [step, { ...step, form: 'packed', fleeting: true }] : [step];
    }
    function contentOf(message, field) {
        const { name, resolvedType, type } = field;
        if (resolvedType instanceof protobuf.Type) {
            // A map's values are never groups, whatever its file says of others.
            const delimited = !field.map && field instanceof protobuf.Field && field.delimited;
            return {
                form: delimited ? 'group' : 'message',
                scalar: undefined,
                message: planOf(resolvedType),
            };
        }
        const scalar = resolvedType instanceof protobuf.Enum
            ? enumScalar(enumNames(resolvedType), message, name)
            : (choose(message, name, type) ?? SCALARS[type]);
        return { form: 'scalar', scalar, message: undefined };
    }
    /** An entry of a map is a message with a key (1) and a value (2). */
    function mapStep(message, field) {
        const key = SCALARS[field.keyType];
        const common = stepOf(field, { form: 'scalar', scalar: key, message: undefined });
        const steps = [
            { ...common, number: 1, name: 'key' },
            { ...common, number: 2, name: 'value', ...contentOf(message, field) },
        ];
        const compiled = {
            steps: byTag(steps),
            streamable: false,
            names: ['key', 'value'],
            numbers: new Set([1, 2]),
        };
        const entry = new MessagePlan(`${message}.${common.name}`, () => compiled);
        return { ...common, form: 'map', scalar: undefined, message: entry };
    }
    return planOf;
}
function byTag(steps) {
    const table = [];
    for (const step of steps)
        table[step.number * 8 + wireTypeOf(step)] = step;
    return table;
}
function wireTypeOf(step) {
    if (step.form === 'scalar')
        return step.scalar.wireType;
    return step.form === 'group' ? WIRE.group : WIRE.bytes;
}
function stepOf(field, content) {
    const name = nameOf(field);
    const rivals = field.partOf?.fieldsArray.filter((other) => other !== field).map(nameOf);
    return {
        number: field.id,
        name,
        key: packText(`,${JSON.stringify(name)}:`),
        repeated: field.repeated,
        fleeting: content.form === 'scalar' && !field.repeated && !field.map && !field.hasPresence,
        inherited: name in Object.prototype,
        rivals: rivals?.length ? rivals : undefined,
        ...content,
    };
}
/** As the JSON mapping has it: extensions in brackets, groups in lower case. */
function nameOf(field) {
    if (field.name.startsWith('.'))
        return `[${field.name.slice(1)}]`;
    return field.resolve().delimited ? field.name.toLowerCase() : field.name;
}
/** Of two names for one number (`allow_alias`), the first counts. */
function enumNames({ values }) {
    const names = Object.entries(values).map(([name, number]) => [number, name]);
    return new Map(names.reverse());
}
