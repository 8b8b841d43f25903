/** Bytes that a JSON string has unescaped: ASCII without controls, quote and backslash. */
const PLAIN = new Uint8Array(256)
for (let byte = 0x20; byte < 0x80; byte++) PLAIN[byte] = byte === 0x22 || byte === 0x5c ? 0 : 1

/** What JSON has for the other ASCII characters. */
export const ESCAPES = Array.from({ length: 128 }, (_, code) =>
  Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1)),
)

/** The digits of base64. */
export const BASE64 = Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
)

export function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length)
}

/** The high bit of each of four bytes. */
const HIGH_BITS = 0x80808080 | 0

/**
 * Copies bytes of a JSON string up to the first that is not ASCII or needs an escape.
 * @returns how many it copied
 */
export function copyPlain(
  from: DataView,
  start: number,
  end: number,
  to: DataView,
  target: number,
): number {
  let at = start
  let pos = target
  // Four at a time. Subtraction sets the high bit of a byte that is smaller: a control character, or what the
  // XOR has made zero, a quote or a backslash.
  for (; at + 4 <= end; at += 4, pos += 4) {
    const word = from.getInt32(at, true)
    const quote = word ^ 0x22222222
    const backslash = word ^ 0x5c5c5c5c
    const flags = word | (word - 0x20202020) | (quote - 0x01010101) | (backslash - 0x01010101)
    if ((flags & HIGH_BITS) !== 0) break
    to.setInt32(pos, word, true)
  }
  for (; at < end; at++) {
    const byte = from.getUint8(at)
    if (PLAIN[byte] === 0) break
    to.setUint8(pos++, byte)
  }
  return at - start
}

/**
 * Writes bytes in base64.
 * @returns where they end
 */
export function encodeBase64(
  from: Buffer,
  start: number,
  end: number,
  to: Buffer,
  target: number,
): number {
  let pos = target
  let at = start
  for (; at + 2 < end; at += 3) {
    const three =
      ((from[at] as number) << 16) | ((from[at + 1] as number) << 8) | (from[at + 2] as number)
    to[pos++] = BASE64[three >> 18] as number
    to[pos++] = BASE64[(three >> 12) & 63] as number
    to[pos++] = BASE64[(three >> 6) & 63] as number
    to[pos++] = BASE64[three & 63] as number
  }
  if (at < end) {
    const two = ((from[at] as number) << 8) | (at + 1 < end ? (from[at + 1] as number) : 0)
    to[pos++] = BASE64[two >> 10] as number
    to[pos++] = BASE64[(two >> 4) & 63] as number
    to[pos++] = at + 1 < end ? (BASE64[(two << 2) & 63] as number) : 0x3d
    to[pos++] = 0x3d
  }
  return pos
}

/**
 * JSON text that is written often: eight bytes at a time, each eight as a double, the last ones padded. No
 * eight bytes of UTF-8 are NaN, whose bits may change on their way: that takes 0xff at the end, or 0xf0 to 0xff
 * before 0x7f.
 */
export type PackedText = { readonly words: Float64Array; readonly length: number }

export function packText(json: string): PackedText {
  const length = Buffer.byteLength(json)
  const words = new Float64Array(Math.ceil(length / 8))
  Buffer.from(words.buffer).write(json)
  return { words, length }
}
