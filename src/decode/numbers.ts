/**
 * The decimal text of a 64-bit integer given as two 32-bit halves. Uses arithmetic on doubles: a BigInt
 * takes several times as long.
 */
export function int64Text(low: number, high: number, signed: boolean): string {
  if (signed && high < 0) {
    return `-${uint64Text(-low >>> 0, (low === 0 ? -high : ~high) >>> 0)}`
  }
  return uint64Text(low >>> 0, high >>> 0)
}

function uint64Text(low: number, high: number): string {
  if (high === 0 && low < 2 ** 31) return String(low)
  if (high < 0x20_0000) {
    const value = high * 2 ** 32 + low // below 2^53
    const upper = Math.floor(value / 1e9)
    return String(upper) + padded(value - upper * 1e9, 1e9)
  }
  const value = upperDigits(low, high)
  const upper = Math.floor(value / 1e9)
  return String(upper) + padded(value - upper * 1e9, 1e9) + padded(lowerDigits(low, high), 1e6)
}

/** The digits of an integer, padded with zeros; `limit` is the power of ten it is below. */
function padded(value: number, limit: number): string {
  // Small integers become text several times as fast as other numbers.
  return String((value + limit) | 0).slice(1)
}

/** An unsigned 64-bit integer without its last six digits; below 2^53. */
export function upperDigits(low: number, high: number): number {
  const quotient = Math.floor(high / 1e6)
  // The remainder is below 2^20, so what is divided here is below 2^52.
  return quotient * 2 ** 32 + Math.floor(((high - quotient * 1e6) * 2 ** 32 + low) / 1e6)
}

/** The last six digits of an unsigned 64-bit integer. */
export function lowerDigits(low: number, high: number): number {
  return ((high % 1e6) * 2 ** 32 + low) % 1e6
}

/** Exact as doubles. */
const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13]

/** Up to here every integer is a 32-bit float, and beyond it every float is an integer. */
const MAX_EXACT_INTEGER = 2 ** 24

/**
 * The shortest decimal of at least six digits that reads back to the same 32-bit float: 4.88 for
 * 4.880000114440918. Six digits, because the reference's decoder starts there; this only matters below
 * 1.2e-38, where floats hold fewer digits (1.4013e-45, not 1e-45).
 *
 * @param value a number that is exactly a 32-bit float
 */
export function shortestFloat32(value: number): number {
  const size = Math.abs(value)
  if (size <= MAX_EXACT_INTEGER && Math.trunc(value) === value) return value
  // Where arithmetic is exact, and wherever a value can lie half-way between two decimals: those
  // below 0.001 are multiples of 2^-14.
  if (size < MAX_EXACT_INTEGER && (size >= 1e-3 || Number.isInteger(size * 2 ** 14))) {
    const decimal = byArithmetic(size)
    return value < 0 ? -decimal : decimal
  }
  return byText(value)
}

/**
 * Tries 6, 7, 8 and 9 digits. A float has 24 bits, and 10^11 has 26 without its factors of two: the
 * product is exact, and the quotient of two integers below 2^53 is what reading the decimal gives.
 */
function byArithmetic(size: number): number {
  let decimals = 10
  while (decimals > 0 && size * (POWERS_OF_TEN[decimals] as number) >= 1e6) decimals--
  for (const most = decimals + 3; decimals < most; decimals++) {
    const scale = POWERS_OF_TEN[decimals] as number
    const scaled = size * scale
    let rounded = Math.round(scaled)
    if (rounded - scaled === 0.5 && rounded % 2 === 1) rounded-- // half-way: to even
    if (Math.fround(rounded / scale) === size) return rounded / scale
  }
  const scale = POWERS_OF_TEN[decimals] as number
  return Math.round(size * scale) / scale
}

function byText(value: number): number {
  if (!Number.isFinite(value)) return value
  for (let digits = 6; digits < 9; digits++) {
    const decimal = Number(value.toPrecision(digits))
    if (Math.fround(decimal) === value) return decimal
  }
  return Number(value.toPrecision(9))
}
