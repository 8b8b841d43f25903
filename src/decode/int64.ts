/**
 * The decimal text of a 64-bit integer given as two 32-bit halves. By arithmetic on doubles: a BigInt
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

/** The digits of an integer with zeros before them; `limit` is the power of ten it is below. */
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
