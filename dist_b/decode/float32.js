/** Exact as doubles. */
const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13];
/** Up to here every integer is a 32-bit float, and beyond it every float is an integer. */
const MAX_EXACT_INTEGER = 2 ** 24;
/**
 * The shortest decimal of at least six digits that reads back to the same 32-bit float: 4.88 for
 * what is 4.880000114440918 as a double. Six, because the reference's decoder starts there; it only
 * shows below 1.2e-38, where floats hold fewer digits (1.4013e-45, not 1e-45).
 *
 * @param value a number that is exactly a 32-bit float
 */
export function shortestFloat32(value) {
    const size = Math.abs(value);
    if (size <= MAX_EXACT_INTEGER && Math.trunc(value) === value)
        return value;
    // Where arithmetic is exact, and wherever a value can lie half-way between two decimals: those
    // below 0.001 are multiples of 2^-14.
    if (size < MAX_EXACT_INTEGER && (size >= 1e-3 || Number.isInteger(size * 2 ** 14))) {
        const decimal = byArithmetic(size);
        return value < 0 ? -decimal : decimal;
    }
    return byText(value);
}
/**
 * Tries 6, 7, 8 and 9 digits. A float has 24 bits, and 10^11 has 26 without its factors of two: the
 * product is exact, and the quotient of two integers below 2^53 is what reading the decimal gives.
 */
function byArithmetic(size) {
    let decimals = 10;
    while (decimals > 0 && size * POWERS_OF_TEN[decimals] >= 1e6)
        decimals--;
    for (const most = decimals + 3; decimals < most; decimals++) {
        const scale = POWERS_OF_TEN[decimals];
        const scaled = size * scale;
        let rounded = Math.round(scaled);
        if (rounded - scaled === 0.5 && rounded % 2 === 1)
            rounded--; // half-way: to even
        if (Math.fround(rounded / scale) === size)
            return rounded / scale;
    }
    const scale = POWERS_OF_TEN[decimals];
    return Math.round(size * scale) / scale;
}
function byText(value) {
    if (!Number.isFinite(value))
        return value;
    for (let digits = 6; digits < 9; digits++) {
        const decimal = Number(value.toPrecision(digits));
        if (Math.fround(decimal) === value)
            return decimal;
    }
    return Number(value.toPrecision(9));
}
