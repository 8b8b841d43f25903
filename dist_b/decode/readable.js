import { SCALARS } from './scalars.js';
/** Message and field whose bytes are text of some kind; `*` stands for any message. */
const FIELDS = {
    'mac_address.addr': macText,
    'MacAddress.addr': macText,
    'ip_address.addr': ipText,
    'IpAddress.addr': ipText,
    '*.essid': utf8Text,
    '*.network': utf8Text,
    '*.dest_url_prefix': utf8Text,
    '*.geofence_id': utf8Text,
};
const scalars = new Map(Object.entries(FIELDS).map(([field, toText]) => [field, scalarFor(toText)]));
/**
 * What `--readable` changes: addresses and names in `bytes` fields as text. The field decides what to
 * try, its bytes whether that fits; what does not fit stays base64.
 */
export const readableScalar = (message, field, type) => type === 'bytes' ? (scalars.get(`${message}.${field}`) ?? scalars.get(`*.${field}`)) : undefined;
function scalarFor(toText) {
    const base64 = SCALARS.bytes;
    return {
        ...base64,
        read(wire) {
            const start = wire.pos;
            const text = toText(take(wire));
            if (text !== undefined)
                return text;
            wire.pos = start;
            return base64.read(wire);
        },
        write(wire, out) {
            const start = wire.pos;
            const text = toText(take(wire));
            if (text !== undefined) {
                out.text(text);
                return;
            }
            wire.pos = start;
            base64.write(wire, out);
        },
    };
}
function take(wire) {
    const length = wire.length();
    const start = wire.pos;
    wire.pos = start + length;
    return wire.bytes.subarray(start, wire.pos);
}
/** Six raw bytes, or twelve hex digits in ASCII, which is how `presence` has them. */
function macText(bytes) {
    let digits;
    if (bytes.length === 6)
        digits = bytes.toString('hex');
    else if (bytes.length === 12)
        digits = bytes.toString('latin1').toLowerCase();
    else
        return undefined;
    return /^[0-9a-f]{12}$/.test(digits) ? digits.replace(/..(?=.)/g, '$&:') : undefined;
}
/** By length alone: the numbers of address families differ from topic to topic. */
function ipText(bytes) {
    if (bytes.length === 4)
        return bytes.join('.');
    return bytes.length === 16 ? ipv6Text(bytes) : undefined;
}
/**
 * RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups as
 * `::`. Its section 5 recommends a dotted quad for what a well-known prefix shows to hold an IPv4
 * address; here that is the IPv4-mapped one, `::ffff:192.0.2.1`.
 */
function ipv6Text(bytes) {
    const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
    if (/^(0,){5}ffff,/.test(groups.join()))
        return `::ffff:${bytes.subarray(12).join('.')}`;
    let best = { start: 0, length: 1 };
    for (let start = 0; start < 8; start++) {
        let length = 0;
        while (groups[start + length] === '0')
            length++;
        if (length > best.length)
            best = { start, length };
    }
    if (best.length === 1)
        return groups.join(':');
    const before = groups.slice(0, best.start).join(':');
    return `${before}::${groups.slice(best.start + best.length).join(':')}`;
}
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function utf8Text(bytes) {
    try {
        return utf8.decode(bytes);
    }
    catch {
        return undefined;
    }
}
