import { BASE64 } from './json-bytes.js'

/**
 * Up to this length, making text of character codes is quicker than a call out of JavaScript. Longer text
 * would be a rope of parts, which its user has to flatten.
 */
export const SHORT_LENGTH = 12

/** Short ASCII bytes as text; undefined if one of them is not ASCII. */
export function shortText(bytes: Buffer, start: number, end: number): string | undefined {
  let text = ''
  let at = start
  if (at + 8 <= end) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    const e = bytes[at + 4] as number
    const f = bytes[at + 5] as number
    const g = bytes[at + 6] as number
    const h = bytes[at + 7] as number
    if ((a | b | c | d | e | f | g | h) >= 0x80) return undefined
    text = String.fromCharCode(a, b, c, d, e, f, g, h)
    at += 8
  }
  if (at + 4 <= end) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    if ((a | b | c | d) >= 0x80) return undefined
    text += String.fromCharCode(a, b, c, d)
    at += 4
  }
  for (; at < end; at++) {
    const code = bytes[at] as number
    if (code >= 0x80) return undefined
    text += String.fromCharCode(code)
  }
  return text
}

const DIGITS = BASE64.toString()
/** Two digits of base64 for each value of 12 bits. */
const PAIRS = Array.from({ length: 4096 }, (_, bits) => `${DIGITS[bits >> 6]}${DIGITS[bits & 63]}`)

/** A few bytes in base64, as text. */
export function shortBase64(bytes: Buffer, start: number, end: number): string {
  if (end - start === 6) return addressBase64(bytes, start)
  let text = ''
  let at = start
  for (; at + 3 <= end; at += 3) {
    const bits = ((bytes[at] as number) << 16) | bytes.readUInt16BE(at + 1)
    text += (PAIRS[bits >> 12] as string) + (PAIRS[bits & 4095] as string)
  }
  const left = end - at
  if (left === 1) return `${text}${PAIRS[(bytes[at] as number) << 4]}==`
  if (left === 0) return text
  const bits = bytes.readUInt16BE(at)
  return `${text}${PAIRS[bits >> 4]}${DIGITS[(bits << 2) & 63]}=`
}

/** Six bytes, as a MAC address has: the most frequent by far. */
function addressBase64(bytes: Buffer, at: number): string {
  const upper = threeAt(bytes, at)
  const lower = threeAt(bytes, at + 3)
  return String.fromCharCode(
    BASE64[upper >> 18] as number,
    BASE64[(upper >> 12) & 63] as number,
    BASE64[(upper >> 6) & 63] as number,
    BASE64[upper & 63] as number,
    BASE64[lower >> 18] as number,
    BASE64[(lower >> 12) & 63] as number,
    BASE64[(lower >> 6) & 63] as number,
    BASE64[lower & 63] as number,
  )
}

function threeAt(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  )
}
